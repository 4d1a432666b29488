"""Money as integer minor units with their currency (ISO 4217 exponents)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from babel.numbers import get_currency_precision

from app.shared.numbers import exact


@cache
def exponent(currency: str) -> int:
    """Return the number of decimals of ``currency``: USD 2, JPY 0, KWD 3 (ISO 4217, by CLDR)."""
    return int(get_currency_precision(currency))


def payable_step(currency: str) -> int:
    """The minor units that a charge or refund is a multiple of.

    Card networks take no last digit of currencies with three decimals, so neither gateway does:
    5.124 KWD is paid as 5.120.
    """
    return 10 if exponent(currency) == 3 else 1


@dataclass(frozen=True, slots=True, order=False)
class Money:
    """An exact amount: ``minor`` units (cents, paise) of ``currency`` (ISO code, upper case)."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if type(self.minor) is int:
            return
        if isinstance(self.minor, bool) or not isinstance(self.minor, int):
            raise TypeError(f"money needs an integer of minor units, not {self.minor!r}")
        # The database has a type of its own for numbers of more than 31 bits.
        object.__setattr__(self, "minor", int(self.minor))

    @classmethod
    def zero(cls, currency: str) -> Money:
        """Nothing, in ``currency``."""
        return cls(0, currency)

    @classmethod
    def from_major(cls, text: str, currency: str) -> Money:
        """Parse a plain decimal such as ``"29.95"`` exactly.

        Raises ``ValueError`` for text that is not a finite number or has more decimals
        than the currency knows.
        """
        try:
            scaled = exact(text).scaleb(exponent(currency))
        except ValueError as error:
            raise ValueError(f"{text[:40]!r} is not an amount") from error
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{text!r} is not an exact amount of {currency}")
        return cls(int(scaled), currency)

    def to_major(self) -> Decimal:
        """The amount in major units, for forms, feeds and display."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def to_payable(self) -> Money:
        """The nearest amount that can be charged, the higher one of two as near."""
        step = payable_step(self.currency)
        return Money((2 * self.minor + step) // (2 * step) * step, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor + other.minor, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.minor - other.minor, self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def __lt__(self, other: Money) -> bool:
        self._same(other)
        return self.minor < other.minor

    def __bool__(self) -> bool:
        return self.minor != 0


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Add ``amounts`` up; nothing at all is zero ``currency``."""
    result = Money.zero(currency)
    for amount in amounts:
        result += amount
    return result
