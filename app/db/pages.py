"""Pages of long lists, the newest first, by a moment that each document has.

A page goes on after the last thing of the one before (keyset), through windows of time that grow
until it is full. MongoDB would do with the limit; the embedded database reads everything that an
index range holds, so ranges are kept narrow. There must be an index over what ``query`` asks for
and then ``field``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo.collection import Collection

from app.db.database import Document
from app.shared.clock import now

_FIRST = timedelta(hours=6)
_GROWTH = 3
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


def place_of(document: Mapping[str, Any], field: str) -> str:
    """Where a list goes on after a document, for an address."""
    return f"{int(document[field].timestamp() * 1000)}_{document['_id']}"


def page_back(
    collection: Collection[Document],
    query: Mapping[str, Any],
    field: str,
    most: int,
    after: str = "",
    since: datetime | None = None,
) -> list[Document]:
    """At most ``most`` documents, the newest first, from the place ``after`` (see ``place_of``)
    and back to ``since``. A place that is none is the beginning."""
    upper, last = _read(after)
    floor = since or _EVER
    found: list[Document] = []
    width = _FIRST
    while len(found) < most and upper > floor:
        lower = max(upper - width, floor)
        within = {**query, field: {"$gte": lower, "$lt": upper}}
        documents = collection.find(within).sort([(field, -1), ("_id", -1)])
        found += [each for each in documents if not last or (each[field], each["_id"]) < last]
        upper, width = lower, width * _GROWTH
    return found[:most]


def _read(place: str) -> tuple[datetime, tuple[datetime, str] | None]:
    """The moment at which to begin, not included, and what must come before."""
    moment, _, key = place.partition("_")
    if not (moment.isdecimal() and len(moment) < 15 and key):
        return now() + timedelta(days=1), None
    at = datetime.fromtimestamp(int(moment) / 1000, UTC)
    return at + timedelta(milliseconds=1), (at, key)
