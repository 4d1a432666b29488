"""Stock documents in the orders of a list, each page by an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from app.db.database import Database, Document
from app.inventory.cuts import LAST, Place, StockCuts
from app.inventory.models import StockLevel
from app.inventory.repository import level_from_document
from app.inventory.rules import ANY_MARK
from app.shared.ids import Sku


class LevelListing:
    """Reads ``stock_levels`` in order, in stretches."""

    def __init__(self, database: Database) -> None:
        self._levels = database["stock_levels"]
        self._cuts = StockCuts(database)

    def by_sku(
        self, marks: Sequence[str], after: Place | None, most: int, *, is_low: bool = False
    ) -> list[StockLevel]:
        """Stock that has all the marks, by SKU."""
        first: Document = {"is_low": True} if is_low else {"marks": [*marks, ANY_MARK][0]}
        queries = (
            {**first, "_id": stretch}
            for stretch in self._cuts.by_sku(after[1] if after else Sku(""))
        )
        found = self._read(queries, [("_id", 1)], marks, is_low=is_low)
        return list(islice(found, most))

    def by_available(
        self, marks: Sequence[str], after: Place | None, most: int, *, is_low: bool = False
    ) -> list[StockLevel]:
        """The same with the fewest available first."""
        queries = (query for stretch in self._cuts.by_available(after) for query in stretch)
        found = self._read(queries, [("available", 1), ("_id", 1)], marks, is_low=is_low)
        return list(islice(found, most))

    def _read(
        self,
        queries: Iterable[Document],
        order: list[tuple[str, int]],
        marks: Sequence[str],
        *,
        is_low: bool,
    ) -> Iterator[StockLevel]:
        """What the queries find, one after the other, as far as it fits. What the index at hand
        does not narrow is looked at here: asked for it, the embedded database takes another index
        instead."""
        for query in queries:
            for each in self._levels.find(query).sort(order):
                if set(marks) <= set(each["marks"]) and (each["is_low"] or not is_low):
                    yield level_from_document(each)

    def beginning_with(self, starts: Iterable[str], most: int) -> list[Sku]:
        """SKUs that begin with one of these."""
        found = (
            each["_id"]
            for start in starts
            for each in self._levels.find(
                {"marks": ANY_MARK, "_id": {"$gte": start, "$lt": f"{start}{LAST}"}}, {"_id": 1}
            ).limit(most)
        )
        return list(islice(found, most))
