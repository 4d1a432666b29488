"""Where a long list goes on after one of its things, as part of an address."""

from __future__ import annotations

from datetime import UTC, datetime


def place(at: datetime, key: str) -> str:
    """The place right after the thing ``key`` of a moment."""
    return f"{round(at.timestamp() * 1000)}_{key}"


def read_place(text: str) -> tuple[datetime, str] | None:
    """The moment and key of a place; None if it is none."""
    moment, _, key = text.partition("_")
    if not (moment.isdecimal() and moment.isascii() and len(moment) < 15 and key):
        return None
    return datetime.fromtimestamp(int(moment) / 1000, UTC), key
