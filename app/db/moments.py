"""Stored moments against a clock that may have been wrong when they were written.

A lease, a due time or "looked at last" is never further ahead than its writer can have meant. One
that is, was written before a clock was put back: waiting for it would stop the work for an hour or
a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from app.shared.clock import now

SKEW = timedelta(minutes=1)  # how far the clocks of two machines may lie apart


def passed(field: str, by: datetime, longest: timedelta = timedelta(0)) -> dict[str, Any]:
    """The condition that a stored moment lies not after ``by``, or further ahead than ``longest``
    from now, which is the most that anybody writes there."""
    return {"$or": [{field: {"$lte": by}}, {field: {"$gt": now() + longest + SKEW}}]}


def has_passed(stored: datetime, by: datetime, longest: timedelta = timedelta(0)) -> bool:
    """The same of a moment that was read."""
    return stored <= by or stored > now() + longest + SKEW
