"""Making a computed amount a price of its market."""

from __future__ import annotations

from app.markets.models import PriceRounding
from app.shared.money import Money, exponent

_ENDINGS = {PriceRounding.WHOLE: 0, PriceRounding.POINT_95: 95, PriceRounding.POINT_99: 99}


def fits(rounding: PriceRounding, currency: str) -> bool:
    """Whether the currency has prices that end like this: yen have no .99."""
    return _ENDINGS.get(rounding, 0) == 0 or exponent(currency) >= 2


def round_price(amount: Money, rounding: PriceRounding) -> Money:
    """The nearest price with the market's ending, the higher one of two as near.

    Nothing stays nothing; what costs something never becomes free by it.
    """
    if rounding is PriceRounding.NONE or not amount:
        return amount
    unit = 10 ** exponent(amount.currency)
    ending = _ENDINGS[rounding] * unit // 100
    wholes = (2 * (amount.minor - ending) + unit) // (2 * unit)
    lowest = 0 if ending else 1
    return Money(max(wholes, lowest) * unit + ending, amount.currency)
