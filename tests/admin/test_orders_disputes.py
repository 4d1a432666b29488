"""Disputes on the panel: the order's page, the refund form, the money report, what is to be done."""

from __future__ import annotations

from uuid import uuid4

import pytest
from flask import Flask

from app.web.registry import service
from app.worker import Worker
from tests.admin.order_desk import Desk
from tests.support.catalog import CatalogMaker
from tests.support.disputes import DisputeHooks
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS
from tests.support.shopper import Shopper, soup

REASONS = {"stripe": "the customer says somebody else paid", "razorpay": "the goods did not come"}


class Court:
    """Banks and the shop's desk."""

    def __init__(self, app: Flask, sandbox: Sandbox, environment: dict[str, str]) -> None:
        self.app, self.sandbox = app, sandbox
        self.desk = Desk(app)
        self.hooks = DisputeHooks(app, sandbox, environment)

    def open(self, **more: object) -> str:
        (payment,) = self.sandbox.ledger()["payments"]
        dispute_id = self.sandbox.open_dispute(payment["id"], **more)
        self.hear(dispute_id)
        return dispute_id

    def hear(self, dispute_id: str) -> None:
        self.hooks.send(dispute_id)
        while service(Worker, self.app).round():
            pass

    def text(self, path: str) -> str:
        answer = self.desk.get(path)
        assert answer.status_code == 200
        return " ".join(soup(answer).get_text(" ").split())


@pytest.fixture
def court(
    app: Flask,
    shopper: Shopper,
    catalog: CatalogMaker,
    sandbox: Sandbox,
    environment: dict[str, str],
    gateway: str,
) -> Court:
    """A paid order of two mugs, 48.90."""
    shopper.add(catalog.mug(stock=5), 2)
    shopper.pay(sandbox, gateway)
    return Court(app, sandbox, environment)


@GATEWAYS
def test_the_order_says_what_the_bank_wants_and_where_to_answer(
    court: Court, shopper: Shopper, gateway: str
) -> None:
    court.open()
    shown = court.text(court.desk.path)
    assert "Dispute $48.90 open" in shown
    assert REASONS[gateway] in shown
    assert f"To be answered at {gateway.capitalize()} until" in shown
    assert "Dispute: the customer's bank takes $48.90 back" in shown
    order = court.desk.order
    seen = shopper.get(f"/orders/{order.number}?token={order.access_token}").text
    assert "ispute" not in seen
    assert "bank takes" not in seen


@GATEWAYS
def test_the_refund_form_warns_and_the_refund_is_refused(court: Court, gateway: str) -> None:
    court.open()
    form = court.text(f"{court.desk.path}/refunds/new")
    assert "has taken or claims $48.90 of this payment" in form
    assert "Beside that, nothing of this order is left to pay back." in form
    answer = court.desk.send_to(
        f"{court.desk.path}/refunds", **{"key": str(uuid4()), "quantity-1": "1", "agreed": "x"}
    )
    assert answer.status_code == 422
    assert "would pay it twice" in answer.text
    assert "that is not paid back as well" in court.text(f"{court.desk.path}/cancellation")
    assert court.sandbox.ledger()["refunds"] == []


@GATEWAYS
def test_a_won_dispute_lets_the_money_go_back_again(court: Court, gateway: str) -> None:
    dispute_id = court.open()
    court.sandbox.move_dispute(dispute_id, "won")
    court.hear(dispute_id)
    assert "claims" not in court.text(f"{court.desk.path}/refunds/new")
    assert court.desk.refund(**{"quantity-1": "1"}).status_code == 303
    assert [each["amount"] for each in court.sandbox.ledger()["refunds"]] == [2145]


@GATEWAYS
def test_the_money_report_and_the_overview_tell_of_disputes(court: Court, gateway: str) -> None:
    assert "No bank asked a payment back." in court.text("/admin/money")
    dispute_id, asked = court.open(amount=3000), court.open(amount=500, inquiry=True)
    shown = court.text("/admin/money")
    name = gateway.capitalize()
    assert f"{name} open 1 $30.00" in shown
    assert f"{name} open questions of banks, nothing taken 1 $5.00" in shown
    assert shown.count(court.desk.order.number) == 2
    assert "Open disputes" in court.text("/admin")
    court.sandbox.move_dispute(dispute_id, "lost")
    court.sandbox.move_dispute(asked, "closed")
    for each in (dispute_id, asked):
        court.hear(each)
    shown = court.text("/admin/money")
    assert f"{name} lost 1 $30.00" in shown
    assert court.desk.order.number not in shown


@GATEWAYS
def test_what_is_kept_of_a_dispute_names_nobody(court: Court, gateway: str) -> None:
    court.open()
    (kept,) = court.desk.database["disputes"].find()
    order = court.desk.order
    for personal in (order.email, order.address.name, order.address.line1, order.address.phone):
        assert personal not in str(kept)
