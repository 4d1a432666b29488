"""Gift cards that no mail server took: staff send them to the address that was meant."""

from __future__ import annotations

import re
import socketserver
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.credit.events import GIFT_CARD_ISSUED
from app.credit.service import CreditService
from app.db.database import Database
from app.identity.models import Role
from app.orders.models import Order
from app.orders.service import OrderService
from app.privacy.erasing import Traces
from app.privacy.retention import Retention
from app.shared import clock
from app.shared.ids import CreditId
from app.web.registry import service
from tests.admin.order_desk import at_once
from tests.support.credit import Bank
from tests.support.gateways import Sandbox
from tests.support.people import entries, fields_of, work
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

LIST = "/admin/gift-cards"
_CODE = re.compile(r"(?:[A-Z0-9]{4}-){3}[A-Z0-9]{4}")


@pytest.fixture
def order(
    mailing: Flask, odd_server: socketserver.TCPServer, shopper: Shopper, sandbox: Sandbox
) -> Order:
    """A paid order of a gift card for Bob, whose address was mistyped."""
    odd_server.unknown = {b"bbo@"}
    Bank(mailing).product(2500)
    gift = {"gift": "y", "gift_email": "bbo@example.com", "gift_message": "Happy birthday"}
    shopper.post("/cart/items", {"sku": "GIFT-2500", "quantity": "1", **gift})
    form = shopper.checkout_form()
    form.pop("shipping_method", None)
    shopper.come_back(sandbox, shopper.client.post("/checkout", data=form).location, "stripe")
    work(mailing)
    (found,) = service(OrderService, mailing).latest(1)
    assert found.lines[0].gift_email == "bbo@example.com"
    return found


def _path(order: Order) -> str:
    return f"{LIST}/{order.id}:1:1"


def _form(staff: Staff, order: Order, email: str) -> dict[str, str]:
    path = _path(order)
    return {**fields_of(staff.get(path), f"{path}/recipient"), "email": email}


def _send(staff: Staff, order: Order, form: dict[str, str]) -> TestResponse:
    return staff.post(f"{_path(order)}/recipient", form)


def test_a_card_that_nobody_took_goes_to_the_right_address_once(
    mailing: Flask, odd_server: socketserver.TCPServer, order: Order, shopper: Shopper
) -> None:
    owner = Staff(mailing)
    form = _form(owner, order, " Bob@Example.com ")
    page = owner.follow(_send(owner, order, form)).text
    assert "The card is on its way to bob@example.com." in page
    assert _CODE.findall(page) == []
    assert "Nothing is left" in owner.follow(_send(owner, order, form)).text
    work(mailing)
    assert odd_server.receivers.count(b"<bob@example.com>") == 1
    assert "Happy birthday" in odd_server.heads.decode()
    orders = service(OrderService, mailing)
    now = orders.get(order.id)
    assert now.lines[0].gift_email == "bob@example.com"
    link = f"/orders/{now.number}?token={now.access_token}"
    assert "sent to bob@example.com" in shopper.get(link).text
    (line,) = [
        each for each in orders.timeline(order.id, public_only=False) if "instead" in each.message
    ]
    assert (line.by, line.public) == (owner.email, False)
    assert line.message.endswith("is sent to bob@example.com instead")
    card = service(CreditService, mailing).get(CreditId(f"{order.id}:1:1"))
    (entry,) = entries(mailing, f"gift-card:{card.id}")
    assert entry.changes[0].after == {"sent to": "elsewhere"}


def test_of_two_who_correct_it_at_once_one_does(
    mailing: Flask, odd_server: socketserver.TCPServer, order: Order
) -> None:
    people = {Staff(mailing): "bob@example.com", Staff(mailing, Role.MANAGER): "rob@example.com"}
    forms = [(who, _form(who, order, email)) for who, email in people.items()]
    sent = at_once(*(lambda w=w, f=f: _send(w, order, f) for w, f in forms))
    assert sent == [303, 303]
    work(mailing)
    receivers = [each for each in odd_server.receivers if each[1:4] in {b"bob", b"rob"}]
    assert len(receivers) == 1
    line = service(OrderService, mailing).get(order.id).lines[0]
    assert f"<{line.gift_email}>".encode() == receivers[0]


def test_what_is_no_address_is_refused_beside_its_field(
    mailing: Flask, order: Order, database: Database
) -> None:
    owner = Staff(mailing)
    before = list(database["outbox"].find({"gave_up_at": {"$exists": True}}))
    answer = _send(owner, order, _form(owner, order, "bob at example"))
    assert answer.status_code == 422
    page = soup(answer)
    problem, field = page.select_one("#email-error"), page.select_one("#correction #email")
    assert problem is not None
    assert field is not None
    assert problem.get_text() == "Please enter a valid e-mail address."
    assert field["value"] == "bob at example"
    assert list(database["outbox"].find({"gave_up_at": {"$exists": True}})) == before
    assert entries(mailing, f"gift-card:{order.id}:1:1") == []


def test_a_card_is_sent_again_days_after_it_was_given_up_but_not_of_whom_is_forgotten(
    mailing: Flask, odd_server: socketserver.TCPServer, order: Order, database: Database
) -> None:
    service(Retention, mailing).run(clock.now() + timedelta(days=2))
    owner, path = Staff(mailing), _path(order)
    odd_server.unknown = set()
    owner.post(f"{path}/given-up", fields_of(owner.get(path), f"{path}/given-up"))
    work(mailing)
    assert odd_server.receivers.count(b"<bbo@example.com>") == 1
    assert "Happy birthday" in odd_server.heads.decode()

    database["outbox"].update_many(
        {"topic": GIFT_CARD_ISSUED}, {"$set": {"gave_up_at": clock.now()}}
    )
    service(Traces, mailing).remove_of_orders([], [], ["bbo@example.com"])
    assert database["outbox"].find_one({"payload.email": "bbo@example.com"}) is None


def test_a_card_that_somebody_took_is_sent_nowhere_else(
    mailing: Flask, odd_server: socketserver.TCPServer, order: Order
) -> None:
    owner = Staff(mailing)
    form = _form(owner, order, "eve@example.com")
    odd_server.unknown = set()
    path = _path(order)
    owner.post(f"{path}/given-up", fields_of(owner.get(path), f"{path}/given-up"))
    work(mailing)
    assert odd_server.receivers.count(b"<bbo@example.com>") == 1
    assert "Send the card there" not in owner.get(path).text
    assert "Nothing is left" in owner.follow(_send(owner, order, form)).text
    work(mailing)
    assert b"<eve@example.com>" not in odd_server.receivers
    assert service(OrderService, mailing).get(order.id).lines[0].gift_email == "bbo@example.com"


def test_a_card_that_the_shop_gave_is_sent_there_as_well(
    mailing: Flask, odd_server: socketserver.TCPServer
) -> None:
    odd_server.unknown = {b"bbo@"}
    owner = Staff(mailing)
    form = fields_of(owner.get(f"{LIST}/new"), LIST)
    gift = {"amount": "25.00", "currency": "USD", "email": "bbo@example.com", "message": "Sorry"}
    path = owner.post(LIST, {**form, **gift}).location
    owner.get(path)  # with the code, this once
    work(mailing)
    found = {**fields_of(owner.get(path), f"{path}/recipient"), "email": "bob@example.com"}
    assert owner.post(f"{path}/recipient", found).status_code == 303
    work(mailing)
    assert odd_server.receivers.count(b"<bob@example.com>") == 1
    assert "Sorry" in odd_server.heads.decode()
