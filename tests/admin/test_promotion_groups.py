"""Promotions for groups of customers, said in the form and shown where both are."""

from __future__ import annotations

from flask import Flask

from app.groups.service import GroupService
from app.promotions.service import PromotionService
from app.web.registry import service
from tests.admin.test_promotion_admin import entries, form_of, make, only, send
from tests.support.catalog import CatalogMaker
from tests.support.shopper import soup
from tests.support.staff import Staff


def test_a_promotion_is_for_groups(app: Flask, owner: Staff, catalog: CatalogMaker) -> None:
    catalog.mug()
    groups = service(GroupService, app)
    for code, name in (("trade", "Trade"), ("press", "The press")):
        groups.create(code, name)
    groups.add("trade", ["ann@example.com"])
    assert make(owner, "percentage", groups=["trade", "nobody"]).status_code == 422
    assert service(PromotionService, app).report() == []
    answer = make(owner, "percentage", groups=["trade"], name="For trade")
    assert answer.status_code == 303
    made = only(app)
    assert made.conditions.groups == ("trade",)
    after = entries(app, made.id)[0].changes[0].after
    assert after is not None
    assert after["conditions"]["groups"] == ["trade"]
    path = f"/admin/promotions/{made.id}"
    page = owner.get(path)
    ticks = soup(page).select("input[name=groups]")
    assert {str(each["value"]): each.has_attr("checked") for each in ticks} == {
        "trade": True,
        "press": False,
    }
    assert "for Trade" in owner.get("/admin/promotions").text
    assert "For trade" in owner.get("/admin/groups/trade").text
    assert "For trade" not in owner.get("/admin/groups/press").text
    form = {**form_of(page, made.id), "active": "y"}
    trial = {"trial_lines": "MUG", "trial_market": "US", "groups": ["trade"]}
    for email, word in (("ann@example.com", "used"), ("bob@example.com", "not used")):
        tried = send(owner, "/admin/promotions/trial", {**form, **trial, "trial_email": email})
        found = soup(tried).select_one("#trial [role=status] p span")
        assert found is not None
        assert found.text == word
    theirs = send(owner, path, {**form, "groups": ["trade"], "name": "Theirs"})
    assert theirs.status_code == 303
    clash = send(owner, path, {**form, "groups": ["trade", "press"]})
    assert clash.status_code == 409
    cells = [cell.text for cell in soup(clash).select("#problems tbody td")]
    assert cells == ["Theirs", "For trade", "trade", "trade, press"]
    groups.delete("trade")
    gone = send(owner, path, {**form_of(clash, made.id), "active": "y", "groups": ["trade"]})
    assert gone.status_code == 422
    assert "Not in the shop: trade" in gone.text
    assert soup(gone).select_one("input[name=groups][value=trade][checked]") is not None
    assert only(app).conditions.groups == ("trade",)
