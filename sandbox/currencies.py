"""How each gateway counts a currency, and the least it charges, after their documentation."""

from __future__ import annotations

_ZERO = {
    "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "PYG", "RWF", "VND", "VUV", "XAF", "XOF",
    "XPF",
}  # fmt: skip
STRIPE_ZERO = frozenset({*_ZERO, "MGA"})
RAZORPAY_ZERO = frozenset({*_ZERO, "ISK", "UGX"})
THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "OMR", "TND"})
_WHOLE_AT_STRIPE = frozenset({"ISK", "UGX"})  # counted in hundredths, charged in whole ones
_STRIPE_LEAST = {
    "AED": 200, "BGN": 100, "CZK": 1500, "DKK": 250, "GBP": 30, "HKD": 400, "HUF": 17500,
    "MXN": 1000, "MYR": 200, "NOK": 300, "PLN": 200, "RON": 200, "SEK": 300, "THB": 1000,
    "ARS": 50, "AUD": 50, "BRL": 50, "CAD": 50, "CHF": 50, "COP": 50, "EUR": 50, "IDR": 50,
    "ILS": 50, "INR": 50, "JPY": 50, "KRW": 50, "NZD": 50, "PHP": 50, "RUB": 50, "SGD": 50,
    "USD": 50, "ZAR": 50,
}  # fmt: skip


def decimals(gateway: str, currency: str) -> int:
    """The decimals that a gateway's amounts of a currency have."""
    code = currency.upper()
    zero = STRIPE_ZERO if gateway == "stripe" else RAZORPAY_ZERO
    return 0 if code in zero else 3 if code in THREE else 2


def stripe_minimum(currency: str) -> int:
    """Stripe's minimum charge, in its units."""
    return _STRIPE_LEAST.get(currency.upper(), 1)


def stripe_step(currency: str) -> int:
    """What Stripe's amounts of a currency are multiples of."""
    code = currency.upper()
    return 10 if code in THREE else 100 if code in _WHOLE_AT_STRIPE else 1


def razorpay_step(currency: str) -> int:
    """What Razorpay's amounts of a currency are multiples of."""
    return 10 if currency.upper() in THREE else 1
