"""The sandbox is as strict as the real thing."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
import stripe

from dev.stack import Stack
from tests.support.gateways import Sandbox

LINE = {"quantity": 1, "price_data": {"currency": "usd", "unit_amount": 900, "product_data": {"name": "X"}}}  # fmt: skip
SESSION: dict[str, Any] = {"mode": "payment", "success_url": "http://x/{CHECKOUT_SESSION_ID}", "line_items": [LINE]}  # fmt: skip


@pytest.fixture
def client(stack: Stack, sandbox: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient(
        stack.environment["STRIPE_SECRET_KEY"], base_addresses={"api": sandbox.url}
    )


@pytest.fixture
def razorpay_keys(stack: Stack) -> tuple[str, str]:
    return stack.environment["RAZORPAY_KEY_ID"], stack.environment["RAZORPAY_KEY_SECRET"]


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"favourite_colour": "red"}, "favourite_colour"),
        ({"line_items": [{**LINE, "quantity": "many"}]}, "line_items[0][quantity]"),
        ({"payment_method_types": ["card"]}, "payment_method_types"),
        ({"allowed_payment_method_types": ["seashells"]}, "allowed_payment_method_types[0]"),
        (
            {"payment_intent_data": {"capture_method": "perhaps"}},
            "payment_intent_data[capture_method]",
        ),
        ({"expires_at": 1}, "expires_at"),
    ],
)
def test_stripe_refuses_unknown_and_ill_typed_parameters(
    client: stripe.StripeClient, change: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.checkout.sessions.create(params={**SESSION, **change})
    assert refusal.value.param == param


def test_stripe_replays_and_guards_its_keys(client: stripe.StripeClient) -> None:
    options: Any = {"idempotency_key": "k1"}
    first = client.v1.checkout.sessions.create(params=SESSION, options=options)
    again = client.v1.checkout.sessions.create(params=SESSION, options=options)
    assert first.id == again.id
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    other: Any = {**SESSION, "client_reference_id": "x"}
    with pytest.raises(stripe.IdempotencyError):
        client.v1.checkout.sessions.create(params=other, options=options)


def test_stripe_saves_even_a_500(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault("error_500", gateway="stripe")
    options: Any = {"idempotency_key": "k500"}
    for _ in range(2):
        with pytest.raises(stripe.APIError):
            client.v1.checkout.sessions.create(params=SESSION, options=options)
    assert sandbox.ledger()["sessions"] == 0


def test_stripe_answers_409_while_the_first_is_in_flight(stack: Stack, sandbox: Sandbox) -> None:
    key = stack.environment["STRIPE_SECRET_KEY"]
    body = {"mode": "payment", "success_url": "http://x", "line_items[0][quantity]": "1", "line_items[0][price_data][currency]": "usd", "line_items[0][price_data][unit_amount]": "900", "line_items[0][price_data][product_data][name]": "X"}  # fmt: skip
    statuses: list[int] = []

    def post() -> None:
        headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "race"}
        answer = requests.post(
            f"{sandbox.url}/v1/checkout/sessions", data=body, headers=headers, timeout=9
        )
        statuses.append(answer.status_code)

    threads = [threading.Thread(target=post) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409}
    assert 200 in statuses
    assert sandbox.ledger()["sessions"] == 1


def test_a_wrong_key_is_refused(sandbox: Sandbox) -> None:
    client = stripe.StripeClient("sk_test_wrong", base_addresses={"api": sandbox.url})
    with pytest.raises(stripe.AuthenticationError):
        client.v1.refunds.list()
    answer = requests.get(f"{sandbox.url}/v1/orders", auth=("a", "b"), timeout=5)
    assert answer.status_code == 401


def test_three_d_secure_asks_first(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = client.v1.checkout.sessions.create(params=SESSION)
    assert session.url
    challenge = sandbox.pay_stripe(session.url, "challenge")
    assert "Complete authentication" in challenge.text
    assert sandbox.pay_stripe(session.url, "challenge_done").status_code == 303
    assert client.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_a_payment_page_expires_once(client: stripe.StripeClient, sandbox: Sandbox) -> None:
    session = client.v1.checkout.sessions.create(params=SESSION)
    assert session.url
    assert client.v1.checkout.sessions.expire(session.id).status == "expired"
    assert sandbox.pay_stripe(session.url).status_code == 410
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.checkout.sessions.expire(session.id)


def test_razorpay_refuses_undocumented_fields(
    sandbox: Sandbox, razorpay_keys: tuple[str, str]
) -> None:
    for body in ({"amount": 5000}, {"amount": "5000", "currency": "INR"}, {"amount": 5000, "currency": "INR", "colour": "red"}, {"amount": 5, "currency": "INR"}, {"amount": 5000, "currency": "INR", "receipt": "x" * 41}, {"amount": 5000, "currency": "INR", "notes": {str(n): "" for n in range(16)}}):  # fmt: skip
        answer = requests.post(f"{sandbox.url}/v1/orders", json=body, auth=razorpay_keys, timeout=5)
        assert answer.status_code == 400, body
        assert answer.json()["error"]["code"] == "BAD_REQUEST_ERROR"
    assert sandbox.ledger()["sessions"] == 0


def test_a_payment_is_captured_once_however_many_try(
    client: stripe.StripeClient, sandbox: Sandbox
) -> None:
    params: Any = {**SESSION, "payment_intent_data": {"capture_method": "manual"}}
    session = client.v1.checkout.sessions.create(params=params)
    assert session.url
    sandbox.pay_stripe(session.url)
    intent = client.v1.checkout.sessions.retrieve(session.id).payment_intent
    done: list[str] = []

    def capture() -> None:
        try:
            done.append(client.v1.payment_intents.capture(str(intent)).status)
        except stripe.InvalidRequestError:
            done.append("refused")

    threads = [threading.Thread(target=capture) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == ["refused"] * 7 + ["succeeded"]


def test_a_fault_that_makes_no_sense_is_refused(sandbox: Sandbox) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/faults", json=[{"kind": "explode"}], timeout=5)
    assert answer.status_code == 422
