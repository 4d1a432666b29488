"""Pages of long lists, the newest first, by a moment that each document has.

A page goes on after the last thing of the one before (keyset), through windows of time that grow
until it is full. MongoDB would do with the limit; the embedded database reads everything that an
index range holds, so ranges are kept narrow. There must be an index over what ``query`` asks for
and then ``field``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.collection import Collection

from app.db.database import Document
from app.shared.clock import now
from app.shared.places import read_place

_AHEAD = timedelta(days=1)  # clocks differ
_FIRST = timedelta(hours=3)
_GROWTH = 3
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def page_back(
    collection: Collection[Document],
    query: Mapping[str, Any],
    field: str,
    most: int,
    after: str = "",
    since: datetime | None = None,
    only: Iterable[str] | None = None,
) -> list[Document]:
    """At most ``most`` documents, the newest first, from the place ``after`` (see
    ``app.shared.places``) and back to ``since``. A place that is none is the beginning. ``only``
    names the fields that are wanted beside ``_id`` and ``field``."""
    fields = dict.fromkeys((field, *only), 1) if only is not None else None
    last = read_place(after)
    upper = last[0] + timedelta(milliseconds=1) if last else now() + _AHEAD
    floor = since or _EVER
    found: list[Document] = []
    width = _FIRST
    lower = (last[0] if last else now()) - width
    while len(found) < most and upper > floor:
        lower = max(lower, floor)
        within = {**query, field: {"$gte": lower, "$lt": upper}}
        documents = collection.find(within, fields).sort([(field, -1), ("_id", -1)])
        found += [each for each in documents if not last or (each[field], each["_id"]) < last]
        upper, width = lower, width * _GROWTH
        lower = upper - width
    return found[:most]
