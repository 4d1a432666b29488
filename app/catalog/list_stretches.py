"""The whole list of products in stretches: a page reads some of an index, not all of it.

A database that sorts what a query matches before it cuts off a page takes as long as the list is.
Where the list can be cut is looked up now and then, in each process; old cuts only make stretches
longer or shorter: what is found is never less.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

from app.catalog.listed import ListSort, ProductFilter, Shown
from app.catalog.models import ProductKind, ProductStatus
from app.db.database import Database, Document, walk
from app.db.stretches import further_each_time
from app.shared.clock import now

_FIELDS = {ListSort.NEWEST: "_id", ListSort.TITLE: "title", ListSort.UPDATED: "updated_at"}
_SHOWN = {"status": 1, "kind": 1, "published_at": 1, "title": 1, "updated_at": 1}
_EVERY = 200  # products
_GOOD_FOR = 3600.0  # seconds


def is_whole(wanted: ProductFilter) -> bool:
    """Whether so many products are wanted that no index finds them by what they are."""
    narrowed = wanted.q.strip() or wanted.category or wanted.vendor
    common = wanted.status in {None, Shown.PUBLISHED} and wanted.kind in {None, ProductKind.SIMPLE}
    return common and not narrowed


class ListStretches:
    """Reads ``product_list`` in the orders of the staff's list."""

    def __init__(self, database: Database) -> None:
        self._listed = database["product_list"]
        self._cuts: dict[str, list[Any]] = {}
        self._known_until = 0.0
        self._lock = threading.Lock()

    def read(self, wanted: ProductFilter, after: Any = None) -> Iterator[Document]:
        """What is wanted, in order, from the value ``after`` on, that itself included."""
        field = _FIELDS[wanted.sort]
        is_down = wanted.sort is not ListSort.TITLE
        for within in _ranges(self._known()[field], after, is_down=is_down):
            found = [each for each in self._within(field, within) if _meets(each, wanted)]
            yield from sorted(found, key=lambda each: (each[field], each["_id"]), reverse=is_down)
        if wanted.sort is ListSort.UPDATED:  # what says nothing of it is in no range
            never = self._listed.find({field: None}, _SHOWN).sort("_id", -1)
            yield from (each for each in never if _meets(each, wanted))

    def _within(self, field: str, within: Document) -> Iterator[Document]:
        if field != "_id":
            yield from self._listed.find({field: within} if within else {}, _SHOWN)
            return
        for status in ProductStatus:  # of its index ``_id`` is the second half
            query: Document = {"status": status.value, **({"_id": within} if within else {})}
            yield from self._listed.find(query, _SHOWN)

    def _known(self) -> dict[str, list[Any]]:
        with self._lock:
            if time.monotonic() > self._known_until:
                places = list(walk(self._listed, ("title", "updated_at")))
                self._cuts = {
                    field: _cut([each[field] for each in places]) for field in _FIELDS.values()
                }
                self._known_until = time.monotonic() + _GOOD_FOR
            return self._cuts


def _cut(values: list[Any]) -> list[Any]:
    known = sorted(each for each in values if each is not None)
    return sorted({*known[_EVERY::_EVERY]})


def _ranges(cuts: list[Any], after: Any, *, is_down: bool) -> Iterator[Document]:
    """From one end, or from ``after``, to the other."""
    behind = [each for each in cuts if after is None or (each < after if is_down else each > after)]
    ends = behind[::-1] if is_down else behind
    near, far = ("$lt", "$gte") if is_down else ("$gte", "$lt")
    last: Document = {} if after is None else {"$lte" if is_down else "$gte": after}
    for end in further_each_time(ends):
        yield {**last, far: end}
        last = {near: end}
    yield last


def _meets(listed: Document, wanted: ProductFilter) -> bool:
    if wanted.kind and listed["kind"] != wanted.kind.value:
        return False
    if wanted.status is None:
        return True
    published_at = listed["published_at"]
    is_published = listed["status"] == ProductStatus.PUBLISHED.value
    return is_published and published_at is not None and bool(published_at <= now())
