"""Ways of charging twice that begin with what machines and staff do; see docs/payments.md."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from app.checkout.audit import Audit, Difference
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.db.errors import PyMongoError
from app.db.outbox import Outbox
from app.payments import repository as payment_repository
from app.payments.events import WEBHOOK_RECEIVED
from app.payments.gateways import razorpay, stripe
from app.payments.gateways.switchboard import Switchboard
from app.shared.clock import now
from app.shared.money import Money
from app.web.registry import service
from app.worker import Worker
from tests.gateways.test_contract import approve, make_attempt
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS, OTHER, attempt_of, kept
from tests.support.shopper import Shopper, soup

Patch = pytest.MonkeyPatch


def _behave(sandbox: Sandbox) -> None:
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)


def _at_once(*works: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _recover(app: Flask) -> None:
    """Let leases run out, and finish what is open."""
    database = service(Database, app)
    for name in ("captures", "refunds"):
        database[name].update_many({}, {"$set": {"lease_until": now()}})
    service(Reconciler, app).run(older_than=timedelta(0))


def _capture_by_hand(sandbox: Sandbox, environment: dict[str, str], payment_id: str) -> None:
    """What Razorpay's dashboard does, by hand or by its auto-capture setting."""
    requests.post(
        f"{sandbox.url}/v1/payments/{payment_id}/capture",
        json={"amount": 4890, "currency": "USD"},
        auth=(environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"]),
        timeout=5,
    ).raise_for_status()


# --- between shop and gateway ---------------------------------------------------------------------


def test_a_repeat_by_the_sdk_opens_one_page(ready: Shopper, sandbox: Sandbox) -> None:
    sandbox.fault("drop_after", gateway="stripe", method="POST", path="sessions")
    assert "/c/pay/" in ready.check_out(gateway="stripe").location
    assert sandbox.ledger()["sessions"] == 1


@GATEWAYS
def test_a_gateway_that_hangs_is_not_waited_for_nor_asked_for_a_second_page(
    environment: dict[str, str], ready: Shopper, sandbox: Sandbox, database: Database,
    monkeypatch: Patch, gateway: str,
) -> None:  # fmt: skip
    monkeypatch.setattr(stripe, "TIMEOUT", 0.4)
    monkeypatch.setattr(razorpay, "TIMEOUT", (0.4, 0.4))
    hasty = Shopper(create_app(environment))
    hasty.add("MUG", 2)
    sandbox.fault("delay_after", gateway=gateway, method="POST", count=3, seconds=2.0)
    waiting = hasty.check_out(gateway=gateway)
    assert waiting.location == f"/payments/{attempt_of(database)['_id']}"
    _behave(sandbox)
    link = soup(hasty.get(waiting.location)).select_one("#payment .button")
    assert link is not None
    hasty.come_back(sandbox, str(link["href"]), gateway)
    assert kept(sandbox) == [4890]
    assert sandbox.ledger()["sessions"] == 1


@GATEWAYS
def test_no_other_gateway_while_the_breaker_keeps_the_first_from_being_asked(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    attempt = attempt_of(database)
    sandbox.fault("html_502", gateway=gateway, count=None)
    for _ in range(12):
        service(Settlement, app).settle(attempt["_id"])
    assert service(Switchboard, app).offered((gateway, OTHER[gateway])) == (OTHER[gateway],)
    _behave(sandbox)  # the gateway is well again, but is still left alone
    switched = ready.check_out(gateway=OTHER[gateway])
    assert switched.location == f"/payments/{attempt['_id']}"
    assert "do not pay again" in ready.get(switched.location).text
    assert sandbox.ledger()["sessions"] == 1


@GATEWAYS
def test_a_capture_answered_with_an_error_is_shown_as_paid(
    ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    page = ready.check_out(gateway=gateway).location
    sandbox.fault("error_500_after", gateway=gateway, path="capture", count=3)
    order = ready.get(ready.come_back(sandbox, page, gateway).location).text
    assert "Thank you" in order
    assert "Pay now" not in order
    assert kept(sandbox) == [4890]


@GATEWAYS
def test_an_approved_payment_is_not_taken_before_the_claim(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    # Both accounts capture by themselves unless each request says otherwise.
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    assert kept(sandbox) == []
    service(Settlement, app).settle(attempt_of(database)["_id"])
    assert kept(sandbox) == [4890]


@GATEWAYS
@pytest.mark.parametrize(("currency", "minor"), [("JPY", 1500), ("KWD", 1500000)])
def test_minor_units_reach_the_gateway_as_they_are(
    app: Flask, sandbox: Sandbox, gateway: str, currency: str, minor: int
) -> None:
    bare = service(Switchboard, app).bare(gateway)
    assert bare is not None
    attempt = make_attempt(bare, Money.from_major("1500", currency))
    page = bare.open(attempt)
    approve(bare, replace(attempt, session_id=page.id, session_url=page.url), sandbox)
    (payment,) = sandbox.ledger()["payments"]
    assert (payment["amount"], payment["currency"]) == (minor, currency)


@GATEWAYS
def test_the_same_figure_in_another_currency_is_given_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    database["payment_attempts"].update_one({}, {"$set": {"currency": "INR"}})
    service(Settlement, app).settle(attempt_of(database)["_id"])
    assert kept(sandbox) == []
    assert database["captures"].count_documents({}) == 0
    assert database["outbox"].count_documents({"topic": "payments.alert"}) == 1


@GATEWAYS
def test_a_slow_answer_to_one_shopper_holds_up_nobody_else(
    app: Flask, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    other = Shopper(app)
    other.add("MUG", 1)
    forms = [ready.checkout_form(gateway=gateway), other.checkout_form(gateway=gateway)]
    sandbox.fault("delay_before", gateway=gateway, method="POST", seconds=3.0)
    slow = threading.Thread(target=lambda: ready.client.post("/checkout", data=forms[0]))
    slow.start()
    time.sleep(0.5)
    assert other.client.post("/checkout", data=forms[1]).status_code == 303
    assert slow.is_alive()
    slow.join()


# --- several workers ------------------------------------------------------------------------------


@GATEWAYS
def test_return_page_webhook_and_reconciler_at_once_capture_once(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    attempt = attempt_of(database)
    payload = {
        "gateway": gateway,
        "kind": "paid",
        "session_id": attempt["session_id"],
        "attempt_id": attempt["_id"],
    }
    service(Outbox, app).publish(WEBHOOK_RECEIVED, payload)
    _at_once(
        lambda: ready.get(f"/payments/{attempt['_id']}/cancelled"),
        service(Outbox, app).run_one,
        lambda: service(Reconciler, app).run(older_than=timedelta(0)),
        lambda: service(Reconciler, app).run(older_than=timedelta(0)),
    )
    assert kept(sandbox) == [4890]
    assert database["order_events"].count_documents({"kind": "paid"}) == 1


@GATEWAYS
def test_a_worker_whose_lease_ran_out_while_sending_takes_nothing_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    attempt = attempt_of(database)

    def settle() -> None:
        service(Settlement, app).settle(attempt["_id"])

    def overtake() -> None:
        while not database["captures"].find_one({"state": "sending"}):
            time.sleep(0.02)
        database["captures"].update_many({}, {"$set": {"lease_until": now()}})
        settle()

    sandbox.fault("delay_before", gateway=gateway, path="capture", seconds=1.0)
    _at_once(settle, overtake)
    capture = database["captures"].find_one({})
    assert capture
    assert (capture["fence"], capture["state"]) == (2, "captured")  # both sent
    assert kept(sandbox) == [4890]
    assert database["order_events"].count_documents({"kind": "paid"}) == 1


@GATEWAYS
def test_workers_with_wrong_clocks_capture_once(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    monkeypatch: Patch, gateway: str,
) -> None:  # fmt: skip
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    attempt = attempt_of(database)

    def wrong() -> datetime:
        return now() + timedelta(minutes=random.choice([-10, 0, 10]))

    monkeypatch.setattr(payment_repository, "now", wrong)
    _at_once(*[lambda: service(Settlement, app).settle(attempt["_id"])] * 8)
    monkeypatch.undo()
    _recover(app)
    assert kept(sandbox) == [4890]
    assert database["orders"].count_documents({"state": "paid"}) == 1


def test_without_redis_a_form_sent_twice_is_one_payment(
    environment: dict[str, str], ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    lonely = Shopper(create_app({**environment, "REDIS_URL": "redis://127.0.0.1:1/0"}))
    lonely.add("MUG", 2)
    form = lonely.checkout_form()
    first, second = (lonely.client.post("/checkout", data=form) for _ in range(2))
    assert first.location == second.location
    lonely.come_back(sandbox, first.location, "stripe")
    assert kept(sandbox) == [4890]
    assert database["orders"].count_documents({}) == 1


# --- the database ---------------------------------------------------------------------------------


@pytest.fixture(params=["placing", "claiming", "booking"])
def lost_commit(request: pytest.FixtureRequest, monkeypatch: Patch) -> Iterator[list[str]]:
    """One transaction is committed, and its answer lost; the list says whether it happened."""
    calls: list[str] = []
    lost = ["placing", "claiming", "booking"].index(request.param) + 1
    commit = Database.in_transaction

    def cut(self: Database, work: Callable[..., object], **options: bool) -> object:
        result = commit(self, work, **options)
        calls.append("commit")
        if len(calls) == lost:
            raise PyMongoError("the answer to the commit was lost")
        return result

    monkeypatch.setattr(Database, "in_transaction", cut)
    yield calls
    assert len(calls) >= lost


@GATEWAYS
def test_a_commit_whose_answer_was_lost_is_read_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    lost_commit: list[str], gateway: str,
) -> None:  # fmt: skip
    form = ready.checkout_form(gateway=gateway)

    def press() -> TestResponse:
        database["idempotency_keys"].update_many({}, {"$set": {"locked_until": now()}})
        return ready.client.post("/checkout", data=form)

    page = press()
    page = press() if page.status_code == 503 else page
    ready.come_back(sandbox, page.location, gateway)
    _recover(app)
    assert kept(sandbox) == [4890]
    assert [order["state"] for order in database["orders"].find({})] == ["paid"]


def _backup(database: Database) -> Callable[[], None]:
    """Copy the whole database now; call the result to go back to it."""
    kept = {"migrations", "migration_lock"}
    copy = {name: list(database[name].find({})) for name in database.collections() - kept}

    def restore() -> None:
        for name in database.collections() - kept:
            database[name].delete_many({})
            if copy.get(name):
                database[name].insert_many(copy[name])

    return restore


@GATEWAYS
def test_after_a_restored_backup_the_captured_payment_is_found_and_not_made_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    page = ready.check_out(gateway=gateway).location
    restore = _backup(database)
    ready.come_back(sandbox, page, gateway)
    restore()
    again = ready.check_out(gateway=OTHER[gateway])
    assert again.location == f"/payments/{attempt_of(database)['_id']}"
    assert kept(sandbox) == [4890]
    assert database["orders"].count_documents({"state": "paid"}) == 1
    assert service(Audit, app).run() == []


@GATEWAYS
def test_an_order_number_given_out_again_is_not_taken_for_the_paid_one(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    restore = _backup(database)
    ready.pay(sandbox, gateway)
    restore()  # the counter of numbers is back as well, and the order is lost
    assert [each.difference for each in service(Audit, app).run()] == [Difference.UNKNOWN]
    ready.check_out(gateway=gateway)
    assert len({each["order_number"] for each in database["payment_attempts"].find({})}) == 1
    service(Settlement, app).settle(attempt_of(database)["_id"])
    assert database["orders"].count_documents({"state": "paid"}) == 0
    assert [each.difference for each in service(Audit, app).run()] == [Difference.UNKNOWN]
    assert kept(sandbox) == [4890]


# --- staff, refunds, settings ---------------------------------------------------------------------


def test_a_late_payment_that_razorpay_captures_by_itself_is_refunded_once(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, environment: dict[str, str]
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    ready.come_back(sandbox, ready.check_out(gateway="stripe").location, "stripe")
    late = sandbox.pay_razorpay(page)["razorpay_payment_id"]
    _capture_by_hand(sandbox, environment, late)
    assert kept(sandbox) == [4890, 4890]
    attempt = attempt_of(database, gateway="razorpay")
    _at_once(*[lambda: service(Settlement, app).settle(attempt["_id"])] * 6)
    _recover(app)
    assert kept(sandbox) == [4890]
    assert [refund["amount"] for refund in sandbox.ledger()["refunds"]] == [4890]


@GATEWAYS
def test_a_refund_whose_key_the_gateway_has_forgotten_is_not_made_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.pay(sandbox, gateway)
    order = database["orders"].find_one({})
    assert order
    sandbox.fault("drop_after", gateway=gateway, method="POST", path="refund", count=3)
    wish = RefundWish(quantities={1: 1})
    service(Refunding, app).request(order["_id"], wish, key="k", reason="", restock=False, by="Eve")
    _behave(sandbox)
    database["refunds"].update_many({}, {"$set": {"state": "sending"}, "$inc": {"key_round": 1}})
    _recover(app)
    assert [refund["amount"] for refund in sandbox.ledger()["refunds"]] == [2145]
    assert kept(sandbox) == [2745]


@GATEWAYS
def test_an_event_that_the_queue_delivers_again_takes_nothing(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.pay(sandbox, gateway)
    attempt = attempt_of(database)
    payload = {"gateway": gateway, "kind": "paid", "session_id": "", "attempt_id": attempt["_id"]}
    name = service(Outbox, app).publish(WEBHOOK_RECEIVED, payload)
    for _ in range(3):
        database["outbox"].update_one({"_id": name}, {"$set": {"state": "pending", "done": []}})
        while service(Worker, app).round():
            pass
    assert kept(sandbox) == [4890]
    assert database["order_events"].count_documents({"kind": "paid"}) == 1
