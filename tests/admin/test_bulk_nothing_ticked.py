"""A form over many things that is sent with nothing ticked: said, and what was typed stays."""

from __future__ import annotations

from typing import Any

import pytest
from bs4 import Tag
from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditFilter
from app.audit_log.service import AuditLog
from app.groups.service import GroupService
from app.reviews.models import Draft
from app.reviews.service import ReviewService
from app.shared.ids import AccountId
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.forms import sent_by
from tests.support.member import make_proven
from tests.support.people import work
from tests.support.reviews import Buyers
from tests.support.shopper import soup
from tests.support.staff import Staff


def _form(answer: TestResponse, path: str) -> dict[str, Any]:
    """What a browser sends of a list's form of which nothing is ticked."""
    form = soup(answer).select_one(f'form[action="{path}"]')
    assert form is not None, answer.text
    return sent_by(form)


def _chosen(answer: TestResponse, selector: str) -> str:
    found = soup(answer).select_one(selector)
    assert isinstance(found, Tag), answer.text
    return str(found["value"])


def _is_told(app: Flask, answer: TestResponse, words: str) -> None:
    assert answer.status_code == 422
    problem = soup(answer).select_one("#bulk-problem")
    assert problem is not None
    assert words in problem.text
    assert soup(answer).select_one(str(problem["href"])) is not None
    assert service(AuditLog, app).list(AuditFilter(), 5) == []


@pytest.fixture
def mugs(catalog: CatalogMaker) -> None:
    catalog.add(
        make_product("Clay mug", make_variant("MUG"), vendor="Halden"),
        make_product("Bowl", make_variant("BOWL"), vendor="Norr"),
        stock=3,
    )


@pytest.mark.usefixtures("mugs")
@pytest.mark.parametrize("gone", [{}, {"ids": "prd_00000000000000000000000000"}])
def test_products(app: Flask, owner: Staff, gone: dict[str, str]) -> None:
    form = _form(owner.get("/admin/products?vendor=Halden&sort=title"), "/admin/products/bulk")
    form |= {"action": "add_tag", "value": "spring sale", **gone}
    answer = owner.post("/admin/products/bulk", {**form, "action": "" if gone else "add_tag"})
    _is_told(app, answer, "Please choose what to do." if gone else "Please tick the products")
    assert _chosen(answer, "#bulk-value") == "spring sale"
    assert gone or _chosen(answer, "#bulk-action option[selected]") == "add_tag"
    titles = [each.text for each in soup(answer).select(".product-list tbody th a")]
    assert titles == ["Clay mug"], "the list as it was narrowed"
    assert _form(answer, "/admin/products/bulk")["back"] == form["back"]


@pytest.mark.usefixtures("mugs")
def test_stock(app: Flask, owner: Staff) -> None:
    form = _form(owner.get("/admin/inventory?q=MUG"), "/admin/inventory/bulk")
    form |= {"action": "threshold", "threshold": "25"}
    answer = owner.post("/admin/inventory/bulk", form)
    _is_told(app, answer, "Please choose at least one SKU.")
    assert _chosen(answer, "#bulk-threshold") == "25"
    assert [each["value"] for each in soup(answer).select("[name=sku]")] == ["MUG"]
    wrong = owner.post("/admin/inventory/bulk", {**form, "sku": "MUG", "threshold": "many"})
    _is_told(app, wrong, "“many” is not a whole number")
    assert _chosen(wrong, "#bulk-threshold") == "many"
    assert _chosen(wrong, "[name=sku][checked]") == "MUG"


def test_reviews(app: Flask, owner: Staff, catalog: CatalogMaker) -> None:
    mug = make_product("Dune Mug", make_variant("MUG"))
    catalog.add(mug)
    account_id, reviews = AccountId("acc_ann"), service(ReviewService, app)
    Buyers(app).order(mug.id, account_id)
    draft = Draft(stars=4, title="Said by Ann", text="Holds tea.", name="Ann")
    reviews.write(reviews.right_of_account(account_id, "Ann", mug.id), draft)
    form = _form(owner.get("/admin/reviews?stars=4"), "/admin/reviews/decision")
    form |= {"action": "refuse", "reason": "It is about the parcel"}
    answer = owner.post("/admin/reviews/decision", form)
    _is_told(app, answer, "Please choose reviews first.")
    assert _chosen(answer, "#bulk-reason") == "It is about the parcel"
    assert _form(answer, "/admin/reviews/decision")["back"] == ["/admin/reviews?stars=4"]


def test_customers(app: Flask, owner: Staff) -> None:
    make_proven(app, "ann@example.com")
    work(app)
    for code in ("a-first", "vip"):
        service(GroupService, app).create(code, code)
    form = _form(owner.get("/admin/customers?sort=orders"), "/admin/customers/group")
    answer = owner.post("/admin/customers/group", {**form, "code": "vip"})
    _is_told(app, answer, "Please choose customers first.")
    assert _chosen(answer, "#bulk-group option[selected]") == "vip"
    assert _form(answer, "/admin/customers/group")["back"] == ["/admin/customers?sort=orders"]
