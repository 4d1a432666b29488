"""Which rows a query selects, and how many each further filter value would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from app.catalog.index import Row, VariantRow
from app.catalog.query import OPTION, ListingQuery


@dataclass(kw_only=True)
class Matches:
    """The selected rows, and per facet how many rows each value has when the others hold."""

    rows: list[Row] = field(default_factory=list)
    counts: dict[str, Counter[str]] = field(default_factory=dict)


def match(rows: Iterable[Row], query: ListingQuery, market: str) -> Matches:
    """Apply the query. A row matches if one of its variants meets every filter at once."""
    found = Matches()
    active = query.filter_names
    for row in rows:
        variants = [each for each in row.variants if _price_fits(each, query, market)]
        if not variants:
            continue
        full = [each for each in variants if _meets(each, row, query, active)]
        if full:
            found.rows.append(row)
            _count(found, row, full, skip=active)
        for name in active:
            others = tuple(each for each in active if each != name)
            partial = [each for each in variants if _meets(each, row, query, others)]
            _count_one(found, name, row, partial)
    return found


def _price_fits(variant: VariantRow, query: ListingQuery, market: str) -> bool:
    price = variant.prices.get(market)
    if price is None:
        return False
    if query.floor is not None and price < query.floor.minor:
        return False
    return query.ceiling is None or price <= query.ceiling.minor


def _meets(variant: VariantRow, row: Row, query: ListingQuery, names: Iterable[str]) -> bool:
    return all(_meets_one(variant, row, query, name) for name in names)


def _meets_one(variant: VariantRow, row: Row, query: ListingQuery, name: str) -> bool:
    if name == "in_stock":
        return variant.in_stock
    if name == "vendor":
        return row.vendor in query.vendors
    return variant.options.get(name.removeprefix(OPTION)) in query.values_of(name)


def _count(found: Matches, row: Row, variants: list[VariantRow], skip: Iterable[str]) -> None:
    """Count the row once for each value of every facet that is not in ``skip``."""
    names = {OPTION + option for each in variants for option in each.options}
    for name in ("in_stock", "vendor", *names):
        if name not in skip:
            _count_one(found, name, row, variants)


def _count_one(found: Matches, name: str, row: Row, variants: list[VariantRow]) -> None:
    if name == "in_stock":
        values = {"1" for each in variants if each.in_stock}
    elif name == "vendor":
        values = {row.vendor} if variants and row.vendor else set()
    else:
        option = name.removeprefix(OPTION)
        values = {each.options[option] for each in variants if option in each.options}
    if values:
        found.counts.setdefault(name, Counter()).update(values)
