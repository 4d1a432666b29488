"""Which rows a query selects, and how many each further filter value would.

A product is selected if one of its variants meets every filter of variants (options, stock,
price) at once. Several values of one field mean any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, reduce

import numpy as np
from pyroaring import BitMap

from app.catalog.query import OPTION, ListingQuery
from app.catalog.readmodel.bits import bitmap, distinct, mask, members, union, where
from app.catalog.readmodel.market import MarketModel
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.pricing import PriceSpan

_NOTHING = BitMap()
_SMALL = 4  # a quarter of the rows: below it, going from rows to variants is quicker


@dataclass(frozen=True, kw_only=True, slots=True)
class Selection:
    """Selected rows. Of those in ``whole`` every variant is selected, of the others those in
    ``variants``."""

    rows: BitMap
    whole: BitMap
    variants: BitMap


class Selector:
    """Applies a query to the rows of a listing in one market."""

    def __init__(self, model: CatalogModel, base: BitMap, query: ListingQuery, market: str) -> None:
        self._model = model
        self._base = base
        self._query = query
        self._market: MarketModel = model.market(market)
        self._prices = _range(query)

    @cached_property
    def full(self) -> Selection:
        """What all filters together select."""
        return self._select(self._query.filter_names)

    def without(self, name: str) -> Selection:
        """What the filters select if the one called ``name`` is left aside."""
        names = self._query.filter_names
        if name not in names:
            return self.full
        return self._select(tuple(each for each in names if each != name))

    def _select(self, names: tuple[str, ...]) -> Selection:
        model = self._model
        rows, whole = self._within_prices
        whole = whole - self._market.partly
        options = [name for name in names if name.startswith(OPTION)]
        filters = [self._market.variants, *map(self._variants_with, options)]
        if "vendor" in names:
            rows = rows & _any(model.vendors.get(each) for each in self._query.vendors)
        if "in_stock" in names:
            rows, whole = rows & model.in_stock, whole - model.understocked
            filters.append(model.buyable)
        whole = _NOTHING if options else whole & rows
        doubtful = rows - whole
        if not doubtful:
            return Selection(rows=whole, whole=whole, variants=_NOTHING)
        if len(doubtful) * _SMALL < len(model.present):
            filters.append(model.variants_of(doubtful))
        elif not options and "in_stock" in names:
            rest = model.variants_of(doubtful - model.understocked)
            filters.append(model.understocked_variants | rest)
        return self._looked_into(whole, doubtful, filters)

    @cached_property
    def _within_prices(self) -> tuple[BitMap, BitMap]:
        """The rows that can have a price that is asked for, and those that have no other."""
        if self._prices is None:
            return self._base, self._base
        return self._prices.rows(self._market, self._base)

    def _variants_with(self, name: str) -> BitMap:
        option = name.removeprefix(OPTION)
        known = self._model.option_variants
        return _any(known.get((option, value)) for value in self._query.values_of(name))

    def _looked_into(self, whole: BitMap, doubtful: BitMap, filters: list[BitMap]) -> Selection:
        """The rows in ``whole``, and the ``doubtful`` ones with a variant that meets every filter
        and is in the span of prices."""
        model = self._model
        variants = reduce(BitMap.__and__, sorted(filters, key=len))
        numbers = members(variants)
        owners = model.row_of_variant[numbers]
        kept = mask(doubtful, len(model.ids)).take(owners)
        if self._prices is not None:
            kept &= self._prices.holds(self._market.prices[numbers])
        if not kept.all():
            numbers, owners = numbers[kept], owners[kept]
            variants = bitmap(numbers)
        found = np.zeros(len(model.ids), np.bool_)
        found[owners] = True
        rows = whole | where(found)
        return Selection(rows=rows, whole=whole, variants=variants)

    # --- counting ---------------------------------------------------------------------------

    def counts(self, name: str) -> dict[str, int]:
        """For each value of a filter, how many products it would select; 0 is left out."""
        selected = self.without(name)
        model = self._model
        if name == "in_stock":
            found = {"1": self._count(selected, model.in_stock, model.buyable)}
        elif name == "vendor":
            found = {
                vendor: rows.intersection_cardinality(selected.rows)
                for vendor, rows in model.vendors.items()
            }
        else:
            option = name.removeprefix(OPTION)
            found = {
                value: self._count(
                    selected,
                    model.option_rows[option, value],
                    model.option_variants[option, value],
                )
                for value in model.options.get(option, ())
            }
        return {value: count for value, count in found.items() if count}

    def _count(self, selected: Selection, rows: BitMap, variants: BitMap) -> int:
        """Products of the selection that have one of ``variants``, the variants of ``rows``."""
        total = selected.whole.intersection_cardinality(rows)
        if selected.variants.intersect(variants):
            numbers = members(selected.variants & variants)
            total += distinct(self._model.row_of_variant[numbers])
        return int(total)

    def bounds(self) -> tuple[int, int] | None:
        """The lowest and the highest of the products' lowest prices, whatever is filtered."""
        rows = self._base
        if not rows:
            return None
        if len(rows) * _SMALL < len(self._model.present):
            prices = self._market.lowest[members(rows)]
            return int(prices.min()), int(prices.max())
        ends = (self._market.cheapest.rows, self._market.dearest.rows)
        first, last = (next(row for row in end[::-1] if row in rows) for end in ends)
        return int(self._market.lowest[first]), int(self._market.lowest[last])


def _range(query: ListingQuery) -> PriceSpan | None:
    if query.floor is None and query.ceiling is None:
        return None
    ends = (query.floor, query.ceiling)
    floor, ceiling = (None if each is None else each.minor for each in ends)
    return PriceSpan(floor=floor, ceiling=ceiling)


def _any(sets: Iterable[BitMap | None]) -> BitMap:
    return union(each for each in sets if each is not None)
