"""Ways in which shops charge twice that no other test shows; the list is in docs/payments.md."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
import requests
from flask import Flask

from app.checkout.reconciliation import Reconciler
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.db.outbox import Outbox
from app.inventory.service import InventoryService
from app.payments.events import WEBHOOK_RECEIVED
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from app.worker import Worker
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS, attempt_of
from tests.support.shopper import Shopper


def test_three_d_secure_in_one_tab_and_the_same_page_in_another(
    ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    page = ready.check_out(gateway="stripe").location
    again = ready.check_out(gateway="stripe").location
    assert page == again
    assert "Complete authentication" in sandbox.pay_stripe(page, "challenge").text
    ready.come_back(sandbox, again, "stripe")
    sandbox.pay_stripe(page, "challenge_done")
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    ready.get(f"/payments/{attempt['_id']}")
    assert [amount for _, amount in sandbox.captures()] == [4890]


@GATEWAYS
def test_events_in_any_order_and_number_capture_once(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    kinds = ["captured", "created", "authorized", "failed", "completed", "expired"] * 2
    random.Random(1).shuffle(kinds)
    for number, kind in enumerate(kinds):
        payload = {
            "gateway": gateway,
            "kind": kind,
            "session_id": attempt["session_id"],
            "attempt_id": attempt["_id"],
        }
        service(Outbox, app).publish(WEBHOOK_RECEIVED, payload, key=f"event-{number}")
    while service(Worker, app).round():
        pass
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert database["order_events"].count_documents({"kind": "paid"}) == 1


def test_no_other_gateway_while_a_razorpay_payment_is_under_way(
    ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    location = ready.check_out(gateway="razorpay").location
    sandbox.ask_razorpay(ready.get(location).text)
    switched = ready.check_out(gateway="stripe")
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    assert switched.location == f"/payments/{attempt['_id']}"
    assert sandbox.ledger()["sessions"] == 1
    assert "do not pay again" in ready.get(switched.location).text


@pytest.mark.parametrize(
    ("attempt_says", "order_says"),
    [({"amount": 4880}, {"totals.total": 4880}), ({"currency": "INR"}, {"currency": "INR"})],
    ids=["amount", "currency"],
)
@GATEWAYS
def test_a_payment_of_another_amount_is_given_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str,
    attempt_says: dict[str, int | str], order_says: dict[str, int | str],
) -> None:  # fmt: skip
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    database["payment_attempts"].update_one({}, {"$set": attempt_says})
    database["orders"].update_one({}, {"$set": order_says})
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    service(Settlement, app).settle(attempt["_id"])
    assert sandbox.captures() == []
    assert database["captures"].count_documents({}) == 0
    assert database["outbox"].count_documents({"topic": "payments.alert"}) == 1


@GATEWAYS
def test_an_order_that_differs_from_its_attempt_is_not_captured(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    database["orders"].update_one({}, {"$set": {"totals.total": 4880}})
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    service(Settlement, app).settle(attempt["_id"])
    assert sandbox.captures() == []


def test_orders_placed_at_once_have_numbers_of_their_own_without_gaps(
    app: Flask, catalog: CatalogMaker, database: Database
) -> None:
    catalog.mug(stock=50)
    shoppers = [Shopper(app) for _ in range(8)]
    forms = []
    for number, shopper in enumerate(shoppers):
        shopper.add("MUG", 1)
        forms.append(shopper.checkout_form(email=f"a{number}@example.com"))

    def press(number: int) -> None:
        shoppers[number].client.post("/checkout", data=forms[number])

    threads = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(int(order["number"][3:]) for order in database["orders"].find({}))
    assert numbers == list(range(10_001, 10_009))


@GATEWAYS
def test_money_captured_by_hand_before_the_claim_is_the_order_s_payment(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    environment: dict[str, str], gateway: str,
) -> None:  # fmt: skip
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    (payment,) = sandbox.ledger()["payments"]
    if gateway == "stripe":
        answer = requests.post(
            f"{sandbox.url}/v1/payment_intents/{payment['id']}/capture",
            headers={"Authorization": f"Bearer {environment['STRIPE_SECRET_KEY']}"},
            timeout=5,
        )
    else:
        answer = requests.post(
            f"{sandbox.url}/v1/payments/{payment['id']}/capture",
            json={"amount": 4890, "currency": "USD"},
            auth=(environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"]),
            timeout=5,
        )
    assert answer.ok, answer.text
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    service(Settlement, app).settle(attempt["_id"])
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert [order["state"] for order in database["orders"].find({})] == ["paid"]


def test_a_page_opened_before_the_cart_was_paid_elsewhere_cannot_be_paid(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    stripe_page = ready.check_out(gateway="stripe").location
    razorpay = ready.check_out(gateway="razorpay").location
    ready.come_back(sandbox, razorpay, "razorpay")
    assert sandbox.pay_stripe(stripe_page).status_code == 410
    assert [amount for _, amount in sandbox.captures()] == [4890]


def test_the_callback_needs_no_cookie(app: Flask, ready: Shopper, sandbox: Sandbox) -> None:
    location = ready.check_out(gateway="razorpay").location
    fields = sandbox.pay_razorpay(ready.get(location).text)
    stranger = app.test_client()
    answer = stranger.post("/payments/razorpay/callback", data=fields)
    assert answer.status_code == 303
    assert answer.location.startswith("/orders/MX-")
    assert len(sandbox.captures()) == 1


def test_a_late_payment_of_a_page_that_was_left_for_another_is_told_as_it_is(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    location = ready.check_out(gateway="razorpay").location
    fields = sandbox.pay_razorpay(ready.get(location).text, "decline")
    ready.client.post("/payments/razorpay/callback", data=fields)
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    second = ready.check_out(gateway="stripe").location
    (failed,) = sandbox.ledger()["payments"]
    requests.post(f"{sandbox.url}/sandbox/late-authorise/{failed['id']}", timeout=5)
    service(Settlement, app).settle(attempt["_id"])
    (note,) = database["order_events"].find({"kind": "payment_returned"})
    assert "Another way to pay was chosen before the payment arrived" in note["message"]
    page = ready.get(ready.come_back(sandbox, second, "stripe").location)
    assert "Your payment of $48.90" in page.text
    assert [amount for _, amount in sandbox.captures()] == [4890]


def test_a_page_whose_first_payment_was_given_back_is_told_as_paid_once_it_is(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    database["stock_holds"].update_many({}, {"$set": {"expires_at": now()}})
    service(Reconciler, app).run(timedelta(0))
    stock = service(InventoryService, app)
    stock.set_on_hand({Sku("MUG"): 0}, "somebody else bought them")
    ready.client.post("/payments/razorpay/callback", data=sandbox.pay_razorpay(page))
    attempt = attempt_of(database)
    assert "the money is being released" in ready.get(f"/payments/{attempt['_id']}").text
    stock.set_on_hand({Sku("MUG"): 5}, "a delivery")
    ready.client.post("/payments/razorpay/callback", data=sandbox.pay_razorpay(page))
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert ready.get(f"/payments/{attempt['_id']}").status_code == 303, "to the paid order"


def test_a_page_that_lost_to_another_loses_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    left = attempt_of(database)["_id"]
    second = ready.check_out(gateway="stripe").location
    for _ in range(2):
        sandbox.pay_razorpay(page)
        service(Settlement, app).settle(left)
    assert database["captures"].count_documents({}) == 0
    ready.come_back(sandbox, second, "stripe")
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert [order["gateway"] for order in database["orders"].find({})] == ["stripe"]
