"""Where long lists of stock can be cut, so that a page reads a short stretch of an index.

A database that sorts what a query matches before it cuts off a page takes as long as the list is.
Every so often the lists are cut; a page asks from cut to cut, further each time, until it is full.
Old cuts only make stretches longer or shorter: what is found is never less.
"""

from __future__ import annotations

from collections.abc import Iterator

from app.db.database import Database, Document, walk
from app.db.stretches import further_each_time
from app.shared.ids import Sku

Place = tuple[int, Sku]  # units available, and the SKU
LAST = Sku("\U0010ffff")  # after every SKU
_SKU, _AVAILABLE = "sku", "available"


class StockCuts:
    """Reads and writes ``stock_cuts``: of each list some places, in its order."""

    def __init__(self, database: Database) -> None:
        self._cuts = database["stock_cuts"]
        self._levels = database["stock_levels"]

    def by_sku(self, after: Sku) -> Iterator[Document]:
        """Stretches of SKUs behind ``after``, as ranges."""
        ends = [sku for _, sku in self._of(_SKU) if sku > after]
        for end in (*further_each_time(ends), LAST):
            yield {"$gt": after, "$lte": end}
            after = end

    def by_available(self, after: Place | None) -> Iterator[list[Document]]:
        """Stretches by units available, then SKU, behind ``after``, each as queries one after the
        other."""
        ends = [each for each in self._of(_AVAILABLE) if after is None or each > after]
        for end in (*further_each_time(ends), None):
            yield _between(after, end)
            after = end

    def renew(self, every: int = 200) -> None:
        """Cut each list behind every so manieth place."""
        places = [
            (each["available"], Sku(each["_id"])) for each in walk(self._levels, ("available",))
        ]
        lists = {
            _SKU: sorted(places, key=lambda place: place[1]),
            _AVAILABLE: sorted(places),
        }
        for name, found in lists.items():
            cuts = [
                {"available": available, "sku": sku} for available, sku in found[every - 1 :: every]
            ]
            self._cuts.replace_one({"_id": name}, {"cuts": cuts}, upsert=True)

    def _of(self, name: str) -> list[Place]:
        found = self._cuts.find_one({"_id": name})
        return [(each["available"], each["sku"]) for each in found["cuts"]] if found else []


def _between(after: Place | None, end: Place | None) -> list[Document]:
    """What lies behind one place and up to another, None for the ends of the list."""
    if after and end and after[0] == end[0]:
        return [{"available": after[0], "_id": {"$gt": after[1], "$lte": end[1]}}]
    queries: list[Document] = []
    inner: Document = {}
    if after:
        queries.append({"available": after[0], "_id": {"$gt": after[1]}})
        inner["$gt"] = after[0]
    if end:
        inner["$lt"] = end[0]
    queries.append({"available": inner} if inner else {})
    if end:
        queries.append({"available": end[0], "_id": {"$lte": end[1]}})
    return queries
