"""What a shopper sees and does on the order's page after paying: parcels, cancelling, returns."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.orders.models import FulfilmentState, OrderState
from app.shared.clock import now
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox, form_fields
from tests.support.member import Mailbox, Member
from tests.support.shopper import HTMX, Shopper, soup

BOTH_WAYS = pytest.mark.parametrize("htmx", [False, True], ids=["plain", "htmx"])


@pytest.fixture
def staff(app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Staff:
    """A paid order of two mugs, of ten."""
    shopper.add(catalog.mug(stock=10), 2)
    shopper.pay(sandbox)
    return Staff(app)


def form_of(shopper: Shopper, url: str, part: str) -> dict[str, str]:
    """A form of the page as read, its token included."""
    form = soup(shopper.get(url)).select_one(f"form[action$='{part}']")
    assert form is not None, f"no form for {part}"
    return form_fields(form)


def press(
    shopper: Shopper, staff: Staff, part: str, htmx: bool = False, **more: str
) -> TestResponse:
    """Send a form of the page."""
    form = {**form_of(shopper, staff.url, part), **more}
    headers = HTMX if htmx else None
    return shopper.client.post(f"/orders/{staff.order.number}{part}", data=form, headers=headers)


def assert_done(answer: TestResponse, staff: Staff, htmx: bool) -> None:
    """The order's page comes next."""
    assert answer.status_code == (200 if htmx else 303)
    if htmx:
        assert "<html" not in answer.text
        assert "HX-Request" in answer.headers["Vary"]
    else:
        assert answer.location == staff.url


@BOTH_WAYS
def test_a_paid_order_is_cancelled_once_with_all_money_and_stock(
    staff: Staff, shopper: Shopper, sandbox: Sandbox, mailbox: Mailbox, htmx: bool
) -> None:
    form = form_of(shopper, staff.url, "/cancel")
    for _ in range(2):
        headers = HTMX if htmx else None
        path = f"/orders/{staff.order.number}/cancel"
        assert_done(shopper.client.post(path, data=form, headers=headers), staff, htmx)
    assert sandbox.captures() == []
    assert staff.order.state is OrderState.REFUNDED
    assert staff.on_hand() == 10
    page = shopper.get(staff.url).text
    assert "This order is cancelled" in page
    assert "The money was sent back to you" in page
    subjects = mailbox.subjects("ann@example.com")
    assert subjects.count(f"Cancelled: your order {staff.order.number}") == 1
    assert subjects.count(f"Your refund for order {staff.order.number}") == 1


@BOTH_WAYS
def test_a_shipped_order_can_not_be_cancelled(
    staff: Staff, shopper: Shopper, sandbox: Sandbox, htmx: bool
) -> None:
    form = form_of(shopper, staff.url, "/cancel")
    staff.ship({1: 1})
    headers = HTMX if htmx else None
    path = f"/orders/{staff.order.number}/cancel"
    answer = shopper.client.post(path, data=form, headers=headers)
    assert answer.status_code == 409
    assert "can no longer be cancelled" in answer.text
    assert len(sandbox.captures()) == 1
    assert soup(shopper.get(staff.url)).select_one("form[action$='/cancel']") is None


def test_after_its_window_an_order_can_not_be_cancelled(
    staff: Staff, shopper: Shopper, sandbox: Sandbox
) -> None:
    form = form_of(shopper, staff.url, "/cancel")
    long_ago = {"$set": {"paid_at": now() - timedelta(minutes=31)}}
    staff.database["orders"].update_one({}, long_ago)
    answer = shopper.client.post(f"/orders/{staff.order.number}/cancel", data=form)
    assert answer.status_code == 409
    assert len(sandbox.captures()) == 1
    assert not staff.order.withdrawn
    assert soup(shopper.get(staff.url)).select_one("form[action$='/cancel']") is None


@BOTH_WAYS
def test_parcels_show_what_is_in_them_and_where_they_are(
    staff: Staff, shopper: Shopper, mailbox: Mailbox, htmx: bool
) -> None:
    staff.ship({1: 1}, carrier="DHL", tracking="00340434161094000000")
    page = soup(shopper.get(staff.url, headers=HTMX if htmx else None))
    link = page.select_one("a[href*='dhl.com']")
    assert link is not None
    assert "00340434161094000000" in str(link["href"])
    assert "1 of 2 shipped" in page.text
    assert "Part of your order is on its way" in page.text
    assert "1 item shipped with DHL" in page.text
    shipment = staff.ship(carrier="By bicycle")
    staff.shipping.deliver(shipment.id)
    page = soup(shopper.get(staff.url))
    assert "with By bicycle" in page.text
    assert staff.order.fulfilment is FulfilmentState.FULFILLED
    mails = mailbox.read("ann@example.com")
    first = next(mail for mail in mails if "On its way" in str(mail["Subject"]))
    for kind in ("plain", "html"):
        body = first.get_body((kind,))
        assert body is not None
        text = body.get_content()
        assert ("\n1 x Dune Mug" if kind == "plain" else "<li>1 × Dune Mug") in text
        assert "00340434161094000000" in text
        assert "dhl.com" in text
        assert "The rest follows" in text
    subjects = [str(mail["Subject"]) for mail in mails]
    assert subjects.count(f"On its way: your order {staff.order.number}") == 2
    assert subjects.count(f"Delivered: your order {staff.order.number}") == 1


@BOTH_WAYS
def test_a_return_is_asked_for_once_and_each_step_is_told(
    staff: Staff, shopper: Shopper, sandbox: Sandbox, mailbox: Mailbox, htmx: bool
) -> None:
    staff.ship()
    form = {
        **form_of(shopper, staff.url, "/returns"),
        "quantity-1": "1",
        "reason": "damaged",
        "comment": "A <b>chip</b> at the rim",
    }
    headers = HTMX if htmx else None
    path = f"/orders/{staff.order.number}/returns"
    for _ in range(2):
        assert_done(shopper.client.post(path, data=form, headers=headers), staff, htmx)
    (asked,) = staff.returns.of_order(staff.order.id)
    assert (asked.units, asked.comment) == ({1: 1}, "A <b>chip</b> at the rim")
    staff.returns.approve(asked.id, "To our door, please <3")
    page = soup(shopper.get(staff.url))
    assert asked.id in page.text
    assert "To our door, please <3" in page.text
    staff.returns.receive(asked.id, restock=[1])
    assert [amount for _, amount in sandbox.captures()] == [4890 - 2145]
    assert staff.on_hand() == 9
    told = mailbox.subjects("ann@example.com")
    for words in ("We have your wish", "Please send it back", "Your return has arrived"):
        assert len([each for each in told if words in each and asked.id in each]) == 1
    assert f"Your refund for order {staff.order.number}" in told


@BOTH_WAYS
@pytest.mark.parametrize(
    ("entries", "field", "message"),
    [
        ({"quantity-1": "0"}, "", "choose what you would like"),
        ({"quantity-1": "3"}, "quantity-1", "At most 2"),
        ({"quantity-1": "two"}, "quantity-1", "whole number"),
        ({"reason": ""}, "reason", "choose a reason"),
        ({"reason": "because"}, "reason", "Not a valid choice"),
        ({"comment": "x" * 1001}, "comment", "at most 1000"),
        ({"key": ""}, "", "without its key"),
    ],
)
def test_a_bad_return_form_is_explained_and_nothing_is_lost(
    staff: Staff,
    shopper: Shopper,
    htmx: bool,
    entries: dict[str, str],
    field: str,
    message: str,
) -> None:
    staff.ship()
    good = {"quantity-1": "1", "reason": "damaged", "comment": "chipped"}
    answer = press(shopper, staff, "/returns", htmx, **{**good, **entries})
    assert answer.status_code == 422
    assert ("<html" in answer.text) is not htmx
    tree = soup(answer)
    assert message in tree.text
    if field:
        assert message in tree.select_one(f"#{field}-error").text
    if "comment" not in entries:
        assert tree.select_one("#comment").text == "chipped"
    assert tree.select_one("details#return[open]") is not None
    assert staff.order.returns == 0


def test_everything_wrong_with_a_return_form_is_said_at_once(
    staff: Staff, shopper: Shopper
) -> None:
    staff.ship()
    tree = soup(press(shopper, staff, "/returns", **{"quantity-1": "9"}))
    for name in ("quantity-1", "reason"):
        assert tree.select_one(f"#{name}-error") is not None


def test_nothing_is_returned_before_it_is_shipped_nor_after_its_window(
    staff: Staff, shopper: Shopper
) -> None:
    assert soup(shopper.get(staff.url)).select_one("form[action$='/returns']") is None
    staff.ship({1: 1})
    form = {**form_of(shopper, staff.url, "/returns"), "quantity-1": "1", "reason": "other"}
    long_ago = {"$set": {"handed_over_at": now() - timedelta(days=31)}}
    staff.database["orders"].update_one({}, long_ago)
    path = f"/orders/{staff.order.number}/returns"
    answer = shopper.client.post(path, data=form)
    assert answer.status_code == 422
    assert "Nothing of this order can be returned" in answer.text
    assert staff.order.returns == 0


@pytest.mark.parametrize("part", ["/cancel", "/returns"])
def test_only_who_may_see_an_order_may_act_on_it(
    app: Flask, staff: Staff, shopper: Shopper, part: str
) -> None:
    if part == "/returns":
        staff.ship()
    path = f"/orders/{staff.order.number}{part}"
    form = form_of(shopper, staff.url, part)
    stranger = Shopper(app)
    for token in ("", "wrong", "é"):
        assert stranger.post(path, {**form, "token": token, "csrf_token": stranger.token()}).status_code == 404  # fmt: skip
    other = Member(app, "bob@example.com")
    other.register()
    assert other.post(path, {"quantity-1": "1", "reason": "other", "key": "12345678"}).status_code == 404  # fmt: skip
    for csrf in ("", "wrong"):
        answer = shopper.client.post(path, data={**form, "csrf_token": csrf})
        assert answer.status_code == 403
    assert not staff.order.withdrawn
    assert staff.order.returns == 0
    assert shopper.get(path).status_code == 405


def test_an_account_acts_on_its_order_and_sees_its_state_in_the_history(
    app: Flask, member: Member, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    member.add(catalog.mug(stock=10), 2)
    member.pay(sandbox)
    staff = Staff(app)
    number = staff.order.number
    history = soup(member.get("/account/orders"))
    assert "Being packed" in history.text
    staff.ship({1: 1})
    assert "Partly shipped" in soup(member.get("/account/orders")).text
    staff.ship()
    assert "Shipped" in soup(member.get("/account/orders")).text
    form = form_of(member, f"/orders/{number}", "/returns")
    del form["token"]
    answer = member.client.post(
        f"/orders/{number}/returns", data={**form, "quantity-1": "2", "reason": "other"}
    )
    assert answer.status_code == 303
    assert staff.order.units[0].returned == 2


@BOTH_WAYS
def test_an_unpaid_order_is_cancelled_and_its_page_at_the_gateway_closed(
    app: Flask,
    shopper: Shopper,
    catalog: CatalogMaker,
    sandbox: Sandbox,
    mailbox: Mailbox,
    htmx: bool,
) -> None:
    shopper.add(catalog.mug(stock=10), 2)
    location = shopper.check_out().location
    staff = Staff(app)
    assert_done(press(shopper, staff, "/cancel", htmx), staff, htmx)
    assert staff.order.state is OrderState.CANCELLED
    sandbox.pay_stripe(location)
    assert sandbox.captures() == []
    assert "Nothing was charged for it" in shopper.get(staff.url).text
    assert mailbox.subjects("ann@example.com") == [f"Cancelled: your order {staff.order.number}"]


@BOTH_WAYS
def test_while_a_payment_may_go_through_nothing_is_cancelled(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox, htmx: bool
) -> None:
    shopper.add(catalog.mug(stock=10), 2)
    shopper.check_out()
    staff = Staff(app)
    form = form_of(shopper, staff.url, "/cancel")
    sandbox.fault("drop_before", path="checkout/sessions", count=None)
    headers = HTMX if htmx else None
    answer = shopper.client.post(f"/orders/{staff.order.number}/cancel", data=form, headers=headers)
    assert answer.status_code == 409
    assert "still checking a payment" in answer.text
    assert staff.order.state is OrderState.PENDING
