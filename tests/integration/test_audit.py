"""The books against the gateways' lists."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
import requests
import stripe
from flask import Flask

from app.checkout import audit
from app.checkout.audit import Audit, Difference, Discrepancy
from app.checkout.reconciliation import Reconciler
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.orders.models import Order
from app.orders.service import OrderService
from app.payments.events import ALERT
from app.payments.models import ListedPayment
from app.payments.service import PaymentService
from app.shared.clock import now
from app.shared.errors import Conflict
from app.web.registry import service
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.payments import GATEWAYS, attempt_of
from tests.support.shopper import Shopper


def _audit(app: Flask) -> list[tuple[Difference, bool]]:
    found: list[Discrepancy] = service(Audit, app).run()
    return [(each.difference, each.mended) for each in found]


def _capture_by_hand(sandbox: Sandbox, environment: dict[str, str], payment_id: str) -> None:
    """In the gateway's dashboard."""
    if payment_id.startswith("pi_"):
        secret, base = environment["STRIPE_SECRET_KEY"], {"api": sandbox.url}
        stripe.StripeClient(secret, base_addresses=base).v1.payment_intents.capture(payment_id)
        return
    requests.post(
        f"{sandbox.url}/v1/payments/{payment_id}/capture",
        json={"amount": 4890, "currency": "USD"},
        auth=(environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"]),
        timeout=5,
    ).raise_for_status()


@GATEWAYS
def test_a_normal_day_has_no_discrepancies(
    app: Flask, ready: Shopper, sandbox: Sandbox, gateway: str
) -> None:
    ready.pay(sandbox, gateway)
    ready.add("MUG", 1)
    ready.check_out(gateway=gateway)  # left open
    assert _audit(app) == []


@GATEWAYS
def test_a_payment_nobody_came_back_with_is_found_and_booked(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    assert _audit(app) == [(Difference.LEFT_OVER, True)]
    assert _audit(app) == []
    assert database["orders"].count_documents({"state": "paid"}) == 1
    assert len(sandbox.captures()) == 1


def test_a_second_payment_of_one_razorpay_order_is_given_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str], database: Database
) -> None:
    location = ready.check_out(gateway="razorpay").location
    page = ready.get(location).text
    first, second = sandbox.pay_razorpay(page), sandbox.pay_razorpay(page)
    ready.client.post("/payments/razorpay/callback", data=first)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    # Somebody captures the other one by hand, in the gateway's dashboard.
    paid = [each["id"] for each in sandbox.ledger()["payments"] if each["captured"]]
    (stray,) = {first["razorpay_payment_id"], second["razorpay_payment_id"]} - set(paid)
    _capture_by_hand(sandbox, environment, stray)
    assert len(sandbox.captures()) == 2
    assert _audit(app) == [(Difference.SECOND, True)]
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _audit(app) == []
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 2


def test_a_reading_from_before_a_payment_was_given_back_gives_nothing_back_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str], database: Database
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    payments = [sandbox.pay_razorpay(page)["razorpay_payment_id"] for _ in range(2)]
    settlement, known = service(Settlement, app), service(PaymentService, app)
    attempt = known.get(attempt_of(database)["_id"])
    readings = [known.observe(attempt)]
    for each in payments:
        _capture_by_hand(sandbox, environment, each)
    readings.append(known.observe(attempt))
    settlement.settle(attempt.id)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    for early in readings:
        settlement._apply(attempt, early)
    assert len(sandbox.ledger()["refunds"]) == 1
    assert database["order_events"].count_documents({"kind": "refund_failed"}) == 0
    assert database["authorisations"].count_documents({"state": "refunded"}) == 1


def test_a_losing_payment_that_staff_capture_days_later_is_given_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str],
    database: Database, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    ready.come_back(sandbox, ready.check_out(gateway="stripe").location, "stripe")
    late = sandbox.pay_razorpay(page)["razorpay_payment_id"]
    assert _audit(app) == [(Difference.LEFT_OVER, True)]  # left to lapse, in up to five days
    _capture_by_hand(sandbox, environment, late)
    monkeypatch.setattr(audit, "now", lambda: now() + timedelta(days=5))
    assert _audit(app) == [(Difference.SECOND, True)]
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _audit(app) == []


def test_who_is_told_that_a_hold_lapses_is_told_as_well_that_it_was_taken_and_sent_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str],
    database: Database, mailbox: Mailbox,
) -> None:  # fmt: skip
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    ready.come_back(sandbox, ready.check_out(gateway="stripe").location, "stripe")
    late = sandbox.pay_razorpay(page)
    ready.client.post("/payments/razorpay/callback", data=late)

    def told() -> list[str]:
        mails = mailbox.read("ann@example.com")
        bodies = [mail.get_body(("plain",)) for mail in mails if "About a" in mail["Subject"]]
        return [body.get_content() for body in bodies if body]

    assert len(told()) == 1
    assert "releases the hold by itself" in told()[0]
    _capture_by_hand(sandbox, environment, late["razorpay_payment_id"])
    assert _audit(app) == [(Difference.SECOND, True)]
    assert _audit(app) == []
    assert len(told()) == 2
    assert "The money was sent back." in told()[1]
    notes = list(database["order_events"].find({"kind": "payment_returned"}).sort("at", 1))
    assert ["sent back" in each["message"] for each in notes] == [False, True]
    assert all(each["public"] for each in notes)
    assert database["outbox"].count_documents({"topic": ALERT}) == 2


def test_a_razorpay_payment_of_another_session_is_no_order_s_whatever_its_notes_say(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str], database: Database
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    keys = (environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"])
    stray = requests.post(
        f"{sandbox.url}/v1/orders",
        json={"amount": 4890, "currency": "USD", "receipt": "elsewhere"},
        auth=keys,
        timeout=5,
    ).json()
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    paid = sandbox.pay_razorpay(page.replace(attempt["session_id"], stray["id"]))
    payment_id = paid["razorpay_payment_id"]
    assert _audit(app) == [(Difference.UNKNOWN, False)]
    arguments = ["payments", "give-back", "razorpay", payment_id]
    result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, result.output
    assert sandbox.captures() == []
    assert _audit(app) == []


def test_a_captured_payment_whose_booking_was_lost_is_booked(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, environment: dict[str, str]
) -> None:
    ready.approve(sandbox, ready.check_out().location, "stripe")
    (payment,) = sandbox.ledger()["payments"]
    client = stripe.StripeClient(
        environment["STRIPE_SECRET_KEY"], base_addresses={"api": sandbox.url}
    )
    client.v1.payment_intents.capture(payment["id"])
    assert _audit(app) == [(Difference.NOT_BOOKED, True)]
    assert database["orders"].count_documents({"state": "paid"}) == 1
    assert [amount for _, amount in sandbox.captures()] == [4890]


def test_a_payment_given_back_is_not_taken_for_the_order_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, environment: dict[str, str]
) -> None:
    location = ready.check_out().location
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    ready.approve(sandbox, location, "stripe")
    (payment,) = sandbox.ledger()["payments"]
    client = stripe.StripeClient(
        environment["STRIPE_SECRET_KEY"], base_addresses={"api": sandbox.url}
    )
    client.v1.payment_intents.capture(payment["id"])
    client.v1.refunds.create({"payment_intent": payment["id"]})
    assert _audit(app) == []
    service(Settlement, app).settle(attempt["_id"])
    assert database["orders"].count_documents({"state": "paid"}) == 0
    assert database["captures"].count_documents({}) == 0


def test_money_of_somebody_else_is_reported_and_left_alone(
    app: Flask, sandbox: Sandbox, environment: dict[str, str]
) -> None:
    client = stripe.StripeClient(
        environment["STRIPE_SECRET_KEY"], base_addresses={"api": sandbox.url}
    )
    session = client.v1.checkout.sessions.create(
        {
            "mode": "payment",
            "success_url": "http://x",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": "usd",
                        "unit_amount": 900,
                        "product_data": {"name": "Elsewhere"},
                    },
                }
            ],
        }
    )
    assert session.url
    sandbox.pay_stripe(session.url)
    assert _audit(app) == [(Difference.UNKNOWN, False)]
    result = app.test_cli_runner().invoke(args=["payments", "reconcile"])
    assert result.exit_code == 1
    assert "needs a person" in result.output
    assert len(sandbox.captures()) == 1


def test_what_staff_gave_back_of_a_losing_payment_is_not_given_back_twice(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str], database: Database
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    for each in [sandbox.pay_razorpay(page)["razorpay_payment_id"] for _ in range(2)]:
        _capture_by_hand(sandbox, environment, each)
        requests.post(
            f"{sandbox.url}/v1/payments/{each}/refund",
            json={"amount": 1000},
            auth=(environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"]),
            timeout=5,
        ).raise_for_status()
    service(Settlement, app).settle(attempt_of(database)["_id"])
    made = sandbox.ledger()["refunds"]
    assert sorted(each["amount"] for each in made) == [1000, 1000, 3890]


def test_only_money_that_no_order_is_behind_is_given_back_by_hand_and_what_is_left_of_it(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str]
) -> None:
    ready.pay(sandbox)
    payments = service(PaymentService, app)

    def listed() -> ListedPayment:
        ((_, found),) = payments.recent_payments(now() - timedelta(hours=1))
        return found

    def of_nobody() -> ListedPayment:
        return replace(listed(), session_id="", attempt_id="")

    assert payments.find_of_listed("stripe", listed())
    assert payments.find_of_listed("razorpay", replace(listed(), session_id="")) is None
    with pytest.raises(Conflict):
        payments.give_back_unknown("stripe", listed())
    assert sandbox.ledger()["refunds"] == []
    client = stripe.StripeClient(
        environment["STRIPE_SECRET_KEY"], base_addresses={"api": sandbox.url}
    )
    client.v1.refunds.create({"payment_intent": listed().payment.id, "amount": 300})
    assert payments.give_back_unknown("stripe", of_nobody())
    assert not payments.give_back_unknown("stripe", of_nobody())
    assert sorted(each["amount"] for each in sandbox.ledger()["refunds"]) == [300, 4590]


@pytest.mark.parametrize("captured", [False, True])
def test_money_that_a_gateway_does_not_give_back_is_not_called_mended(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    environment: dict[str, str], captured: bool,
) -> None:  # fmt: skip
    ready.approve(sandbox, ready.check_out().location, "stripe")
    database["orders"].update_one({}, {"$set": {"totals.total": 4880}})  # so it is not taken
    if captured:
        (payment,) = sandbox.ledger()["payments"]
        client = stripe.StripeClient(
            environment["STRIPE_SECRET_KEY"], base_addresses={"api": sandbox.url}
        )
        client.v1.payment_intents.capture(payment["id"])
    sandbox.fault("error_500", gateway="stripe", path="refunds|cancel", method="POST", count=None)
    difference = Difference.NOT_BOOKED if captured else Difference.LEFT_OVER
    assert _audit(app) == [(difference, False)]
    assert _audit(app) == [(difference, False)]
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    assert _audit(app) == [(difference, True)]
    assert _audit(app) == []
    assert sandbox.captures() == []


@GATEWAYS
def test_money_given_back_that_the_bank_returns_is_given_back_again(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database,
    environment: dict[str, str], gateway: str,
) -> None:  # fmt: skip
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    (payment,) = sandbox.ledger()["payments"]
    _capture_by_hand(sandbox, environment, payment["id"])
    database["orders"].update_one({}, {"$set": {"totals.total": 4880}})  # so it is not taken
    assert _audit(app) == [(Difference.NOT_BOOKED, True)]
    assert sandbox.captures() == []
    alerts = database["outbox"].count_documents({"topic": ALERT})
    database["orders"].update_one({}, {"$set": {"totals.total": 4890}})
    (refund,) = sandbox.ledger()["refunds"]
    sandbox.end_refund(refund["id"], "failure")
    assert [amount for _, amount in sandbox.captures()] == [4890]
    sandbox.fault("error_500", gateway=gateway, path="refund", method="POST", count=None)
    assert _audit(app) == [(Difference.NOT_BOOKED, False)], "the shopper does not have it"
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    assert _audit(app) == [(Difference.NOT_BOOKED, True)]
    assert sandbox.captures() == []
    assert _audit(app) == []
    assert database["outbox"].count_documents({"topic": ALERT}) == alerts + 1
    assert database["captures"].count_documents({}) == 0, "it was told to be given back"


def test_a_payment_that_cannot_be_given_back_keeps_no_other_from_being_taken(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str], database: Database
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    sandbox.fault("drop_before", path="capture", count=None)
    first = sandbox.pay_razorpay(page)
    ready.client.post("/payments/razorpay/callback", data=first)  # claimed
    second = sandbox.pay_razorpay(page)
    ready.client.post("/payments/razorpay/callback", data=second)  # left to lapse
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    _capture_by_hand(sandbox, environment, second["razorpay_payment_id"])
    database["captures"].update_many({}, {"$set": {"lease_until": now()}})
    sandbox.fault("error_500", gateway="razorpay", path="refund", method="POST", count=None)
    ready.client.post("/payments/razorpay/callback", data=first)
    assert database["orders"].count_documents({"state": "paid"}) == 1
    assert len(sandbox.captures()) == 2
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    service(Reconciler, app).run(older_than=timedelta(0))
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _audit(app) == []


def test_a_comparison_holds_few_orders_in_memory_however_many_there_are(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.pay(sandbox, "stripe")
    (order,) = database["orders"].find()
    more = [
        {**order, "_id": f"ord_{each}", "number": f"MX-9{each}", "checkout_token": f"token-{each}"}
        for each in range(600)
    ]
    database["orders"].insert_many(more)

    def peak(work: Callable[[Iterable[Order]], object]) -> int:
        tracemalloc.start()
        work(service(OrderService, app).paid_since(now() - timedelta(days=1)))
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    assert peak(lambda orders: sum(1 for _ in orders)) < peak(list) / 2
