"""The order in which values of an option are shown."""

from __future__ import annotations

import re
from functools import lru_cache

_NAMED = (
    "xxs",
    "xs",
    "x-small",
    "s",
    "small",
    "m",
    "medium",
    "l",
    "large",
    "xl",
    "x-large",
    "xxl",
    "xxxl",
)
_SIZES = {name: place for place, name in enumerate(_NAMED)}


@lru_cache(4096)
def value_order(value: str) -> tuple[int, float, str, str]:
    """Sizes by size, numbers by number, the rest by name."""
    folded = value.casefold()
    if folded in _SIZES:
        return (0, _SIZES[folded], folded, value)
    number = re.match(r"\d+(?:\.\d+)?", folded)
    return (1, float(number[0]), folded, value) if number else (2, 0, folded, value)
