"""Names in Redis of the sketches that count visitors (HyperLogLog)."""

from __future__ import annotations

from app.analytics.models import Step

LATELY = 5  # minutes

# The braces put a day's keys, and a market's, on one node of a cluster: they are merged.


def day_key(day: str, market: str, step: Step) -> str:
    """Visitors of a day and a market who came so far."""
    return f"mossx:visits:{{{day}:{market}}}:{step.value}"


def spare_key(key: str) -> str:
    """Where a sketch is put to be merged into ``key``."""
    return f"{key}:kept"


def markets_key(day: str) -> str:
    """The markets that anybody visited on a day."""
    return f"mossx:visits:markets:{day}"


def minute_key(minute: int, market: str) -> str:
    """Visitors of a market in a minute (of the epoch)."""
    return f"mossx:visitors:{{{market}}}:{minute}"
