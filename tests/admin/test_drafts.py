"""Draft orders: made by staff, opened by anybody with the link, ordered and paid once."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.db.database import Database
from app.drafts.models import Draft, DraftState
from app.drafts.service import DraftService
from app.inventory.service import InventoryService
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from app.worker import Worker
from tests.admin.order_desk import Desk, all_fields, at_once
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.credit import Bank
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member
from tests.support.shopper import ADDRESS, Shopper, soup

_ADDRESS = {
    name: ADDRESS[name]
    for name in ("name", "phone", "line1", "city", "state", "postal_code", "country")
}
_FIELDS = {
    "do": "create", "market": "US", "email": "Ann@Example.com", "days": "7", "sku-1": "MUG",
    "quantity-1": "2", "discount": "10", "discount_kind": "percent", "note": "As agreed",
    **_ADDRESS,
}  # fmt: skip


@pytest.fixture
def desk(app: Flask, catalog: CatalogMaker) -> Desk:
    """Somebody who takes orders by phone; there are five mugs."""
    catalog.mug(stock=5)
    catalog.add(make_product("Pinch Bowl", make_variant("BOWL")), stock=5)
    return Desk(app)


@pytest.fixture
def draft(desk: Desk) -> Draft:
    """Two mugs at ten percent off, for Ann."""
    answer = desk.send_to("/admin/drafts", **_FIELDS)
    assert answer.status_code == 303, answer.text
    return _draft(desk, answer.location.rpartition("/")[2])


def _draft(desk: Desk, number: str) -> Draft:
    return service(DraftService, desk.app).get(number)


def _work(app: Flask) -> None:
    while service(Worker, app).round():
        pass


def _open(shopper: Shopper, draft: Draft) -> TestResponse:
    """Follow the link."""
    answer = shopper.get(draft.path)
    assert answer.status_code == 303, answer.text
    return shopper.get(answer.location)


def _form(shopper: Shopper, draft: Draft, **changes: str) -> dict[str, str]:
    form = soup(_open(shopper, draft)).select_one("#checkout-form")
    assert form is not None
    return {**all_fields(form), "shipping_method": "standard", "gateway": "stripe", **changes}


def _check_out(shopper: Shopper, draft: Draft, **changes: str) -> TestResponse:
    return shopper.client.post("/checkout", data=_form(shopper, draft, **changes))


def _come_back(shopper: Shopper, sandbox: Sandbox, location: str) -> TestResponse:
    url = urlsplit(sandbox.pay_stripe(location).headers["Location"])
    return shopper.get(f"{url.path}?{url.query}")


# --- made by staff --------------------------------------------------------------------------------


def test_a_form_sent_twice_is_one_draft(desk: Desk, database: Database) -> None:
    key = str(uuid4())
    places = [desk.send_to("/admin/drafts", **{**_FIELDS, "key": key}).location for _ in range(2)]
    assert places[0] == places[1]
    assert len(list(database["drafts"].find())) == 1
    made = _draft(desk, places[0].rpartition("/")[2])
    assert (made.email, made.state, made.discount) == ("ann@example.com", DraftState.OPEN, "10 %")
    assert made.expires_at - made.created_at == timedelta(days=7)
    shown = desk.get(places[0]).text
    for wanted in ("Dune Mug", made.path, "$36.00", "As agreed"):
        assert wanted in shown
    change = desk.entries(f"draft:{made.number}")[-1].changes[0]
    assert change.before is None
    assert change.after is not None
    assert change.after["lines"] == ["2 x MUG"]
    assert made.token not in str(desk.entries(f"draft:{made.number}"))


@pytest.mark.parametrize(
    ("changes", "beside"),
    [
        ({"sku-1": ""}, "sku-1"),
        ({"sku-1": "NONE"}, "sku-1"),
        ({"quantity-1": "6"}, "quantity-1"),
        ({"quantity-1": "x"}, "quantity-1"),
        ({"email": "nobody"}, "email"),
        ({"postal_code": "?"}, "postal_code"),
        ({"discount": "101"}, "discount"),
        ({"discount": "1.005", "discount_kind": "amount"}, "discount"),
        ({"days": "31"}, "days"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    desk: Desk, database: Database, changes: dict[str, str], beside: str
) -> None:
    answer = desk.send_to("/admin/drafts", **{**_FIELDS, **changes})
    assert answer.status_code == 422
    assert soup(answer).select_one(f"#{beside}-error") is not None
    assert "As agreed" in answer.text
    assert list(database["drafts"].find()) == []
    assert list(database["promotions"].find()) == []


def test_things_are_found_and_added_with_everything_kept(desk: Desk) -> None:
    typed = {**_FIELDS, "do": "find", "find": "bowl"}
    found = desk.send_to("/admin/drafts", **typed)
    assert soup(found).select_one("button[name=pick][value=BOWL]") is not None
    picked = desk.send_to("/admin/drafts", **{**typed, "do": "", "pick": "BOWL"})
    form = soup(picked).select_one("form[action='/admin/drafts']")
    assert form is not None
    fields = all_fields(form)
    assert (fields["sku-1"], fields["sku-2"], fields["quantity-1"]) == ("MUG", "BOWL", "2")
    assert fields["note"] == "As agreed"
    assert desk.entries("draft:D-1001") == []


def test_the_link_is_sent_once_for_each_form(desk: Desk, draft: Draft, mailbox: Mailbox) -> None:
    path = f"/admin/drafts/{draft.number}"
    form = desk.form(path, f"{path}/mail")
    for _ in range(2):
        assert desk.post(f"{path}/mail", form).status_code == 303
    assert mailbox.subjects("ann@example.com") == ["Your order is ready to be paid"]
    assert mailbox.link("ann@example.com", "/draft/") == draft.path
    assert desk.entries(f"draft:{draft.number}")[0].changes[0].after == {
        "link sent to": "ann@example.com"
    }


# --- opened by whoever has the link ---------------------------------------------------------------


def test_the_link_opens_that_very_cart_with_its_form_filled_in(
    draft: Draft, shopper: Shopper
) -> None:
    page = _open(shopper, draft)
    form = _form(shopper, draft)
    assert {**form, "email": "ann@example.com", **_ADDRESS} == form
    text = soup(page).get_text()
    assert "2 × Dune Mug" in " ".join(text.split())
    assert "−$4.00" in text
    assert "Your own cart stays as it is" in text
    assert shopper.get("/checkout/draft/nonsense").status_code == 404
    assert shopper.get("/checkout?draft=nonsense").status_code == 404


def test_it_is_paid_and_the_own_cart_stays(
    app: Flask, desk: Desk, draft: Draft, shopper: Shopper, sandbox: Sandbox
) -> None:
    shopper.add("BOWL", 1)
    own = shopper.cart_lines()
    answer = _check_out(shopper, draft)
    assert answer.status_code == 303, answer.text
    assert _draft(desk, draft.number).state is DraftState.ORDERED
    assert _come_back(shopper, sandbox, answer.location).status_code == 303
    _work(app)
    paid = _draft(desk, draft.number)
    assert (paid.state, paid.order_number) == (DraftState.PAID, desk.order.number)
    assert desk.order.reductions[0].amount.minor == 400
    assert [amount for _, amount in sandbox.captures()] == [desk.order.totals.total.minor]
    assert shopper.cart_lines() == own
    assert _after(shopper, draft).status_code == 409
    assert desk.post(f"/admin/drafts/{draft.number}/cancellation", {}).status_code == 409
    assert desk.get("/admin/drafts?state=paid").text.count(draft.number) >= 1


def _after(shopper: Shopper, draft: Draft) -> TestResponse:
    """What the link says once it is over."""
    return shopper.get(f"/checkout?draft={draft.token}")


@pytest.mark.parametrize("path", ["/cart/gift-cards", "/checkout"])
def test_a_gift_card_pays_for_it_and_nothing_typed_is_lost(
    app: Flask,
    desk: Desk,
    draft: Draft,
    shopper: Shopper,
    sandbox: Sandbox,
    database: Database,
    path: str,
) -> None:
    shopper.add("BOWL", 1)
    card, code = Bank(app).card(500)
    form = _form(shopper, draft, city="Elsewhere", at="checkout", code=code)
    page = shopper.client.post(path, data=form)
    assert page.status_code == 200
    again = all_fields(soup(page).select_one("#checkout-form"))
    assert (again["city"], again["draft"]) == ("Elsewhere", draft.token)
    carts = {each["_id"]: each["gift_cards"] for each in database["carts"].find({})}
    assert carts.pop(draft.cart_id) == [card]
    assert list(carts.values()) == [[]]
    assert database["orders"].count_documents({}) == 0
    taken_off = {**again, "at": "checkout", "card": card}
    off = shopper.client.post("/cart/gift-cards/removal", data=taken_off)
    assert off.status_code == 200
    assert "Now to pay" in off.text
    shopper.client.post(path, data=form)
    placed = shopper.client.post("/checkout", data=again)
    assert placed.status_code == 303, placed.text
    (order,) = database["orders"].find({})
    assert _draft(desk, draft.number).state is DraftState.ORDERED
    assert [each["amount"] for each in order["credit"]] == [500]


def test_a_member_who_is_logged_in_keeps_their_cart_too(
    app: Flask, desk: Desk, draft: Draft, sandbox: Sandbox
) -> None:
    member = Member(app, "bea@example.com")
    assert member.register().status_code == 303
    member.add("BOWL", 2)
    own = member.cart_lines()
    answer = _check_out(member, draft)
    assert _come_back(member, sandbox, answer.location).status_code == 303
    assert desk.order.account_id is not None
    assert member.cart_lines() == own


def test_two_people_with_the_link_pay_once(
    app: Flask, desk: Desk, draft: Draft, sandbox: Sandbox, database: Database
) -> None:
    ann, bob = Shopper(app), Shopper(app)
    forms = [(ann, _form(ann, draft)), (bob, _form(bob, draft, email="bob@example.com"))]
    at_once(*(lambda who=w, form=f: who.client.post("/checkout", data=form) for w, f in forms))
    pages = [each["session_url"] for each in database["payment_attempts"].find({"state": "open"})]
    assert len(pages) == 1
    assert _come_back(ann, sandbox, pages[0]).status_code == 303
    late = bob.client.post("/checkout", data={**forms[1][1], "idempotency_key": str(uuid4())})
    assert late.status_code in {303, 409, 422}
    _work(app)
    orders = list(database["orders"].find({"state": "paid"}))
    assert len(orders) == 1
    assert [amount for _, amount in sandbox.captures()] == [orders[0]["totals"]["total"]]
    assert _draft(desk, draft.number).state is DraftState.PAID
    assert service(InventoryService, app).on_hand([Sku("MUG")])[Sku("MUG")] == 3


def test_a_cancelled_link_orders_nothing(
    desk: Desk, draft: Draft, shopper: Shopper, database: Database
) -> None:
    form = _form(shopper, draft)
    for _ in range(2):
        assert desk.post(f"/admin/drafts/{draft.number}/cancellation", {}).status_code == 303
    assert shopper.client.post("/checkout", data=form).status_code == 409
    assert list(database["orders"].find()) == []
    change = desk.entries(f"draft:{draft.number}")[0].changes[0]
    assert change.after is not None
    assert change.after["state"] == "cancelled"


def test_cancelling_races_with_ordering(
    app: Flask, desk: Desk, draft: Draft, shopper: Shopper, sandbox: Sandbox, database: Database
) -> None:
    form, path = _form(shopper, draft), f"/admin/drafts/{draft.number}/cancellation"
    at_once(lambda: desk.post(path, {}), lambda: shopper.client.post("/checkout", data=form))
    state = _draft(desk, draft.number).state
    pending = list(database["orders"].find({"state": "pending"}))
    assert (state, len(pending)) in [(DraftState.CANCELLED, 0), (DraftState.ORDERED, 1)]


def test_cancelling_closes_what_was_ordered(
    desk: Desk, draft: Draft, shopper: Shopper, database: Database
) -> None:
    assert _check_out(shopper, draft).status_code == 303
    assert desk.post(f"/admin/drafts/{draft.number}/cancellation", {}).status_code == 303
    assert _draft(desk, draft.number).state is DraftState.CANCELLED
    assert database["orders"].find_one({})["state"] == "cancelled"
    assert database["payment_attempts"].find_one({})["state"] == "expired"


def test_an_order_that_was_not_paid_opens_the_link_again(
    app: Flask, desk: Desk, draft: Draft, shopper: Shopper, sandbox: Sandbox
) -> None:
    assert _check_out(shopper, draft).status_code == 303
    order = desk.order
    shopper.post(f"/orders/{order.number}/cancel", {"token": order.access_token})
    _work(app)
    assert _draft(desk, draft.number).state is DraftState.OPEN
    answer = _check_out(shopper, draft)
    assert answer.status_code == 303, answer.text
    assert _come_back(shopper, sandbox, answer.location).status_code == 303
    assert len(sandbox.captures()) == 1


def test_an_expired_link_says_so(
    desk: Desk, draft: Draft, shopper: Shopper, database: Database
) -> None:
    form = _form(shopper, draft)
    database["drafts"].update_one({}, {"$set": {"expires_at": now() - timedelta(seconds=1)}})
    assert _after(shopper, draft).status_code == 409
    assert shopper.client.post("/checkout", data=form).status_code == 409
    assert list(database["orders"].find()) == []
    assert draft.number in desk.get("/admin/drafts?state=expired").text
    assert draft.number not in soup(desk.get("/admin/drafts?state=open")).select_one("#list").text


def test_its_prices_are_of_its_market_whatever_the_browser_chose(
    desk: Desk, draft: Draft, shopper: Shopper
) -> None:
    shopper.post("/market", {"market": "IN"})
    text = soup(_open(shopper, draft)).get_text()
    assert "$36.00" in text or "$40.00" in text
    assert (
        "₹"
        not in (
            soup(_open(shopper, draft)).select_one("#checkout-summary")
            or soup(_open(shopper, draft))
        ).get_text()
    )
