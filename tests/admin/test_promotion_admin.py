"""Promotions in the panel: every kind made, changed and tried, and none lost or doubled."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.audit_log.models import AuditEntry, AuditFilter
from app.audit_log.service import AuditLog
from app.db.database import Database
from app.promotions.kinds import (
    BundleSet,
    BuyGet,
    FixedAmount,
    FreeShipping,
    Part,
    Percentage,
    Scope,
    Stacking,
)
from app.promotions.models import Promotion
from app.promotions.service import PromotionService
from app.shared.clock import now
from app.web.registry import service
from tests.admin.test_stock_admin import form_of
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.promotions import PromotionMaker, enter
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

KINDS = ("percentage", "fixed", "free_shipping", "buy_get", "bundle")
GIVES: dict[str, dict[str, object]] = {
    "percentage": {"share": "12.5"},
    "fixed": {"amount_US": "5.00", "amount_IN": "400"},
    "free_shipping": {"methods": ["standard"]},
    "buy_get": {"buy": "2", "get": "1", "share": "50", "times": "3", "get_skus": "MUG"},
    "bundle": {"parts": "MUG x 2", "pricing": "price", "price_US": "30"},
}
MEANT = {
    "percentage": Percentage(basis_points=1250),
    "fixed": FixedAmount(amounts={"US": 500, "IN": 40000}),
    "free_shipping": FreeShipping(methods=("standard",)),
    "buy_get": BuyGet(buy=2, get=1, basis_points=5000, times=3, get_scope=Scope(skus=("MUG",))),
    "bundle": BundleSet(parts=(Part(sku="MUG", quantity=2),), prices={"US": 3000}),
}


@pytest.fixture
def promotions(app: Flask) -> PromotionMaker:
    return PromotionMaker(app)


@pytest.fixture(autouse=True)
def mug(catalog: CatalogMaker) -> None:
    catalog.mug(stock=50)


def entries(app: Flask, promotion_id: str) -> list[AuditEntry]:
    return service(AuditLog, app).list(AuditFilter(subject=f"promotion:{promotion_id}"), 100)


def new_form(owner: Staff, kind: str, **filled: object) -> dict[str, object]:
    form: dict[str, object] = dict(
        form_of(owner.get(f"/admin/promotions/new?kind={kind}"), "/promotions/new")
    )
    ticked = {"markets": [], "methods": []}
    return {
        **form,
        **ticked,
        "name": "Spring",
        "active": "y",
        "how": "code",
        **GIVES[kind],
        **filled,
    }


def send(owner: Staff, path: str, form: dict[str, object]) -> TestResponse:
    return owner.client.post(path, data=form)


def make(owner: Staff, kind: str, **filled: object) -> TestResponse:
    return send(owner, "/admin/promotions/new", new_form(owner, kind, **filled))


def only(app: Flask) -> Promotion:
    (report,) = service(PromotionService, app).report()
    return report.promotion


# --- making and changing --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_made_as_the_form_says(app: Flask, owner: Staff, kind: str) -> None:
    form = new_form(
        owner, kind, code="spring", starts_at="2026-01-01T00:00", ends_at="2099-12-31T18:30",
        subtotal_US="20", minimum_quantity="2", markets=["US", "IN"], first_order="y",
        emails="Ann@Example.com", limit_total="100", limit_per_customer="2", priority="7",
        stacking="exclusive", scope_skus="MUG", scope_vendors="Halden\nOther",
    )  # fmt: skip
    answer = send(owner, "/admin/promotions/new", form)
    assert answer.status_code == 303
    made = only(app)
    assert made.benefit == MEANT[kind]
    assert made.scope == Scope(skus=("MUG",), vendors=("Halden", "Other"))
    conditions = made.conditions
    assert conditions.minimum_subtotal == {"US": 2000}
    assert (conditions.minimum_quantity, conditions.first_order) == (2, True)
    assert (conditions.markets, conditions.emails) == (("US", "IN"), ("ann@example.com",))
    assert made.ends_at == datetime(2099, 12, 31, 18, 30, tzinfo=UTC)
    assert (made.limit_total, made.limit_per_customer, made.priority) == (100, 2, 7)
    assert made.stacking is Stacking.EXCLUSIVE
    assert service(Database, app)["coupon_codes"].find_one({"_id": "SPRING"}) is not None
    (entry,) = entries(app, made.id)
    assert entry.changes[0].before is None
    assert entry.changes[0].after is not None
    assert send(owner, "/admin/promotions/new", form).status_code == 303
    assert only(app) == made
    assert len(entries(app, made.id)) == 1


def test_a_way_of_shipping_that_no_market_has_any_more_stays_ticked(
    app: Flask, owner: Staff, promotions: PromotionMaker
) -> None:
    made = promotions.add("SHIP", benefit=FreeShipping(methods=("gone",)))
    page = owner.get(f"/admin/promotions/{made.id}")
    ticked = soup(page).select("input[name=methods][checked]")
    form = {**form_of(page, made.id), "active": "y", "methods": [each["value"] for each in ticked]}
    assert send(owner, f"/admin/promotions/{made.id}", form).status_code == 303
    assert only(app).benefit == made.benefit  # with none ticked all would be free


@pytest.mark.parametrize("kind", KINDS)
def test_a_promotion_saved_as_it_is_shown_stays_what_it_is(
    app: Flask, owner: Staff, kind: str
) -> None:
    last = {"ends_at": "2031-12-31T23:59:59"}
    make(owner, kind, code="SPRING", subtotal_IN="999.50", markets=["DE"], scope_tags="new", **last)
    made = only(app)
    path = f"/admin/promotions/{made.id}"
    page = owner.get(path)
    form = {**form_of(page, made.id), "active": "y", "markets": ["DE"]}
    if kind == "free_shipping":
        form["methods"] = ["standard"]
    if kind == "bundle":
        form["pricing"] = "price"
    assert send(owner, path, {**form, "name": "Autumn"}).status_code == 303
    after = only(app)
    assert (after.name, after.revision) == ("Autumn", 2)
    assert after.ends_at == datetime(2031, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert (after.benefit, after.scope, after.conditions) == (
        made.benefit, made.scope, made.conditions,
    )  # fmt: skip
    change = entries(app, made.id)[0].changes[0]
    assert change.before is not None
    assert change.after is not None
    assert (change.before["name"], change.after["name"]) == ("Spring", "Autumn")


def test_a_promotion_whose_id_somebody_chose_is_saved_and_tried(
    app: Flask, owner: Staff, promotions: PromotionMaker
) -> None:
    promotions.add(id="prm_demo_spring")
    path = "/admin/promotions/prm_demo_spring"
    form = {**form_of(owner.get(path), "prm_demo_spring"), "active": "y", "share": "20"}
    trial = {**form, "trial_lines": "MUG", "trial_market": "US"}
    assert send(owner, "/admin/promotions/trial", trial).status_code == 200
    assert send(owner, path, form).status_code == 303
    assert only(app).benefit == Percentage(basis_points=2000)


@pytest.mark.parametrize(
    ("kind", "filled", "told"),
    [
        ("percentage", {"ends_at": "2031-02-31T10:00"}, "a day and time"),
        ("percentage", {"ends_at": "2031-01-01T10:00+05:30"}, "a day and time"),
        ("percentage", {"share": "101"}, "Per cent from 0.01 to 100"),
        ("percentage", {"share": ""}, "Per cent off: please fill this in."),
        ("percentage", {"name": " "}, "has a name"),
        ("percentage", {"ends_at": "2020-01-01T00:00"}, "end before it begins"),
        ("percentage", {"ends_at": "tomorrow"}, "a day and time"),
        ("percentage", {"limit_total": "0"}, "Orders in all: please enter 1 to"),
        ("percentage", {"emails": "nobody"}, "valid e-mail"),
        ("percentage", {"scope_skus": "NOPE"}, "Not in the shop: NOPE"),
        ("percentage", {"scope_products": "nope"}, "Not in the shop: nope"),
        ("percentage", {"scope_collections": "nope"}, "Not in the shop: nope"),
        ("percentage", {"code": "a"}, "cannot be a code"),
        ("fixed", {"amount_US": "", "amount_IN": ""}, "amount of one market"),
        ("fixed", {"amount_US": "5.005"}, "not an exact amount of USD"),
        ("fixed", {"amount_US": "-5"}, "above nothing"),
        ("buy_get", {"buy": "0"}, "Buy: please enter 1 to 1000."),
        ("buy_get", {"get_skus": "NOPE"}, "Not in the shop: NOPE"),
        ("bundle", {"parts": ""}, "name the SKUs"),
        ("bundle", {"parts": "MUG\nMUG"}, "stands there twice"),
        ("bundle", {"parts": "NOPE x 2"}, "Not in the shop: NOPE"),
        ("bundle", {"price_US": ""}, "price of one market"),
        ("bundle", {"pricing": "share"}, "Per cent off: please fill this in."),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(
    app: Flask, owner: Staff, kind: str, filled: dict[str, object], told: str
) -> None:
    answer = make(owner, kind, **{"emails": "kept@example.com", **filled})
    assert answer.status_code == 422
    assert told in answer.text
    problems = soup(answer).select_one("#problems")
    assert problems is not None
    for link in problems.select("a"):
        assert soup(answer).select_one(str(link["href"])) is not None, link
    for typed in filter(None, map(str, filled.values())):
        assert typed.splitlines()[0] in answer.text
    assert service(PromotionService, app).report() == []


def test_a_taken_code_stops_the_whole_promotion(
    app: Flask, owner: Staff, promotions: PromotionMaker
) -> None:
    promotions.add("SPRING")
    answer = make(owner, "percentage", code="spring")
    assert answer.status_code == 422
    assert "There is a code SPRING already" in answer.text
    assert len(service(PromotionService, app).report()) == 1


def test_of_two_who_change_one_the_second_sees_both_and_may_save_again(
    app: Flask, owner: Staff, promotions: PromotionMaker
) -> None:
    made = promotions.add("SPRING", name="Spring")
    path = f"/admin/promotions/{made.id}"
    form = {**form_of(owner.get(path), made.id), "active": "y"}
    assert send(owner, path, {**form, "name": "Theirs", "share": "15"}).status_code == 303
    answer = send(owner, path, {**form, "name": "Mine", "limit_total": "5"})
    assert answer.status_code == 409
    cells = [cell.text for cell in soup(answer).select("#problems tbody td")]
    assert cells == ["Theirs", "Mine", "–", "5", "15", "10"]
    assert only(app).name == "Theirs"
    again = {**form_of(answer, made.id), "active": "y"}
    assert (again["name"], again["limit_total"]) == ("Mine", "5")
    assert send(owner, path, again).status_code == 303
    assert (only(app).name, only(app).limit_total) == ("Mine", 5)
    assert send(owner, path, again).status_code == 303  # a double click is no conflict
    assert len(entries(app, made.id)) == 2


def test_switching_and_switching_many(app: Flask, owner: Staff, promotions: PromotionMaker) -> None:
    made = [promotions.add(f"CODE{number}") for number in range(3)]
    for _ in range(2):
        answer = owner.post(f"/admin/promotions/{made[0].id}/state", {"active": "off"})
        assert answer.status_code == 303
    assert len(entries(app, made[0].id)) == 1
    chosen = [each.id for each in made]
    assert (
        owner.post("/admin/promotions/bulk", {"promotion": chosen, "active": "off"}).status_code
        == 303
    )
    known = service(PromotionService, app)
    assert [known.get(each).active for each in chosen] == [False, False, False]
    assert len(entries(app, made[0].id)) == 1
    assert len(entries(app, made[2].id)) == 1
    assert owner.post("/admin/promotions/bulk", {"active": "off"}).status_code == 422


# --- deleting -------------------------------------------------------------------------------------


def test_an_unused_promotion_is_deleted_and_brought_back_with_its_codes(
    app: Flask, owner: Staff, promotions: PromotionMaker, database: Database
) -> None:
    made = promotions.add("SPRING", name="Spring", limit_total=5)
    codes = promotions.make_codes(made, 3, name="fair")
    promotions.coupons.switch_code(made.id, codes[0], active=False)
    page = owner.follow(
        owner.post(f"/admin/promotions/{made.id}/deletion", {"revision": str(made.revision)})
    )
    assert "Deleted: Spring." in page.text
    assert promotions.service.find(made.id) is None
    assert database["coupon_codes"].count_documents({}) == 0
    undo = soup(page).select_one("form.undo")
    assert undo is not None
    assert owner.post(str(undo["action"]), {}).status_code == 303
    assert promotions.service.get(made.id) == made
    known = {each.code: each.active for each in promotions.coupons.every(made.id)}
    assert known == {**dict.fromkeys(("SPRING", *codes), True), codes[0]: False}
    assert promotions.coupons.batch(made.id, "fair").count == 3
    assert promotions.service.left([made.id]) == {made.id: 5}


def test_a_used_or_changed_promotion_is_not_deleted(
    app: Flask,
    owner: Staff,
    promotions: PromotionMaker,
    shopper: Shopper,
    sandbox: Sandbox,
) -> None:
    made = promotions.add("SPRING")
    stale = owner.post(f"/admin/promotions/{made.id}/deletion", {"revision": "7"})
    assert stale.status_code == 409
    shopper.add("MUG")
    enter(shopper, "SPRING")
    shopper.pay(sandbox)
    answer = owner.post(f"/admin/promotions/{made.id}/deletion", {"revision": "1"})
    assert answer.status_code == 409
    assert "switch it off" in answer.text
    assert promotions.service.get(made.id) == made
    assert entries(app, made.id) == []


# --- trying ---------------------------------------------------------------------------------------


def test_a_promotion_is_tried_before_it_is_saved(
    app: Flask, owner: Staff, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Tray", make_variant("TRAY", US=1000)))
    form = new_form(
        owner, "percentage", share="50", scope_skus="TRAY", limit_total="1",
        trial_lines="MUG x 2\nTRAY x 3", trial_market="US",
    )  # fmt: skip
    answer = send(owner, "/admin/promotions/trial", form)
    assert answer.status_code == 200
    cells = [cell.text for cell in soup(answer).select("#trial td.number")]
    assert cells == ["$40.00", "–", "$30.00", "$15.00", "$15.00", "$55.00"]
    assert "used" in soup(answer).select_one("#trial .status").text
    fragment = owner.client.post(
        "/admin/promotions/trial", data=form, headers={"HX-Request": "true"}
    )
    assert fragment.text.strip().startswith("<section")
    assert "<html" not in fragment.text
    assert service(PromotionService, app).report() == []
    assert service(AuditLog, app).list(AuditFilter(), 10) == []


def test_a_trial_says_why_a_promotion_is_not_used(owner: Staff, promotions: PromotionMaker) -> None:
    tried = {"trial_lines": "MUG", "trial_market": "US"}
    low = make_trial(owner, {**tried, "subtotal_US": "50"})
    assert "Spend $30.00 more" in low.text
    other = make_trial(owner, {**tried, "markets": ["DE"]})
    assert "Not valid in this market" in other.text
    named = make_trial(
        owner, {**tried, "emails": "bob@example.com", "trial_email": "ann@example.com"}
    )
    assert "for another customer" in named.text
    promotions.add(name="Half", benefit=Percentage(basis_points=5000), stacking=Stacking.EXCLUSIVE)
    better = make_trial(owner, tried)
    assert "another offer saves you more" in better.text
    assert "Half" in better.text


def make_trial(owner: Staff, filled: dict[str, object]) -> TestResponse:
    answer = send(owner, "/admin/promotions/trial", new_form(owner, "percentage", **filled))
    assert answer.status_code == 200
    return answer


@pytest.mark.parametrize(
    ("filled", "told"),
    [
        ({"trial_lines": ""}, "at least one SKU"),
        ({"trial_lines": "NOPE"}, "Not sold in United States: NOPE"),
        ({"trial_market": "XX"}, "no market"),
        ({"trial_email": "nobody"}, "valid e-mail"),
        ({"share": "none"}, "Per cent from"),
    ],
)
def test_a_trial_that_cannot_be_says_what_is_wrong(
    owner: Staff, filled: dict[str, object], told: str
) -> None:
    form = new_form(owner, "percentage", trial_lines="MUG", trial_market="US")
    answer = send(owner, "/admin/promotions/trial", {**form, **filled})
    assert answer.status_code == 422
    assert told in answer.text
    assert "Spring" in answer.text


# --- the list and what was used -------------------------------------------------------------------


def test_the_list_is_searched_and_narrowed_by_state(
    owner: Staff, promotions: PromotionMaker
) -> None:
    day = timedelta(days=1)
    promotions.add("AAA", name="Running")
    promotions.add(name="Coming", starts_at=now() + day, benefit=FreeShipping())
    promotions.add("CCC", name="Gone by", ends_at=now() - day)
    promotions.add("DDD", name="Off (for now)", active=False)

    def shown(query: str) -> list[str]:
        links = soup(owner.get(f"/admin/promotions?{query}")).select("tbody th > a")
        return sorted(link.text for link in links)

    assert shown("") == ["Coming", "Gone by", "Off (for now)", "Running"]
    times = [each.text for each in soup(owner.get("/admin/promotions")).select("tbody td .under")]
    assert [(each.split()[0], each[-4:]) for each in times] == [("until", " UTC"), ("from", " UTC")]
    assert shown("state=active") == ["Running"]
    assert shown("state=scheduled") == ["Coming"]
    assert shown("state=ended") == ["Gone by"]
    assert shown("state=off") == ["Off (for now)"]
    assert shown("kind=free_shipping") == ["Coming"]
    assert shown("q=RUN") == ["Running"]
    assert shown("q=(for") == ["Off (for now)"]
    assert shown("q=ccc") == ["Gone by"]


def test_pages_of_the_list_have_every_promotion_once(
    owner: Staff, promotions: PromotionMaker
) -> None:
    for number in range(60):
        promotions.add(name=f"Number {number}")
    path, seen = "/admin/promotions?state=active", []
    while path:
        page = soup(owner.get(path))
        seen += [link.text for link in page.select("tbody th > a")]
        following = page.select_one("a[rel=next]")
        path = str(following["href"]) if following else ""
    assert len(seen) == len(set(seen)) == 60
