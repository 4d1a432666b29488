"""Taxes as pages and papers show them: by rate, each made of its parts where it has several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from babel.numbers import format_decimal

from app.markets.taxing import RateTax, halves
from app.shared.money import Money
from app.shared.texts import current_language


def rate_text(rate: float | None) -> str:
    """Basis points as a person reads them."""
    return "" if rate is None else f"{format_decimal(rate / 100, locale=current_language())} %"


def tax_rows(
    name: str, taxes: Iterable[RateTax], parts: Sequence[str] = ()
) -> tuple[tuple[str, Money], ...]:
    """What each tax is called with its rate, and how much it is; nothing for a rate of nothing."""
    rows: list[tuple[str, Money]] = []
    for each in taxes:
        if not each.rate:
            continue
        if not parts:
            rows.append((f"{name} {rate_text(each.rate)}", each.tax))
            continue
        share = rate_text(each.rate / len(parts))
        rows += [
            (f"{part} {share}", tax)
            for part, tax in zip(parts, halves(each.tax, parts), strict=True)
        ]
    return tuple(rows)
