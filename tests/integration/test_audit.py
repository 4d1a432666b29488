"""The books against the gateways' lists."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
import requests
import stripe
from flask import Flask

from app.checkout import audit
from app.checkout.audit import Audit, Difference, Discrepancy
from app.db.database import Database
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.clock import now
from app.web.registry import service
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS
from tests.support.shopper import Shopper


def _audit(app: Flask) -> list[tuple[Difference, bool]]:
    found: list[Discrepancy] = service(Audit, app).run()
    return [(each.difference, each.mended) for each in found]


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
    requests.post(
        f"{sandbox.url}/v1/payments/{stray}/capture",
        json={"amount": 4890, "currency": "USD"},
        auth=(environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"]),
        timeout=5,
    ).raise_for_status()
    assert len(sandbox.captures()) == 2
    assert _audit(app) == [(Difference.SECOND, True)]
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert _audit(app) == []
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 1


def test_a_losing_payment_that_staff_capture_days_later_is_given_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, environment: dict[str, str],
    database: Database, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    ready.come_back(sandbox, ready.check_out(gateway="stripe").location, "stripe")
    late = sandbox.pay_razorpay(page)["razorpay_payment_id"]
    assert _audit(app) == [(Difference.LEFT_OVER, True)]  # left to lapse, in up to five days
    requests.post(
        f"{sandbox.url}/v1/payments/{late}/capture",
        json={"amount": 4890, "currency": "USD"},
        auth=(environment["RAZORPAY_KEY_ID"], environment["RAZORPAY_KEY_SECRET"]),
        timeout=5,
    ).raise_for_status()
    monkeypatch.setattr(audit, "now", lambda: now() + timedelta(days=5))
    assert _audit(app) == [(Difference.SECOND, True)]
    assert [amount for _, amount in sandbox.captures()] == [4890]
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
    from app.checkout.settlement import Settlement

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
