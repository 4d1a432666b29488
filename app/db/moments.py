"""Stored moments against a clock that may have been wrong when they were written.

A lease, a due time or "looked at last" is never further ahead than its writer can have meant. One
that is, was written before a clock was put back: waiting for it would stop the work for an hour or
a day.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from pymongo.collection import Collection

from app.db.database import Document
from app.shared.clock import now

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)
SKEW = timedelta(minutes=1)  # how far the clocks of two machines may lie apart


def until(moment: datetime) -> dict[str, datetime]:
    """The range of moments up to this one. It has a lower end for the embedded database, whose
    indexes would go through every document that has no such moment as well."""
    return {"$gte": _EVER, "$lte": moment}


def before(moment: datetime) -> dict[str, datetime]:
    """The range of moments before this one (see ``until``)."""
    return {"$gte": _EVER, "$lt": moment}


def at_any_time() -> dict[str, datetime]:
    """The range of all moments (see ``until``): for a mark that holds from when it is set, even by
    a clock that was ahead."""
    return {"$gte": _EVER, "$lte": _NEVER}


def passed(field: str, by: datetime, longest: timedelta = timedelta(0)) -> dict[str, Any]:
    """The condition of a write that a stored moment lies not after ``by``, or further ahead than
    ``longest`` from now, which is the most that anybody writes there."""
    return {"$or": [{field: each} for each in _passed(by, longest)]}


def find_passed(
    collection: Collection[Document],
    query: Mapping[str, Any],
    field: str,
    by: datetime,
    most: int,
) -> Iterator[Document]:
    """Documents for which ``passed`` holds; what nobody writes ahead of now may not be ahead.
    Each range is asked for by itself: with ``$or`` the embedded database uses no index."""
    found = (
        each
        for within in _passed(by, timedelta(0))
        for each in collection.find({**query, field: within}).limit(most)
    )
    return islice(found, most)


def _passed(by: datetime, longest: timedelta) -> tuple[dict[str, datetime], dict[str, datetime]]:
    return until(by), {"$gt": now() + longest + SKEW}


def has_passed(stored: datetime, by: datetime, longest: timedelta = timedelta(0)) -> bool:
    """The same of a moment that was read."""
    return stored <= by or stored > now() + longest + SKEW
