"""Numbers as people type them, and as they come back with a form or an address."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TypeVar

T = TypeVar("T")
_LONGEST = 9  # digits: more has nothing that is counted, and a database's integer ends at 19
_LARGEST = 30  # digits of an amount before its point, far beyond any
_CHARACTERS = 60


def whole(text: str, otherwise: T) -> int | T:
    """The number that a text is; ``otherwise`` for what is none, or longer than any there is."""
    plain = text.isascii() and text.isdecimal() and len(text) <= _LONGEST
    return int(text) if plain else otherwise


def exact(text: str) -> Decimal:
    """The decimal that a text is. Raises ``ValueError`` for what is none, is not finite, or is so
    large (``1e999999``) that reckoning with it would fail or take its time."""
    if len(text) > _CHARACTERS:
        raise ValueError(f"{text[:_CHARACTERS]!r}… is too long for a number")
    try:
        number = Decimal(text.strip())
    except InvalidOperation as error:
        raise ValueError(f"{text!r} is not a number") from error
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST:
        raise ValueError(f"{text!r} is no number to reckon with")
    return number


def basis_points(text: str) -> int:
    """Hundredths of a per cent of ``12.5`` or ``12.5 %``. Raises ``ValueError`` for what is no
    number, or has more than two decimals."""
    points = exact(text.strip().removesuffix("%")) * 100
    if points != points.to_integral_value():
        raise ValueError(f"{text!r} has more than two decimals")
    return int(points)
