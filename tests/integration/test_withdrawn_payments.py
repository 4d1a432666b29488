"""Payments that end without money after the shop claimed them, or before."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace

import pytest
import requests
from flask import Flask

from app.checkout import settlement
from app.checkout.audit import Audit, Difference
from app.checkout.reconciliation import Reconciler
from app.checkout.settlement import Settlement
from app.db.database import Database, Document
from app.db.outbox import Outbox
from app.inventory.service import InventoryService
from app.payments.events import ALERT, WEBHOOK_RECEIVED
from app.payments.gateways import razorpay
from app.payments.models import PaymentState
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from app.worker import Worker
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS, OTHER
from tests.support.shopper import Shopper, soup

NOTE = "The payment was withdrawn before it was taken; nothing was charged"


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    """A shopper with two mugs (40.00, tax 2.90, shipping 6.00) in the cart."""
    shopper.add(catalog.mug(stock=5), 2)
    return shopper


@pytest.fixture
def claim(ready: Shopper, sandbox: Sandbox, database: Database) -> Callable[[str], Document]:
    """Pay, and let every request to capture get lost: the attempt, with its claim standing."""

    def make(gateway: str) -> Document:
        page = ready.check_out(gateway=gateway).location
        sandbox.fault("drop_before", gateway=gateway, path="capture", count=None)
        ready.come_back(sandbox, page, gateway)
        requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
        database["captures"].update_many({}, {"$set": {"lease_until": now()}})
        assert _state(database, "captures") == "sending"
        found = database["payment_attempts"].find_one({})
        assert found
        return found

    return make


def _state(database: Database, collection: str) -> str:
    (found,) = database[collection].find({})
    return str(found["state"])


def _ended(app: Flask, database: Database) -> None:
    """The one order has come to its end, once, and holds nothing."""
    assert _state(database, "captures") == "void"
    assert _state(database, "orders") == "cancelled"
    assert _state(database, "payment_attempts") == "expired"
    assert database["payment_attempts"].count_documents({"open": True}) == 0
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 5}
    notes = database["order_events"].find({"kind": "cancelled", "public": True})
    assert [note["message"] for note in notes] == [NOTE]
    assert database["outbox"].count_documents({"topic": ALERT}) == 1


def _at_once(*works: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@GATEWAYS
@pytest.mark.parametrize("who", ["page", "webhook", "reconciler"])
def test_a_claimed_payment_that_lapsed_ends_its_order(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    claim: Callable[[str], Document], gateway: str, who: str,
) -> None:  # fmt: skip
    attempt = claim(gateway)
    sandbox.lapse()
    for _ in range(2):
        if who == "page":
            assert "nothing was charged" in ready.get(f"/payments/{attempt['_id']}").text
        elif who == "webhook":
            payload = {"gateway": gateway, "kind": "", "session_id": attempt["session_id"],
                       "attempt_id": attempt["_id"]}  # fmt: skip
            service(Outbox, app).publish(WEBHOOK_RECEIVED, payload)
            while service(Worker, app).round():
                pass
        else:
            service(Reconciler, app).run(older_than=timedelta(0))
        _ended(app, database)
    assert sandbox.captures() == []
    assert service(Audit, app).run() == []
    url = f"/orders/{attempt['order_number']}?token={attempt['access_token']}"
    assert NOTE in ready.get(url).text


@GATEWAYS
@pytest.mark.parametrize("again", ["stripe", "razorpay"])
def test_the_cart_of_a_payment_that_lapsed_is_ordered_anew(
    ready: Shopper, sandbox: Sandbox, database: Database,
    claim: Callable[[str], Document], gateway: str, again: str,
) -> None:  # fmt: skip
    attempt = claim(gateway)
    sandbox.lapse()
    location = ready.check_out(gateway=again).location
    if gateway == again:  # led back to what seemed under way, and from there to the checkout
        assert location == f"/payments/{attempt['_id']}"
        link = soup(ready.get(location)).select_one("#payment .button")
        assert link is not None
        assert link["href"] == "/checkout"
        location = ready.check_out(gateway=again).location
    ready.come_back(sandbox, location, again)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    orders = [order["state"] for order in database["orders"].find({}).sort("placed_at", 1)]
    assert orders == ["cancelled", "paid"]
    assert database["payment_attempts"].count_documents({"order_id": attempt["order_id"]}) == 1
    assert ready.cart_lines() == {}


def test_money_that_comes_after_the_claim_ended_is_not_taken(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    claim: Callable[[str], Document],
) -> None:  # fmt: skip
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    attempt = claim("razorpay")
    sandbox.lapse()
    service(Settlement, app).settle(attempt["_id"])
    sandbox.pay_razorpay(page)  # the old page can still be paid at Razorpay
    for _ in range(2):
        service(Settlement, app).settle(attempt["_id"])
    assert sandbox.captures() == []
    assert _state(database, "orders") == "cancelled"
    assert _state(database, "captures") == "void"
    (loser,) = database["authorisations"].find({})
    assert (loser["state"], loser["reason"]) == (
        "left_to_expire",
        "The order can no longer be paid",
    )


@GATEWAYS
def test_many_at_once_end_a_claim_once(
    app: Flask, sandbox: Sandbox, database: Database,
    claim: Callable[[str], Document], gateway: str,
) -> None:  # fmt: skip
    attempt = claim(gateway)
    sandbox.lapse()
    settlement = service(Settlement, app)
    _at_once(*[lambda: settlement.settle(attempt["_id"])] * 8)
    _ended(app, database)
    assert database["order_events"].count_documents({"kind": "cancelled"}) == 1
    assert sandbox.captures() == []


@GATEWAYS
def test_a_payment_that_lapses_under_a_worker_that_is_sending_ends_the_claim(
    app: Flask, sandbox: Sandbox, database: Database,
    claim: Callable[[str], Document], gateway: str,
) -> None:  # fmt: skip
    attempt = claim(gateway)
    settlement = service(Settlement, app)

    def lapse() -> None:
        while (database["captures"].find_one({}) or {})["fence"] < 2:
            time.sleep(0.02)
        sandbox.lapse()
        settlement.settle(attempt["_id"])
        assert _state(database, "captures") == "void"

    sandbox.fault("delay_before", gateway=gateway, path="capture", seconds=1.0)
    _at_once(lambda: settlement.settle(attempt["_id"]), lapse)
    _ended(app, database)
    assert sandbox.captures() == []


@GATEWAYS
def test_nobody_is_kept_waiting_for_a_capture_that_got_lost(
    ready: Shopper, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, gateway: str
) -> None:
    def never(_: float) -> None:
        raise AssertionError("nobody else is capturing")

    page = ready.check_out(gateway=gateway).location
    sandbox.fault("drop_before", gateway=gateway, path="capture", count=None)
    monkeypatch.setattr(settlement, "time", SimpleNamespace(monotonic=time.monotonic, sleep=never))
    answer = ready.come_back(sandbox, page, gateway)
    assert answer.status_code == 303
    assert "do not pay again" in ready.get(answer.location).text


@GATEWAYS
def test_a_worker_that_read_before_the_claim_ended_books_nothing(
    app: Flask, sandbox: Sandbox, database: Database, monkeypatch: pytest.MonkeyPatch,
    claim: Callable[[str], Document], gateway: str,
) -> None:  # fmt: skip
    attempt = claim(gateway)
    settlement = service(Settlement, app)
    send = settlement._payments.send_capture

    def overtaken(*args: object) -> bool:
        monkeypatch.undo()
        sandbox.lapse()
        settlement.settle(attempt["_id"])
        return send(*args)

    monkeypatch.setattr(settlement._payments, "send_capture", overtaken)
    settlement.settle(attempt["_id"])
    _ended(app, database)
    assert sandbox.captures() == []


@GATEWAYS
def test_money_captured_and_sent_back_before_it_was_booked_ends_the_claim(
    app: Flask, sandbox: Sandbox, database: Database, environment: dict[str, str],
    claim: Callable[[str], Document], gateway: str,
) -> None:  # fmt: skip
    attempt = claim(gateway)
    (payment,) = sandbox.ledger()["payments"]
    if gateway == "stripe":
        base, user, path = "/v1/payment_intents", environment["STRIPE_SECRET_KEY"], "/v1/refunds"
        body: dict[str, object] = {}
        refund: dict[str, object] = {"payment_intent": payment["id"]}
        auth, kind = (user, ""), "data"
    else:
        base, path = "/v1/payments", f"/v1/payments/{payment['id']}/refund"
        body, refund = {"amount": 4890, "currency": "USD"}, {"amount": 4890}
        auth, kind = (environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"]), "json"
    for url, given in ((f"{base}/{payment['id']}/capture", body), (path, refund)):
        requests.post(
            sandbox.url + url, auth=auth, timeout=5, **{kind: given}
        ).raise_for_status()  # fmt: skip
    service(Settlement, app).settle(attempt["_id"])
    assert _state(database, "captures") == "void"
    assert _state(database, "orders") == "cancelled"
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 5}
    (note,) = database["order_events"].find({"kind": "cancelled"})
    assert note["message"] == "The payment was sent back in full before the order was booked"
    assert service(Audit, app).run() == []


@GATEWAYS
def test_only_what_cannot_come_back_ends_a_claim(
    app: Flask, sandbox: Sandbox, database: Database, monkeypatch: pytest.MonkeyPatch,
    claim: Callable[[str], Document], gateway: str,
) -> None:  # fmt: skip
    attempt = claim(gateway)
    settlement = service(Settlement, app)
    sandbox.fault("html_502", gateway=gateway, count=None)  # no answer is no end
    settlement.settle(attempt["_id"])
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    assert _state(database, "captures") == "sending"
    if gateway == "razorpay":  # what failed may be authorised yet
        monkeypatch.setitem(razorpay._STATES, "authorized", PaymentState.FAILED)
        settlement.settle(attempt["_id"])
        assert _state(database, "captures") == "sending"
        assert service(Audit, app).run() == []
        long_ago = now() - timedelta(hours=2)
        database["captures"].update_many({}, {"$set": {"updated_at": long_ago}})
        (found,) = service(Audit, app).run()  # but a person is told
        assert (found.difference, found.mended) == (Difference.UNFINISHED, False)
        assert _state(database, "captures") == "sending"
        assert _state(database, "orders") == "pending"
        monkeypatch.undo()
    settlement.settle(attempt["_id"])
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _state(database, "orders") == "paid"


@GATEWAYS
def test_a_payment_that_lapsed_unclaimed_leaves_the_order_payable(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    sandbox.lapse()
    assert database["captures"].count_documents({}) == 0
    location = ready.check_out(gateway=OTHER[gateway]).location
    ready.come_back(sandbox, location, OTHER[gateway])
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _state(database, "orders") == "paid"
    assert service(Audit, app).run() == []


@GATEWAYS
def test_a_payment_that_lapsed_unclaimed_does_not_keep_the_goods(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    sandbox.lapse()
    long_ago = now() - timedelta(days=7)
    database["payment_attempts"].update_many({}, {"$set": {"created_at": long_ago}})
    database["stock_holds"].update_many({}, {"$set": {"expires_at": long_ago}})
    service(Reconciler, app).run(older_than=timedelta(0))
    assert _state(database, "orders") == "cancelled"
    assert _state(database, "payment_attempts") == "expired"
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 5}


@pytest.mark.parametrize("claimed", [False, True])
def test_a_part_that_staff_captured_by_hand_does_not_pay_the_order(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    environment: dict[str, str], claim: Callable[[str], Document], claimed: bool,
) -> None:  # fmt: skip
    if claimed:
        claim("stripe")
    else:
        ready.approve(sandbox, ready.check_out().location, "stripe")
    (payment,) = sandbox.ledger()["payments"]
    requests.post(
        f"{sandbox.url}/v1/payment_intents/{payment['id']}/capture",
        data={"amount_to_capture": "1000"},
        auth=(environment["STRIPE_SECRET_KEY"], ""),
        timeout=5,
    ).raise_for_status()
    for _ in range(3):
        service(Reconciler, app).run(older_than=timedelta(0))
    assert sandbox.captures() == []
    assert database["orders"].count_documents({"state": "paid"}) == 0
    assert database["captures"].count_documents({"state": "captured"}) == 0
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 1
    assert service(Audit, app).run() == []


def test_a_part_that_staff_capture_while_a_worker_is_sending_does_not_pay_the_order(
    app: Flask, sandbox: Sandbox, database: Database,
    environment: dict[str, str], claim: Callable[[str], Document],
) -> None:  # fmt: skip
    attempt = claim("stripe")
    (payment,) = sandbox.ledger()["payments"]
    sandbox.fault("delay_before", path="capture", seconds=1.5)

    def capture_a_part() -> None:
        while (database["captures"].find_one({}) or {})["fence"] < 2:
            time.sleep(0.02)
        time.sleep(0.5)  # until the worker's request has come, and waits
        requests.post(
            f"{sandbox.url}/v1/payment_intents/{payment['id']}/capture",
            data={"amount_to_capture": "1000"},
            auth=(environment["STRIPE_SECRET_KEY"], ""),
            timeout=5,
        ).raise_for_status()

    _at_once(lambda: service(Settlement, app).settle(attempt["_id"]), capture_a_part)
    assert database["orders"].count_documents({"state": "paid"}) == 0
    for _ in range(2):
        service(Reconciler, app).run(older_than=timedelta(0))
    assert sandbox.captures() == []
    assert database["orders"].count_documents({"state": "paid"}) == 0
    assert service(Audit, app).run() == []
