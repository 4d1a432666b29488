"""What a market has of the catalog: prices, and the orders by price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.readmodel.bits import bitmap, members
from app.catalog.readmodel.columns import ColumnEdit
from app.catalog.readmodel.orders import Order, sorted_by
from app.catalog.readmodel.postings import SetEdit

NONE = -1  # no price
_EMPTY = np.zeros(0, np.int64)


@dataclass(frozen=True, kw_only=True)
class MarketModel:
    """Prices in minor units by variant, the lowest and the highest by row, and who has any."""

    prices: NDArray[np.int64]
    lowest: NDArray[np.int64]
    highest: NDArray[np.int64]
    variants: BitMap  # with a price
    rows: BitMap  # with a variant that has a price
    partly: BitMap  # rows of which some variants have a price and some not
    cheapest: Order
    dearest: Order


def empty_market() -> MarketModel:
    """A market in which nothing is sold."""
    nothing = np.zeros(0, np.int32)
    return MarketModel(
        prices=_EMPTY, lowest=_EMPTY, highest=_EMPTY, variants=BitMap(), rows=BitMap(),
        partly=BitMap(), cheapest=Order(nothing), dearest=Order(nothing),
    )  # fmt: skip


class MarketEdit:
    """A changed copy of a market in the making."""

    def __init__(self, base: MarketModel) -> None:
        self._base = base
        self._prices = ColumnEdit(base.prices, NONE)
        self._lowest = ColumnEdit(base.lowest, NONE)
        self._highest = ColumnEdit(base.highest, NONE)
        self._variants = SetEdit(base.variants)
        self._rows = SetEdit(base.rows)
        self._partly = SetEdit(base.partly)
        self._numbers: list[int] = []
        self._amounts: list[int] = []

    def take_out(self, rows: BitMap, variants: BitMap) -> None:
        """Forget the prices of these rows and their variants."""
        self._write_prices()
        for known, leaving, columns in (
            (self._variants, variants, (self._prices,)),
            (self._rows, rows, (self._lowest, self._highest)),
        ):
            gone = known.current & leaving
            if gone:
                for column in columns:
                    column[members(gone)] = NONE
                known.take_out(gone)
        self._partly.take_out(rows)

    def put(self, row: int, first: int, prices: list[int | None]) -> None:
        """Give a row without prices these, by variant from ``first`` on."""
        amounts = [each for each in prices if each is not None]
        if not amounts:
            return
        for number, price in enumerate(prices, first):
            if price is not None:
                self._numbers.append(number)
                self._amounts.append(price)
        self._lowest[row], self._highest[row] = min(amounts), max(amounts)
        self._rows.put(row, True)
        if len(amounts) < len(prices):
            self._partly.put(row, True)

    def _write_prices(self) -> None:
        if self._numbers:
            places = np.array(self._numbers, np.int32)
            self._prices[places] = self._amounts
            self._variants.add_all(bitmap(np.sort(places)))
            self._numbers, self._amounts = [], []

    def done(
        self, rows: int, variants: int, touched: BitMap, moved: BitMap, newest: Order
    ) -> MarketModel:
        """The market for so many rows and variants; ``moved`` changed their place in ``newest``."""
        self._write_prices()
        lowest, sold = self._lowest.done(rows), self._rows.done()
        moved = moved | changed(self._base.lowest, lowest, touched)
        return MarketModel(
            prices=self._prices.done(variants),
            lowest=lowest,
            highest=self._highest.done(rows),
            variants=self._variants.done(),
            rows=sold,
            partly=self._partly.done(),
            cheapest=self._order(self._base.cheapest, moved, sold, -lowest, newest),
            dearest=self._order(self._base.dearest, moved, sold, lowest, newest),
        )

    def _order(
        self, base: Order, moved: BitMap, sold: BitMap, key: NDArray[Any], newest: Order
    ) -> Order:
        ties = newest.rank
        mended = base.mended(moved, moved & sold, len(key), lambda row: (key[row], ties[row]))
        return mended or sorted_by(members(sold), key, ties)


def changed(before: NDArray[Any], after: NDArray[Any], rows: BitMap) -> BitMap:
    """Which of these rows have another value now; new rows count as changed."""
    numbers = members(rows)
    old = numbers[numbers < len(before)]
    return rows - bitmap(old[before[old] == after[old]])
