"""Price words in a query: ``under 50``, ``zwischen 20 und 40``, ``50 से कम``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

_MONEY = r"(?:[$€£₹¥]|rs\.?|inr|usd|eur|gbp)"
_UNIT = r"(?:dollars?|euros?|rupees?|pounds?|bucks|रुपये|रुपए|रुपयों|रु)"
_NUMBER = r"\d{1,9}(?:[.,]\d{1,3})*"
_NOT_MEASURE = (
    r"(?![\w.,%\"″]*[\d%\"″])(?!\s*(?:%|cm|mm|m|ml|l|kg|g|oz|lbs?|inch(?:es)?|zoll|gb)\b)"
)


def _amount_named(name: str) -> str:
    """A number with its currency, or without one if it does not measure something else."""
    after = rf"(?:\s*(?:{_MONEY}|{_UNIT})(?!\w)|{_NOT_MEASURE})"
    return rf"(?:{_MONEY}\s*)?(?P<{name}>{_NUMBER}){after}"


_LOW, _HIGH = _amount_named("low"), _amount_named("high")
_BELOW = (
    r"under|below|less than|cheaper than|up to|at most|max(?:imum)?|no more than|"
    r"unter|bis(?: zu)?|weniger als|billiger als|günstiger als|höchstens|maximal|"
    r"<=?"
)
_ABOVE = (
    r"over|above|more than|at least|min(?:imum)?|starting at|from|"
    r"über|ueber|ab|mehr als|teurer als|mindestens|"
    r">=?"
)
_PATTERNS = tuple(
    re.compile(rf"(?<!\w){pattern}", re.IGNORECASE)
    for pattern in (
        rf"(?:between|zwischen)\s+{_LOW}\s*(?:and|und|-|–|to|bis)\s*{_HIGH}",
        rf"(?:from|von)\s+{_LOW}\s*(?:to|bis|-|–)\s*{_HIGH}",
        rf"{_LOW}\s*(?:से|और)\s*{_HIGH}\s*(?:के बीच(?: में)?|तक)(?!\w)",
        rf"{_HIGH}\s*(?:से कम|से सस्त[ाेी]|के अंदर|के नीचे|तक)(?!\w)",
        rf"{_LOW}\s*(?:से (?:ज्यादा|ज़्यादा|अधिक|ऊपर|महंग[ाेी])|के ऊपर)(?!\w)",
        rf"(?:{_BELOW})\s*{_HIGH}",
        rf"(?:{_ABOVE})\s*{_LOW}",
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceRange:
    """What was asked of the price, in major units, and the query without these words."""

    rest: str
    floor: Decimal | None = None
    ceiling: Decimal | None = None


def price_range(query: str) -> PriceRange:
    """Read the price words of a query. Both ends are included; without price words both None."""
    floor: Decimal | None = None
    ceiling: Decimal | None = None
    for pattern in _PATTERNS:
        found = pattern.search(query)
        if not found:
            continue
        given = found.groupdict()
        floor = _amount(given["low"]) if given.get("low") else floor
        ceiling = _amount(given["high"]) if given.get("high") else ceiling
        query = f"{query[: found.start()]} {query[found.end() :]}"
    if floor is not None and ceiling is not None and ceiling < floor:
        floor, ceiling = ceiling, floor
    return PriceRange(rest=" ".join(query.split()), floor=floor, ceiling=ceiling)


def _amount(text: str) -> Decimal:
    """``1,299.50`` and ``1.299,50`` alike: the last mark is decimal before one or two digits."""
    end = re.search(r"[.,](\d{1,2})$", text)
    whole = re.sub("[.,]", "", text[: end.start()] if end else text)
    return Decimal(f"{whole}.{end[1]}" if end else whole)
