"""Both gateways over currencies without decimals, with two and with three."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from app.payments.errors import GatewayRefused, GatewayUnknown
from app.payments.gateways.amounts import RAZORPAY, STRIPE, Amounts
from app.payments.gateways.base import Gateway
from app.payments.gateways.switchboard import Switchboard
from app.payments.models import Attempt, RefundState
from app.shared.money import Money
from app.web.registry import service
from tests.gateways.test_contract import approve, make_attempt
from tests.support.gateways import Sandbox

# In the shop's minor units, and what each gateway's ledger has for it.
AMOUNTS = [
    (Money(4900, "JPY"), {"stripe": 4900, "razorpay": 4900}),
    (Money(4900, "USD"), {"stripe": 4900, "razorpay": 4900}),
    (Money(4990, "KWD"), {"stripe": 4990, "razorpay": 4990}),
    (Money(4900, "ISK"), {"stripe": 490_000, "razorpay": 4900}),
    (Money(4900, "ALL"), {"stripe": 490_000, "razorpay": 490_000}),
]


@pytest.fixture(params=["stripe", "razorpay"])
def gateway(request: pytest.FixtureRequest, app: Flask, sandbox: Sandbox) -> Gateway:
    gateway = service(Switchboard, app).bare(request.param)
    assert gateway is not None
    return gateway


def _paid(gateway: Gateway, amount: Money, sandbox: Sandbox) -> tuple[Attempt, str]:
    attempt = make_attempt(gateway, amount)
    session = gateway.open(attempt)
    attempt = replace(attempt, session_id=session.id, session_url=session.url)
    approve(gateway, attempt, sandbox)
    (payment,) = gateway.observe(attempt).payments
    assert payment.amount == amount
    return attempt, payment.id


@pytest.mark.parametrize(("amount", "units"), AMOUNTS, ids=lambda each: str(each)[:24])
def test_an_amount_is_charged_and_refunded_as_it_is(
    gateway: Gateway, sandbox: Sandbox, amount: Money, units: dict[str, int]
) -> None:
    attempt, payment_id = _paid(gateway, amount, sandbox)
    gateway.capture(payment_id, amount, "key")
    assert sandbox.captures() == [("MX-1", units[gateway.name])]
    assert gateway.observe(attempt).payments[0].captured == amount
    part = Money(amount.minor // 2 // 10 * 10, amount.currency)
    gateway.refund(payment_id, part, "refund-key-1", "ref_1")
    (refund,) = gateway.refunds(payment_id)
    assert (refund.amount, refund.state) == (part, RefundState.SUCCEEDED)
    assert gateway.observe(attempt).payments[0].refunded == part


def test_a_last_digit_of_three_decimals_is_refused(gateway: Gateway, sandbox: Sandbox) -> None:
    with pytest.raises(GatewayRefused):
        gateway.open(make_attempt(gateway, Money(4991, "KWD")))
    _, payment_id = _paid(gateway, Money(4990, "KWD"), sandbox)
    gateway.capture(payment_id, Money(4990, "KWD"), "key")
    with pytest.raises(GatewayRefused):
        gateway.refund(payment_id, Money(1001, "KWD"), "refund-key-1")
    assert gateway.refunds(payment_id) == ()


@pytest.mark.parametrize("currency", ["USD", "JPY", "KWD", "INR", "EUR", "HUF", "ISK", "CLP"])
def test_the_minimum_is_taken_and_less_is_refused(
    gateway: Gateway, sandbox: Sandbox, currency: str
) -> None:
    least = gateway.minimum(currency).to_payable()
    least = least if not least < gateway.minimum(currency) else Money(least.minor + 10, currency)
    assert gateway.open(make_attempt(gateway, least)).id
    less = Money(gateway.minimum(currency).minor - 1, currency)
    with pytest.raises(GatewayRefused):
        gateway.open(make_attempt(gateway, less))
    assert sandbox.ledger()["sessions"] == 1


@pytest.mark.parametrize("amounts", [STRIPE, RAZORPAY], ids=["stripe", "razorpay"])
def test_what_the_shop_cannot_count_is_never_guessed(amounts: Amounts) -> None:
    assert amounts.read(4900, "jpy") == Money(4900, "JPY")
    with pytest.raises(GatewayUnknown):
        amounts.read(4950, "ALL")  # half a lek
    for money, _ in AMOUNTS:
        assert amounts.read(amounts.write(money), money.currency) == money
