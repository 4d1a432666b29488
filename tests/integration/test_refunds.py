"""Paying back through both gateways: once, never too much, whatever breaks.

The gateways' ledger is the judge of what went back.
"""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask

from app.checkout.audit import Audit, Difference
from app.checkout.disputing import Disputing
from app.checkout.errors import NothingToRefund, NotRefundable, RefundTooHigh
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.db.database import Database
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.orders.service import OrderService
from app.payments.models import Refund, RefundState
from app.payments.service import PaymentService
from app.shared.clock import now
from app.shared.ids import OrderId, Sku
from app.shared.money import Money
from app.web.registry import service
from app.worker import Worker
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper
from tests.support.signing import sign, stripe_headers

ONE_MUG = RefundWish(quantities={1: 1})
REFUND_CALL = r"refund"


class Desk:
    """Somebody who pays back."""

    def __init__(self, app: Flask, database: Database, sandbox: Sandbox) -> None:
        self.app, self.database, self.sandbox = app, database, sandbox
        self.refunding = service(Refunding, app)

    @property
    def order_id(self) -> OrderId:
        order = self.database["orders"].find_one({})
        assert order
        return OrderId(order["_id"])

    def refund(
        self, wish: RefundWish = ONE_MUG, key: str = "k1", *, restock: bool = False
    ) -> Refund:
        return self.refunding.request(
            self.order_id, wish, key=key, reason="broken", restock=restock, by="Eve"
        )

    def given_back(self) -> list[int]:
        """What the gateways' ledger shows of refunds that stand."""
        refunds = self.sandbox.ledger()["refunds"]
        return sorted(each["amount"] for each in refunds if each["status"] != "failed")

    def state(self) -> tuple[OrderState, int]:
        order = service(OrderService, self.app).get(self.order_id)
        return order.state, order.refunded.minor

    def wait_and_finish(self) -> None:
        """Let a dead worker's lease pass, and run what runs anyway."""
        self.database["refunds"].update_many({}, {"$set": {"lease_until": now()}})
        service(Reconciler, self.app).run(older_than=timedelta(0))

    def work(self) -> None:
        while service(Worker, self.app).round():
            pass


@pytest.fixture(params=["stripe", "razorpay"])
def desk(
    request: pytest.FixtureRequest,
    app: Flask,
    database: Database,
    sandbox: Sandbox,
    shopper: Shopper,
    catalog: CatalogMaker,
) -> Desk:
    """A paid order of two mugs: 40.00, tax 2.90, shipping 6.00."""
    shopper.add(catalog.mug(stock=5), 2)
    shopper.pay(sandbox, request.param)
    return Desk(app, database, sandbox)


def test_lines_shipping_and_the_rest_add_up_to_the_capture(desk: Desk) -> None:
    assert desk.refund(ONE_MUG, "k1").amount == Money(2145, "USD")
    assert desk.state() == (OrderState.PAID, 2145)
    assert desk.refund(RefundWish(quantities={}, shipping=True), "k2").amount.minor == 600
    assert desk.refund(RefundWish(quantities={1: 1}), "k3").state is RefundState.SUCCEEDED
    assert desk.given_back() == [600, 2145, 2145]
    assert desk.state() == (OrderState.REFUNDED, 4890)
    assert desk.sandbox.captures() == []
    assert service(Audit, desk.app).run() == []


def test_the_same_key_is_the_same_refund(desk: Desk) -> None:
    first, again = desk.refund(), desk.refund()
    assert first.id == again.id
    assert desk.given_back() == [2145]


def test_no_refund_exceeds_the_capture(desk: Desk) -> None:
    with pytest.raises(RefundTooHigh):
        desk.refund(RefundWish(quantities={}, amount=Money(4891, "USD")))
    with pytest.raises(NothingToRefund):
        desk.refund(RefundWish(quantities={1: 3}))
    desk.refund(RefundWish(quantities={}, amount=Money(4000, "USD")))
    with pytest.raises(RefundTooHigh):
        desk.refund(RefundWish(quantities={}, amount=Money(891, "USD")), "k2")
    assert desk.given_back() == [4000]
    assert desk.database["refunds"].count_documents({}) == 1


def test_two_desks_at_once_never_give_back_too_much(desk: Desk) -> None:
    wish = RefundWish(quantities={}, amount=Money(1500, "USD"))
    refused: list[str] = []

    def press(number: int) -> None:
        try:
            desk.refund(wish, f"key-{number}")
        except RefundTooHigh:
            refused.append(str(number))

    threads = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.wait_and_finish()
    assert desk.given_back() == [1500, 1500, 1500]
    assert len(refused) == 5
    assert desk.state() == (OrderState.PAID, 4500)


def test_one_key_pressed_eight_times_at_once_is_one_refund(desk: Desk) -> None:
    shown: list[RefundState] = []
    threads = [threading.Thread(target=lambda: shown.append(desk.refund().state)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shown == [RefundState.SUCCEEDED] * 8  # also those who waited for the one that sent it
    desk.wait_and_finish()
    assert desk.given_back() == [2145]
    assert desk.state() == (OrderState.PAID, 2145)


def test_goods_come_back_to_the_shelf_only_if_wished_and_once(desk: Desk) -> None:
    stock = service(InventoryService, desk.app)
    desk.refund(ONE_MUG, "k1")
    assert stock.on_hand([Sku("MUG")]) == {"MUG": 3}
    refund = desk.refund(ONE_MUG, "k2", restock=True)
    desk.refunding.carry_out(refund)
    assert stock.on_hand([Sku("MUG")]) == stock.available([Sku("MUG")]) == {"MUG": 4}


def test_the_shopper_is_told_once_and_the_timeline_says_who(
    desk: Desk, environment: dict[str, str]
) -> None:
    refund = desk.refund()
    desk.work()
    desk.refunding.carry_out(refund)
    desk.work()
    mails = list((Path(environment["MOSSX_DATA_DIR"]) / "mail").glob("refunded-*.eml"))
    assert len(mails) == 1
    assert "$21.45" in mails[0].read_text()
    events = service(OrderService, desk.app).timeline(desk.order_id, public_only=False)
    messages = [event.message for event in events]
    assert "Refund of $21.45 requested by Eve" in messages
    assert "$21.45 refunded" in messages


@pytest.mark.parametrize(
    "fault",
    [
        "drop_before",
        "drop_after",
        "error_500",
        "error_500_after",
        "html_502",
        "empty",
        "malformed",
        "too_many",
        "busy",
    ],
)
def test_a_lost_or_odd_answer_gives_the_money_back_once(desk: Desk, fault: str) -> None:
    desk.sandbox.fault(fault, method="POST", path=REFUND_CALL, count=3)
    desk.refund()
    for _ in range(5):
        desk.wait_and_finish()
    assert desk.given_back() == [2145]
    assert desk.state() == (OrderState.PAID, 2145)
    (refund,) = desk.refunding.of_order(desk.order_id)
    assert refund.state is RefundState.SUCCEEDED
    assert service(Audit, desk.app).run() == []


def test_a_refund_that_is_sent_again_while_the_gateway_is_at_it_is_made_once(desk: Desk) -> None:
    desk.sandbox.fault("slow", method="POST", path=REFUND_CALL, seconds=6)
    first = threading.Thread(target=desk.refund)
    first.start()
    while not desk.database["refunds"].count_documents({"state": "sending"}):
        time.sleep(0.05)
    time.sleep(0.5)  # until it is there
    for _ in range(2):
        desk.wait_and_finish()  # its worker seems dead, and another goes on
    assert first.is_alive()
    first.join()
    desk.wait_and_finish()
    assert desk.given_back() == [2145]
    assert desk.state() == (OrderState.PAID, 2145)
    assert service(Audit, desk.app).run() == []


def test_a_refund_that_was_sent_before_a_dispute_ends_as_the_gateway_says(desk: Desk) -> None:
    (payment,) = desk.sandbox.ledger()["payments"]
    desk.sandbox.fault("slow", method="POST", path=REFUND_CALL, seconds=5)
    first = threading.Thread(target=desk.refund)
    first.start()
    while not desk.database["refunds"].count_documents({"state": "sending"}):
        time.sleep(0.05)
    time.sleep(0.5)  # until it is there
    dispute = desk.sandbox.open_dispute(payment["id"], amount=4890)
    attempt = service(PaymentService, desk.app).attempts_of(desk.order_id)[0]
    service(Disputing, desk.app).follow(attempt, dispute)
    desk.wait_and_finish()  # its worker seems dead, and another goes on
    assert first.is_alive()
    assert desk.refunding.of_order(desk.order_id)[0].state is RefundState.SENDING
    first.join()
    desk.wait_and_finish()
    (refund,) = desk.refunding.of_order(desk.order_id)
    booked = [refund.amount.minor] if refund.state is RefundState.SUCCEEDED else []
    assert desk.given_back() == booked
    assert service(Audit, desk.app).run() == []


def test_a_silent_gateway_leaves_the_refund_open_and_is_asked_again(desk: Desk) -> None:
    desk.sandbox.fault("drop_before", path=REFUND_CALL, count=None)
    assert desk.refund().state in {RefundState.REQUESTED, RefundState.SENDING}
    assert desk.given_back() == []
    requests.delete(f"{desk.sandbox.url}/sandbox/faults", timeout=5)
    desk.wait_and_finish()
    assert desk.given_back() == [2145]


def test_a_slow_refund_is_booked_when_the_bank_is_done(desk: Desk) -> None:
    requests.post(f"{desk.sandbox.url}/sandbox/slow-refunds", timeout=5)
    refund = desk.refund()
    assert refund.state is RefundState.PENDING
    assert desk.state() == (OrderState.PAID, 0)
    (listed,) = desk.sandbox.ledger()["refunds"]
    requests.post(f"{desk.sandbox.url}/sandbox/refunds/{listed['id']}/success", timeout=5)
    desk.wait_and_finish()
    assert desk.state() == (OrderState.PAID, 2145)


def test_a_refund_that_the_bank_returns_can_be_made_again(desk: Desk) -> None:
    desk.refund()
    (listed,) = desk.sandbox.ledger()["refunds"]
    requests.post(f"{desk.sandbox.url}/sandbox/refunds/{listed['id']}/failure", timeout=5)
    desk.refunding.follow(desk.order_id)
    assert desk.state() == (OrderState.PAID, 0)
    assert desk.refunding.of_order(desk.order_id)[0].state is RefundState.FAILED
    everything = RefundWish(quantities={1: 2}, shipping=True)
    assert desk.refund(everything, "k2").state is RefundState.SUCCEEDED
    assert desk.state() == (OrderState.REFUNDED, 4890)
    assert service(Audit, desk.app).run() == []


def test_goods_of_a_refund_that_the_bank_returned_are_on_the_shelf_once(desk: Desk) -> None:
    desk.refund(restock=True)
    (listed,) = desk.sandbox.ledger()["refunds"]
    desk.sandbox.end_refund(listed["id"], "failure")
    desk.refunding.follow(desk.order_id)
    units = service(OrderService, desk.app).get(desk.order_id).units[0]
    assert (units.open, units.stopped) == (1, 1)  # what lies on the shelf again is not to be sent
    everything = RefundWish(quantities={1: 2}, shipping=True)
    assert desk.refund(everything, "k2", restock=True).state is RefundState.SUCCEEDED
    assert service(InventoryService, desk.app).on_hand([Sku("MUG")]) == {Sku("MUG"): 5}
    assert service(Audit, desk.app).run() == []


def test_a_refund_made_at_the_gateway_itself_is_taken_into_the_books(
    desk: Desk, environment: dict[str, str]
) -> None:
    (payment,) = desk.sandbox.ledger()["payments"]
    if payment["gateway"] == "stripe":
        url, body = "/v1/refunds", {"data": {"payment_intent": payment["id"], "amount": 1000}}
        headers = {"Authorization": f"Bearer {environment['STRIPE_SECRET_KEY']}"}
        answer = requests.post(desk.sandbox.url + url, **body, headers=headers, timeout=5)
    else:
        answer = requests.post(
            f"{desk.sandbox.url}/v1/payments/{payment['id']}/refund",
            json={"amount": 1000},
            auth=(environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"]),
            timeout=5,
        )
    assert answer.ok, answer.text
    (found,) = service(Audit, desk.app).run()
    assert (found.difference, found.mended) == (Difference.REFUND_UNKNOWN, True)
    assert desk.state() == (OrderState.PAID, 1000)
    assert service(Audit, desk.app).run() == []
    with pytest.raises(RefundTooHigh):
        desk.refund(RefundWish(quantities={}, amount=Money(3891, "USD")))


def test_an_unpaid_order_has_nothing_to_refund(
    app: Flask, database: Database, sandbox: Sandbox, shopper: Shopper, catalog: CatalogMaker
) -> None:
    shopper.add(catalog.mug())
    shopper.check_out()
    with pytest.raises(NotRefundable):
        Desk(app, database, sandbox).refund()


def test_a_webhook_of_a_bank_that_returned_a_refund_is_followed(
    desk: Desk, environment: dict[str, str]
) -> None:
    desk.refund()
    (listed,) = desk.sandbox.ledger()["refunds"]
    requests.post(f"{desk.sandbox.url}/sandbox/refunds/{listed['id']}/failure", timeout=5)
    attempt = desk.database["payment_attempts"].find_one({})
    capture = desk.database["captures"].find_one({})
    assert attempt
    assert capture
    if attempt["gateway"] == "stripe":
        refund = {
            "id": listed["id"],
            "object": "refund",
            "payment_intent": capture["payment_id"],
            "metadata": {"refund_id": desk.refunding.of_order(desk.order_id)[0].id},
        }
        event: Any = {"id": "evt_late", "type": "refund.failed", "data": {"object": refund}}
        body = json.dumps(event).encode()
        headers = stripe_headers(environment["STRIPE_WEBHOOK_SECRET"], body)
    else:
        payment = {"id": capture["payment_id"], "order_id": attempt["session_id"]}
        refund = {"id": listed["id"], "payment_id": capture["payment_id"]}
        entities = {"refund": {"entity": refund}, "payment": {"entity": payment}}
        event = {"event": "refund.failed", "payload": entities}
        body = json.dumps(event).encode()
        headers = {"X-Razorpay-Signature": sign(environment["RAZORPAY_WEBHOOK_SECRET"], body)}
    path = f"/webhooks/{attempt['gateway']}"
    answer = desk.app.test_client().post(path, data=body, headers=headers)
    assert answer.status_code == 200
    desk.work()
    assert desk.state() == (OrderState.PAID, 0)


def test_the_command_line_refunds_and_shows(desk: Desk) -> None:
    number = service(OrderService, desk.app).get(desk.order_id).number

    def run(*words: str) -> tuple[int, str]:
        result = desk.app.test_cli_runner().invoke(args=list(words))
        return result.exit_code, result.output

    for _ in range(2):
        code, output = run("payments", "refund", number, "--line", "1=1", "--key", "once")
        assert code == 0
        assert "$21.45" in output
        assert "succeeded" in output
    assert run("payments", "refund", number, "--line", "1=2")[0] == 1
    assert run("payments", "refund", number, "--line", "one")[0] == 2
    assert run("payments", "refund", number, "--amount", "1.005")[0] == 2
    assert run("payments", "refund", "MX-1")[0] == 1
    code, output = run("payments", "refund", number, "--all", "--restock")
    assert code == 0, output
    assert desk.given_back() == [2145, 2745]
    code, output = run("orders", "show", number)
    assert "Refunded" in output
    assert "captured" in output
    assert "Payment received" in output
    assert run("orders", "show", "nope")[0] == 1
