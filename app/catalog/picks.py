"""Choosing products by id, by likeness and by sales, from the read model alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from app.catalog.index import Row, Snapshot
from app.shared.ids import ProductId


@dataclass(frozen=True, kw_only=True, slots=True)
class Pick:
    """A product that can be bought now."""

    id: ProductId
    category: str


class Picks:
    """One snapshot's rows in the orders that recommendations ask for; sorted once each."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self._shared: dict[str, set[str]] = {}

    def buyable(self, ids: Iterable[ProductId], market: str) -> Iterator[Pick]:
        """Those of these products that are live, in stock and sold in the market, in this order."""
        rows = self.snapshot.rows
        return _buyable((rows[each] for each in ids if each in rows), market)

    def beside(self, product_id: ProductId, market: str) -> Iterator[Pick]:
        """Others of the same category: those that share most words which not all of them have,
        then what sells best, then the newest."""
        own = self.snapshot.rows.get(product_id)
        if own is None:
            return iter(())
        shelf = [row for row in self._shelves[own.category] if row.id != product_id]
        words = own.weights.keys() - self._shared_words(own.category)
        likeness = {row.id: len(words & row.weights.keys()) for row in shelf}
        shelf.sort(key=lambda row: (-likeness[row.id], -row.sales))
        return _buyable(shelf, market)

    def _shared_words(self, category: str) -> set[str]:
        if category not in self._shared:
            every = [row.weights.keys() for row in self._shelves[category]]
            self._shared[category] = set(every[0]).intersection(*every[1:])
        return self._shared[category]

    def bestselling(self, market: str) -> Iterator[Pick]:
        """What was sold at all, the most units first."""
        return _buyable(self._by_sales, market)

    def featured(self, market: str) -> Iterator[Pick]:
        """What the owner features."""
        return _buyable(self._featured, market)

    def newest(self, market: str) -> Iterator[Pick]:
        """Everything, the newest first."""
        return _buyable(self.snapshot.rows.values(), market)

    @cached_property
    def _shelves(self) -> dict[str, list[Row]]:
        shelves: dict[str, list[Row]] = {}
        for row in self.snapshot.rows.values():
            shelves.setdefault(row.category, []).append(row)
        return shelves

    @cached_property
    def _by_sales(self) -> list[Row]:
        sold = [row for row in self.snapshot.rows.values() if row.sales > 0]
        return sorted(sold, key=lambda row: -row.sales)

    @cached_property
    def _featured(self) -> list[Row]:
        return [row for row in self.snapshot.rows.values() if row.featured]


def _buyable(rows: Iterable[Row], market: str) -> Iterator[Pick]:
    return (Pick(id=row.id, category=row.category) for row in rows if _can_buy(row, market))


def _can_buy(row: Row, market: str) -> bool:
    return row.in_stock and row.is_live and row.lowest_price(market) is not None
