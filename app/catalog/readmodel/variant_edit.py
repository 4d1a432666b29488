"""The variants of a changed copy of the read model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyroaring import BitMap

from app.catalog.readmodel.bits import members
from app.catalog.readmodel.columns import ColumnEdit
from app.catalog.readmodel.entries import VariantEntry
from app.catalog.readmodel.market import MarketEdit, MarketModel, empty_market
from app.catalog.readmodel.model import CatalogModel, OptionValue
from app.catalog.readmodel.orders import Order
from app.catalog.readmodel.postings import PostingsEdit, SetEdit


class VariantEdit:
    """Changes variants by number; ``size`` is the number of the next new one."""

    def __init__(self, base: CatalogModel) -> None:
        self.size = len(base.skus)
        self._row_of = ColumnEdit(base.row_of_variant)
        self._skus = ColumnEdit(base.skus)
        self._buyable = SetEdit(base.buyable)
        self._options = PostingsEdit[OptionValue](base.option_variants)
        self._markets = {code: MarketEdit(market) for code, market in base.markets.items()}

    def take_out(self, rows: BitMap, variants: BitMap) -> None:
        """Empty the numbers ``variants``, which are those of ``rows``."""
        self._buyable.take_out(variants)
        self._options.take_out(variants)
        self._skus[members(variants)] = 0
        for market in self._markets.values():
            market.take_out(rows, variants)

    def put(self, row: int, first: int, variants: tuple[VariantEntry, ...]) -> None:
        """Write a row's variants to empty numbers from ``first`` on."""
        for number, variant in enumerate(variants, first):
            self._row_of[number] = row
            self._skus[number] = variant.sku
            for pair in variant.options.items():
                self._options.add(pair, number)
            if variant.in_stock:
                self._buyable.put(number, True)
        for code in {code for variant in variants for code in variant.prices}:
            if code not in self._markets:
                self._markets[code] = MarketEdit(empty_market())
            self._markets[code].put(row, first, [each.prices.get(code) for each in variants])

    def restock(self, first: int, variants: tuple[VariantEntry, ...]) -> None:
        """Write only whether each variant can be bought."""
        for number, variant in enumerate(variants, first):
            self._buyable.put(number, variant.in_stock)

    def sells_as(self, first: int, variants: tuple[VariantEntry, ...]) -> bool:
        """Whether of these variants, which are there from ``first`` on, the same can be bought."""
        buyable = self._buyable.current
        return all(
            (number in buyable) == variant.in_stock
            for number, variant in enumerate(variants, first)
        )

    def done(self) -> dict[str, Any]:
        """The fields of the new model that go by variant, markets aside."""
        return {
            "row_of_variant": self._row_of.done(self.size),
            "skus": self._skus.done(self.size),
            "buyable": self._buyable.done(),
            "option_variants": self._options.done(),
        }

    def markets(
        self, rows: int, changed: BitMap, moved: BitMap, newest: Order
    ) -> Mapping[str, MarketModel]:
        """Every market; ``rows`` counts rows, ``moved`` have another place in ``newest``."""
        return {
            code: market.done(rows, self.size, changed, moved, newest)
            for code, market in self._markets.items()
        }
