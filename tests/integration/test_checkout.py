"""From button to paid order, with everything that can go wrong in between.

The gateways' ledger is the judge: at most one capture per order, of the right amount.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests
from flask import Flask

from app.checkout.reconciliation import Reconciler
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from app.worker import Worker
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS
from tests.support.shopper import Shopper, soup


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    """A shopper with two mugs (40.00, tax 2.90, shipping 6.00) in the cart."""
    shopper.add(catalog.mug(stock=5), 2)
    return shopper


def _paid(database: Database) -> list[int]:
    return [order["totals"]["total"] for order in database["orders"].find({"state": "paid"})]


def _reconcile(app: Flask) -> None:
    service(Reconciler, app).run(older_than=timedelta(0))


@GATEWAYS
def test_a_guest_buys(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    page = ready.pay(sandbox, gateway)
    assert "Thank you, Ann" in page.text
    assert _paid(database) == [4890]
    assert [amount for _, amount in sandbox.captures()] == [4890]
    stock = service(InventoryService, app)
    assert stock.on_hand([Sku("MUG")]) == {"MUG": 3}
    assert stock.available([Sku("MUG")]) == {"MUG": 3}
    assert ready.cart_lines() == {}


@GATEWAYS
def test_the_confirmation_is_mailed_once(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str], gateway: str
) -> None:
    from pathlib import Path

    ready.pay(sandbox, gateway)
    worker = service(Worker, app)
    while worker.round():
        pass
    service(Database, app)["outbox"].update_many({}, {"$set": {"state": "pending", "done": []}})
    while worker.round():
        pass
    mails = list((Path(environment["MOSSX_DATA_DIR"]) / "mail").iterdir())
    assert len(mails) == 1
    text = mails[0].read_text()
    assert "multipart/alternative" in text
    assert "ann@example.com" in text
    assert "$48.90" in text


@GATEWAYS
def test_a_double_click_places_one_order(
    ready: Shopper, sandbox: Sandbox, database: Database, app: Flask, gateway: str
) -> None:
    form = ready.checkout_form(gateway=gateway)
    cookies = [ready.client.get_cookie(name) for name in ("mossx_cart", "mossx_visitor")]
    answers: list[tuple[int, str]] = []

    def press() -> None:
        client = app.test_client()
        for cookie in cookies:
            assert cookie is not None
            client.set_cookie(cookie.key, cookie.value)
        answer = client.post("/checkout", data=form)
        answers.append((answer.status_code, answer.location))

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(answers)) == 1, answers
    assert answers[0][0] == 303
    assert database["orders"].count_documents({}) == 1
    assert sandbox.ledger()["sessions"] == 1


@GATEWAYS
def test_two_tabs_pay_one_order(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    first, second = ready.checkout_form(gateway=gateway), ready.checkout_form(gateway=gateway)
    assert first["idempotency_key"] != second["idempotency_key"]
    one = ready.client.post("/checkout", data=first)
    two = ready.client.post("/checkout", data=second)
    assert one.location == two.location
    ready.come_back(sandbox, one.location, gateway)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert database["orders"].count_documents({}) == 1


def test_switching_the_gateway_closes_the_first_page(
    ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    first = ready.check_out(gateway="stripe").location
    second = ready.check_out(gateway="razorpay").location
    assert requests.get(first, timeout=5).status_code == 410
    ready.come_back(sandbox, second, "razorpay")
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _paid(database) == [4890]


def test_a_changed_cart_withdraws_the_earlier_order(
    ready: Shopper, sandbox: Sandbox, database: Database, app: Flask
) -> None:
    first = ready.check_out().location
    ready.add("MUG", 1)
    second = ready.check_out().location
    assert requests.get(first, timeout=5).status_code == 410
    ready.come_back(sandbox, second, "stripe")
    states = sorted(order["state"] for order in database["orders"].find({}))
    assert states == ["cancelled", "paid"]
    assert len(sandbox.captures()) == 1
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 2}


@GATEWAYS
def test_the_way_back_may_be_walked_again_and_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.pay(sandbox, gateway)
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    threads = [
        threading.Thread(target=service(Settlement, app).settle, args=(attempt["_id"],))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ready.get(f"/payments/{attempt['_id']}/cancelled").status_code == 303
    _reconcile(app)
    assert len(sandbox.captures()) == 1
    assert database["order_events"].count_documents({"kind": "paid"}) == 1


@GATEWAYS
def test_simultaneous_settlements_capture_once(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    location = ready.check_out(gateway=gateway).location
    ready.approve(sandbox, location, gateway)
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    threads = [
        threading.Thread(target=service(Settlement, app).settle, args=(attempt["_id"],))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _paid(database) == [4890]
    assert ready.cart_lines() == {}


@GATEWAYS
def test_a_shopper_who_never_comes_back_is_found_by_the_reconciler(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    location = ready.check_out(gateway=gateway).location
    ready.approve(sandbox, location, gateway)
    assert _paid(database) == []
    _reconcile(app)
    assert _paid(database) == [4890]


@GATEWAYS
@pytest.mark.parametrize(
    "fault", ["drop_before", "drop_after", "error_500_after", "html_502", "malformed"]
)
def test_a_lost_answer_to_the_capture_never_charges_twice(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str, fault: str
) -> None:
    answer = ready.check_out(gateway=gateway)
    sandbox.fault(fault, gateway=gateway, path="capture", count=3)
    ready.come_back(sandbox, answer.location, gateway)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    for _ in range(3):
        database["captures"].update_many({}, {"$set": {"lease_until": now()}})
        _reconcile(app)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _paid(database) == [4890]


def test_a_saved_500_does_not_stop_the_capture_for_ever(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    answer = ready.check_out(gateway="stripe")
    sandbox.fault("error_500", gateway="stripe", path="capture")  # saved under its key
    ready.come_back(sandbox, answer.location, "stripe")
    database["captures"].update_many({}, {"$set": {"lease_until": now()}})
    _reconcile(app)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _paid(database) == [4890]


def test_a_page_that_never_opened_is_replaced(
    ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    sandbox.fault("error_500", gateway="stripe", path="sessions")
    assert ready.check_out(gateway="stripe").location.startswith("/payments/")
    long_ago = now() - timedelta(minutes=1)
    database["payment_attempts"].update_many({}, {"$set": {"created_at": long_ago}})
    ready.come_back(sandbox, ready.check_out(gateway="stripe").location, "stripe")
    assert [amount for _, amount in sandbox.captures()] == [4890]


@GATEWAYS
@pytest.mark.parametrize("fault", ["drop_after", "html_502", "delay_after"])
def test_a_lost_answer_to_opening_leaves_the_shopper_on_the_status_page(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str, fault: str
) -> None:
    sandbox.fault(fault, gateway=gateway, method="POST", count=3, seconds=0.1)
    answer = ready.check_out(gateway=gateway)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    assert answer.status_code == 303
    if fault != "delay_after":
        status = ready.get(answer.location)
        assert status.status_code == 200
        link = soup(status).select_one("#payment .button")
        assert link is not None
        location = str(link["href"])
    else:
        location = answer.location
    ready.come_back(sandbox, location, gateway)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert sandbox.ledger()["sessions"] == 1


@GATEWAYS
def test_a_gateway_that_is_silent_is_never_called_unpaid(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    location = ready.check_out(gateway=gateway).location
    ready.approve(sandbox, location, gateway)
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    sandbox.fault("html_502", gateway=gateway, count=None)
    answer = ready.get(f"/payments/{attempt['_id']}/cancelled")
    page = ready.get(answer.location).text
    assert "Please do not pay again" in page
    assert "Pay now" not in page
    assert "do not pay again" in ready.get(f"/payments/{attempt['_id']}").text
    other = {"stripe": "razorpay", "razorpay": "stripe"}[gateway]
    assert ready.check_out(gateway=other).location == f"/payments/{attempt['_id']}"
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    assert "Thank you" in ready.get(answer.location).text
    assert [amount for _, amount in sandbox.captures()] == [4890]


def test_the_same_goods_again_are_warned_of_while_a_payment_is_unknown(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.approve(sandbox, ready.check_out(gateway="razorpay").location, "razorpay")
    sandbox.fault("html_502", gateway="razorpay", count=4)
    other = Shopper(app)  # the same person in another browser
    other.add("MUG", 2)
    warned = other.check_out(gateway="stripe")
    assert warned.status_code == 422
    assert "very same things" in warned.text
    assert database["orders"].count_documents({}) == 1
    form = soup(warned).select_one("main form")
    assert form is not None
    twice = form.select_one("[name=twice]")
    key = form.select_one("[name=idempotency_key]")
    assert twice is not None
    assert key is not None
    insisting = other.check_out(
        gateway="stripe", twice=str(twice["value"]), idempotency_key=str(key["value"])
    )
    assert insisting.status_code == 303
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    other.come_back(sandbox, insisting.location, "stripe")
    _reconcile(app)
    assert [amount for _, amount in sandbox.captures()] == [4890, 4890]
    assert len({number for number, _ in sandbox.captures()}) == 2


@GATEWAYS
def test_when_one_gateway_is_down_the_other_one_sells(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    sandbox.fault("drop_before", gateway=gateway, count=None)
    waiting = ready.check_out(gateway=gateway)
    page = ready.get(waiting.location).text
    assert "Nothing was charged" in page
    assert "Choose another way to pay" in page
    other = {"stripe": "razorpay", "razorpay": "stripe"}[gateway]
    ready.come_back(sandbox, ready.check_out(gateway=other).location, other)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    states = sorted(each["state"] for each in database["payment_attempts"].find({}))
    assert states == ["captured", "expired"]
    assert "did not go through" in ready.get(waiting.location).text


def test_a_gateway_that_keeps_failing_is_not_offered_while_the_other_works(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    sandbox.fault("drop_before", gateway="razorpay", count=None)
    ready.check_out(gateway="razorpay")
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    for _ in range(12):
        service(Settlement, app).settle(attempt["_id"])
    offered = [str(each["value"]) for each in soup(ready.get("/checkout")).select("[name=gateway]")]
    assert offered == ["stripe"]
    ready.pay(sandbox, "stripe")
    assert [amount for _, amount in sandbox.captures()] == [4890]


def test_sold_out_at_the_last_moment_is_said_and_nothing_is_charged(
    ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    form = ready.checkout_form()
    database["stock_levels"].update_one({"_id": "MUG"}, {"$set": {"available": 1}})
    answer = ready.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert database["orders"].count_documents({}) == 0
    assert sandbox.ledger()["sessions"] == 0


@GATEWAYS
def test_a_payment_after_the_hold_ran_out_takes_the_goods_if_they_are_there(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    location = ready.check_out(gateway=gateway).location
    page = ready.get(location).text if gateway == "razorpay" else ""
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    # The money arrives first, the hold is gone when the shop looks.
    if gateway == "stripe":
        sandbox.pay_stripe(location)
    else:
        sandbox.pay_razorpay(page)
    stock = service(InventoryService, app)
    database.in_transaction(lambda session: stock.release(attempt["order_id"], session))
    service(Settlement, app).settle(attempt["_id"])
    assert _paid(database) == [4890]
    assert stock.on_hand([Sku("MUG")]) == {"MUG": 3}


@GATEWAYS
def test_a_payment_for_goods_that_are_gone_is_given_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    location = ready.check_out(gateway=gateway).location
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    stock = service(InventoryService, app)
    page = ready.get(location).text if gateway == "razorpay" else ""
    database.in_transaction(lambda session: stock.release(attempt["order_id"], session))
    stock.set_on_hand({Sku("MUG"): 0}, "theft")
    if gateway == "stripe":
        sandbox.pay_stripe(location)
    else:
        sandbox.pay_razorpay(page)
    for _ in range(2):
        service(Settlement, app).settle(attempt["_id"])
    assert sandbox.captures() == []
    assert _paid(database) == []
    order = database["orders"].find_one({})
    assert order
    assert order["state"] == "cancelled"
    events = database["order_events"].count_documents({"kind": "payment_returned"})
    assert events == 1
    if gateway == "stripe":
        assert sandbox.ledger()["payments"][0]["status"] == "canceled"


def test_a_late_authorisation_after_paying_elsewhere_is_not_captured(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    location = ready.check_out(gateway="razorpay").location
    fields = sandbox.pay_razorpay(ready.get(location).text, "decline")
    assert ready.client.post("/payments/razorpay/callback", data=fields).status_code == 303
    second = ready.check_out(gateway="stripe").location
    ready.come_back(sandbox, second, "stripe")
    failed = next(each for each in sandbox.ledger()["payments"] if each["gateway"] == "razorpay")
    requests.post(f"{sandbox.url}/sandbox/late-authorise/{failed['id']}", timeout=5)
    attempt = database["payment_attempts"].find_one({"gateway": "razorpay"})
    assert attempt
    for _ in range(2):
        service(Settlement, app).settle(attempt["_id"])
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 1


def test_an_abandoned_order_gives_its_goods_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.check_out()
    stock = service(InventoryService, app)
    assert stock.available([Sku("MUG")]) == {"MUG": 3}
    database["stock_holds"].update_many({}, {"$set": {"expires_at": now()}})
    _reconcile(app)
    assert stock.available([Sku("MUG")]) == {"MUG": 5}
    assert [order["state"] for order in database["orders"].find({})] == ["cancelled"]
    assert list(ready.cart_lines().values()) == [2]
    ready.pay(sandbox)
    assert len(sandbox.captures()) == 1


def test_what_is_added_while_paying_stays_in_the_cart(
    ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    location = ready.check_out().location
    ready.add("MUG", 1)
    ready.come_back(sandbox, location, "stripe")
    assert _paid(database) == [4890]
    assert list(ready.cart_lines().values()) == [1]


def test_an_order_paid_in_one_tab_is_shown_in_the_other(ready: Shopper, sandbox: Sandbox) -> None:
    form = ready.checkout_form()
    ready.pay(sandbox)
    answer = ready.client.post("/checkout", data=form)
    assert answer.status_code == 422  # the cart is empty now
    assert "What was in your cart is ordered and paid (order MX-10001)." in answer.text
    assert len(sandbox.captures()) == 1


def test_the_database_allows_one_capture_per_order(database: Database) -> None:
    from app.db.errors import DuplicateKeyError

    capture = {"_id": "order", "attempt_id": "a", "gateway": "stripe", "payment_id": "p", "amount": 1, "currency": "USD", "fence": 0, "state": "claimed", "lease_until": now(), "updated_at": now(), "refundable": 1, "refund_count": 0}  # fmt: skip
    database["captures"].insert_one(capture)
    with pytest.raises(DuplicateKeyError):
        database["captures"].insert_one({**capture, "payment_id": "other"})


def test_payments_that_a_silent_gateway_cannot_open_keep_no_other_waiting(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    sandbox.fault("html_502", gateway="stripe", count=None)
    for _ in range(3):
        other = Shopper(app)
        other.add("MUG", 1)
        other.check_out(gateway="stripe", email="somebody@example.com")
    assert database["payment_attempts"].count_documents({"state": "created"}) == 3
    long_ago = now() - timedelta(minutes=5)
    database["payment_attempts"].update_many({}, {"$set": {"updated_at": long_ago}})
    ready.approve(sandbox, ready.check_out(gateway="razorpay").location, "razorpay")
    for _ in range(2):
        service(Reconciler, app).run(older_than=timedelta(0), most=3)
    assert _paid(database) == [4890]
