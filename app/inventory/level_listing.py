"""Stock documents in the orders of a list, each page by an index."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.db.database import Database, Document
from app.inventory.models import StockLevel
from app.inventory.repository import level_from_document
from app.shared.ids import Sku

Place = tuple[int, Sku]  # units available, and the SKU
_LAST = "\U0010ffff"


class LevelListing:
    """Reads ``stock_levels`` in order."""

    def __init__(self, database: Database) -> None:
        self._levels = database["stock_levels"]

    def by_sku(
        self, marks: Sequence[str], after: Place | None, most: int, *, is_low: bool = False
    ) -> list[StockLevel]:
        """Stock that has all the marks, by SKU."""
        query = _narrowed(marks, is_low)
        if after:
            query["_id"] = {"$gt": after[1]}
        found = self._levels.find(query).sort("_id", 1).limit(most)
        return list(map(level_from_document, found))

    def by_available(
        self, marks: Sequence[str], after: Place | None, most: int, *, is_low: bool = False
    ) -> list[StockLevel]:
        """The same with the fewest available first. What has as many as the last one, then what
        has more: each an interval of the index."""
        narrowed = _narrowed(marks, is_low)
        queries: list[Document] = [narrowed]
        if after:
            available, sku = after
            queries = [
                {**narrowed, "available": available, "_id": {"$gt": sku}},
                {**narrowed, "available": {"$gt": available}},
            ]
        levels: list[StockLevel] = []
        for query in queries:
            if len(levels) < most:
                found = self._levels.find(query).sort([("available", 1), ("_id", 1)])
                levels += map(level_from_document, found.limit(most - len(levels)))
        return levels

    def beginning_with(self, starts: Iterable[str], most: int) -> list[Sku]:
        """SKUs that begin with one of these."""
        ranges = [{"_id": {"$gte": start, "$lt": f"{start}{_LAST}"}} for start in starts]
        query = ranges[0] if len(ranges) == 1 else {"$or": ranges}
        return [each["_id"] for each in self._levels.find(query, {"_id": 1}).limit(most)]


def _narrowed(marks: Sequence[str], is_low: bool) -> Document:
    query: Document = {"is_low": True} if is_low else {}
    if marks:
        query["marks"] = marks[0] if len(marks) == 1 else {"$all": list(marks)}
    return query
