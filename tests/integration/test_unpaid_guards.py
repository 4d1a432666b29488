"""Orders that wait for their payment: who may end them, and what a payment finds that comes then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
import stripe
from flask import Flask

from app.checkout.errors import NotRefundable
from app.checkout.placing import PAYMENT_WINDOW, Placing
from app.checkout.reconciliation import Reconciler
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS, attempt_of, kept
from tests.support.promotions import PromotionMaker, enter
from tests.support.shopper import Shopper

MUG = Sku("MUG")


def _let_holds_run_out(app: Flask, database: Database) -> None:
    past = now() - timedelta(minutes=1)
    database["stock_holds"].update_many({}, {"$set": {"expires_at": past}})
    service(Reconciler, app).run(older_than=timedelta(hours=1))


@GATEWAYS
def test_an_order_whose_payment_is_claimed_is_not_cancelled(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    sandbox.fault("drop_before", gateway=gateway, path="capture", count=None)
    settlement, attempt = service(Settlement, app), attempt_of(database)["_id"]
    settlement.settle(attempt)
    assert not settlement.cancel(Staff(app).order, "Not paid in time")
    with pytest.raises(NotRefundable):
        Staff(app).refunding.balance(Staff(app).order)
    assert Staff(app).order.state is OrderState.PENDING
    assert service(InventoryService, app).available([MUG]) == {"MUG": 48}
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    database["captures"].update_many({}, {"$set": {"lease_until": now()}})
    settlement.settle(attempt)
    assert Staff(app).order.state is OrderState.PAID
    assert kept(sandbox) == [4890]


def test_a_worker_that_books_late_takes_nothing_more_out_of_the_cart(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ready.approve(sandbox, ready.check_out().location, "stripe")
    book = Settlement._book

    def overtaken(self: Settlement, *args: Any) -> None:
        """Another books it first, and the shopper goes on."""
        monkeypatch.undo()
        book(self, *args)
        ready.add("MUG", 1)
        book(self, *args)

    monkeypatch.setattr(Settlement, "_book", overtaken)
    service(Settlement, app).settle(attempt_of(database)["_id"])
    assert Staff(app).order.state is OrderState.PAID
    assert list(ready.cart_lines().values()) == [1]
    assert service(InventoryService, app).on_hand([MUG]) == {"MUG": 48}


def test_a_worker_that_books_after_the_money_went_back_books_nothing(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    ready.approve(sandbox, ready.check_out().location, "stripe")
    (payment,) = sandbox.ledger()["payments"]
    client = stripe.StripeClient(
        environment["STRIPE_SECRET_KEY"], base_addresses={"api": sandbox.url}
    )
    client.v1.payment_intents.capture(payment["id"])
    book, attempt = Settlement._book, attempt_of(database)["_id"]

    def overtaken(self: Settlement, *args: Any) -> None:
        """Staff send the money back, which another worker sees."""
        monkeypatch.undo()
        client.v1.refunds.create({"payment_intent": payment["id"]})
        self.settle(attempt)
        book(self, *args)

    monkeypatch.setattr(Settlement, "_book", overtaken)
    service(Settlement, app).settle(attempt)
    assert Staff(app).order.state is OrderState.CANCELLED
    assert database["authorisations"].count_documents({"state": "captured"}) == 0
    assert service(InventoryService, app).available([MUG]) == {"MUG": 50}


def test_a_second_payment_that_is_given_back_leaves_the_claim_of_the_first_its_attempt(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    for _ in range(2):
        sandbox.pay_razorpay(page)
    sandbox.fault("drop_before", gateway="razorpay", path="capture", count=None)
    attempt = attempt_of(database)["_id"]
    service(Settlement, app).settle(attempt)
    assert attempt_of(database)["state"] == "authorised"
    assert ready.check_out(gateway="stripe").location == f"/payments/{attempt}"


def test_a_cart_that_changes_while_its_order_is_placed_is_not_ordered(
    ready: Shopper, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = ready.checkout_form()

    def add_more(*_: object) -> None:
        monkeypatch.undo()
        ready.add("MUG", 1)

    monkeypatch.setattr(Placing, "_refuse_twin", add_more)
    answer = ready.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "Your cart or its prices changed" in answer.text
    assert database["orders"].count_documents({}) == 0


def test_goods_stay_held_beyond_their_time_while_a_payment_may_go_through(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    sandbox.ask_razorpay(ready.get(ready.check_out(gateway="razorpay").location).text)
    _let_holds_run_out(app, database)
    assert Staff(app).order.state is OrderState.PENDING
    assert service(InventoryService, app).available([MUG]) == {"MUG": 48}


def test_whoever_goes_on_to_pay_holds_everything_for_a_whole_window_more(
    app: Flask, ready: Shopper, database: Database
) -> None:
    PromotionMaker(app).add("SAVE10", limit_total=1)
    enter(ready, "SAVE10")
    enter_card(ready, Bank(app).card(2500)[1])

    def held_until() -> list[datetime]:
        names = ("stock_holds", "promotion_uses", "credit_holds")
        return [each["expires_at"] for name in names for each in database[name].find({})]

    ready.check_out(gateway="stripe")
    assert len(held_until()) == 3
    assert min(held_until()) > now() + PAYMENT_WINDOW + timedelta(minutes=20)
    soon = now() + timedelta(minutes=1)
    for name in ("stock_holds", "promotion_uses", "credit_holds"):
        database[name].update_many({}, {"$set": {"expires_at": soon}})
    ready.check_out(gateway="razorpay")
    assert database["orders"].count_documents({}) == 1
    assert len(held_until()) == 3
    assert min(held_until()) > now() + PAYMENT_WINDOW + timedelta(minutes=20)


@pytest.mark.parametrize("by", ["", "Eve"], ids=["shopper", "staff"])
def test_a_late_payment_of_an_order_that_was_cancelled_on_purpose_is_given_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, by: str
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    sandbox.pay_razorpay(page, "decline")
    staff = Staff(app)
    assert staff.cancelling.cancel(staff.order.id, by=by).state is OrderState.CANCELLED
    (failed,) = sandbox.ledger()["payments"]
    requests.post(f"{sandbox.url}/sandbox/late-authorise/{failed['id']}", timeout=5)
    service(Settlement, app).settle(attempt_of(database)["_id"])
    assert kept(sandbox) == []
    assert staff.order.state is OrderState.CANCELLED
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 1
    assert service(InventoryService, app).available([MUG]) == {"MUG": 50}
