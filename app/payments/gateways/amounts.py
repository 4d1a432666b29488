"""Amounts as the gateways count and limit them.

Sources: Stripe's documentation, "Supported currencies" (zero-decimal, three-decimal and special
cases; minimum charge amounts); Razorpay's, "Supported currencies" with their exponents, "Orders
API" (zero and three decimals) and its error "The amount must be at least INR 1.00".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.payments.errors import GatewayUnknown
from app.shared.money import Money, exponent

_THREE = frozenset({"BHD", "JOD", "KWD", "OMR", "TND"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Amounts:
    """How one gateway writes money: in units of 10⁻ⁿ, two decimals unless a currency is named."""

    zero: frozenset[str]
    three: frozenset[str]
    minimums: Mapping[str, int]  # in the gateway's units
    least: int = 1  # of any other currency

    def _exponent(self, currency: str) -> int:
        return 0 if currency in self.zero else 3 if currency in self.three else 2

    def write(self, amount: Money) -> int:
        """The amount in the gateway's units. Raises ``ValueError`` for one it cannot write."""
        theirs, rest = self._scale(
            amount.minor, self._exponent(amount.currency) - exponent(amount.currency)
        )
        if rest:
            raise ValueError(f"{amount.to_major()} {amount.currency} is finer than can be paid")
        return theirs

    def read(self, units: int, currency: str) -> Money:
        """Money of the gateway's units. Raises ``GatewayUnknown`` for a part of a unit of ours."""
        code = currency.upper()
        ours, rest = self._scale(units, exponent(code) - self._exponent(code))
        if rest:
            raise GatewayUnknown(f"an amount of {units} {code}")
        return Money(ours, code)

    def minimum(self, currency: str) -> Money:
        """The least that can be charged."""
        units = self.minimums.get(currency, self.least)
        ours, rest = self._scale(units, exponent(currency) - self._exponent(currency))
        return Money(ours + bool(rest), currency)

    def _scale(self, units: int, places: int) -> tuple[int, int]:
        """Units with so many decimals more, or less, and what is lost by that."""
        if places >= 0:
            return units * int(10**places), 0
        return divmod(units, int(10**-places))


STRIPE = Amounts(
    # ISK and UGX have no decimals any more, but are still counted in hundredths.
    zero=frozenset(
        {
            "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV",
            "XAF", "XOF", "XPF",
        }
    ),
    three=_THREE,
    minimums={
        "USD": 50, "AED": 200, "ARS": 50, "AUD": 50, "BGN": 100, "BRL": 50, "CAD": 50, "CHF": 50,
        "COP": 50, "CZK": 1500, "DKK": 250, "EUR": 50, "GBP": 30, "HKD": 400, "HUF": 17500,
        "IDR": 50, "ILS": 50, "INR": 50, "JPY": 50, "KRW": 50, "MXN": 1000, "MYR": 200,
        "NOK": 300, "NZD": 50, "PHP": 50, "PLN": 200, "RON": 200, "RUB": 50, "SEK": 300,
        "SGD": 50, "THB": 1000, "ZAR": 50,
    },
)  # fmt: skip

RAZORPAY = Amounts(
    zero=frozenset(
        {
            "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND",
            "VUV", "XAF", "XOF", "XPF",
        }
    ),
    three=_THREE | {"IQD"},
    minimums={},
    least=100,  # "currency subunits … should always be" at least 100, whatever the currency
)  # fmt: skip
