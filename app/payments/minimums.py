"""The least that gateways charge, as they document it; a rest below is not to be left to them."""

from __future__ import annotations

from collections.abc import Iterable

from app.shared.money import Money, exponent

# https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in minor units.
_STRIPE = {"USD": 50, "EUR": 50, "GBP": 30, "INR": 50, "JPY": 50, "CHF": 50, "CAD": 50, "AUD": 50}
_RAZORPAY = {"INR": 100}
_BY_GATEWAY = {"stripe": _STRIPE, "razorpay": _RAZORPAY}


def least_charge(gateways: Iterable[str], currency: str) -> Money:
    """The least that every one of these gateways charges; one major unit where none is known."""
    one = 10 ** exponent(currency)
    known = [_BY_GATEWAY.get(each, {}).get(currency, one) for each in gateways]
    return Money(max(known, default=0), currency)
