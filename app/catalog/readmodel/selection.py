"""Which rows a query selects, and how many each further filter value would.

A product is selected if one of its variants meets every filter of variants (options, stock,
price) at once. Several values of one field mean any of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
from pyroaring import BitMap

from app.catalog.query import OPTION, ListingQuery
from app.catalog.readmodel.bits import bitmap, distinct, mask, members, union
from app.catalog.readmodel.market import MarketModel
from app.catalog.readmodel.model import CatalogModel

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
        self._full: Selection | None = None

    @property
    def full(self) -> Selection:
        """What all filters together select."""
        if self._full is None:
            self._full = self._select(self._query.filter_names)
        return self._full

    def without(self, name: str) -> Selection:
        """What the filters select if the one called ``name`` is left aside."""
        names = self._query.filter_names
        if name not in names:
            return self.full
        return self._select(tuple(each for each in names if each != name))

    def _select(self, names: tuple[str, ...]) -> Selection:
        rows = self._base
        if "vendor" in names:
            rows = rows & _any(self._model.vendors.get(each) for each in self._query.vendors)
        filters = [self._variants_with(name) for name in names if name != "vendor"]
        if self._query.floor is not None or self._query.ceiling is not None:
            filters.append(self._within_prices())
        if not filters:
            return self._all_of(rows)
        filters.append(self._market.variants)
        filters.sort(key=len)
        return self._narrow(rows, reduce(BitMap.__and__, filters))

    def _within_prices(self) -> BitMap:
        floor, ceiling = self._query.floor, self._query.ceiling
        return self._market.bands.between(
            floor.minor if floor is not None else None,
            ceiling.minor if ceiling is not None else None,
            self._market.prices,
        )

    def _variants_with(self, name: str) -> BitMap:
        if name == "in_stock":
            return self._model.buyable
        option = name.removeprefix(OPTION)
        known = self._model.option_variants
        return _any(known.get((option, value)) for value in self._query.values_of(name))

    def _all_of(self, rows: BitMap) -> Selection:
        """Without a filter of variants, only rows sold in part need a look at their variants."""
        partly = rows & self._market.partly
        variants = self._model.variants_of(partly) & self._market.variants if partly else _NOTHING
        return Selection(rows=rows, whole=rows - partly, variants=variants)

    def _narrow(self, rows: BitMap, variants: BitMap) -> Selection:
        """Those of ``variants`` that belong to ``rows``, and the rows they belong to."""
        model = self._model
        if len(rows) * _SMALL < len(model.present):
            variants = variants & model.variants_of(rows)
        numbers = members(variants)
        owners = model.row_of_variant[numbers]
        kept = mask(rows, len(model.ids)).take(owners)
        if not kept.all():
            numbers, owners = numbers[kept], owners[kept]
            variants = bitmap(numbers)
        found = np.zeros(len(model.ids), np.bool_)
        found[owners] = True
        return Selection(rows=bitmap(np.flatnonzero(found)), whole=_NOTHING, variants=variants)

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


def _any(sets: Iterable[BitMap | None]) -> BitMap:
    return union(each for each in sets if each is not None)
