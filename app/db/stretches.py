"""How far the stretches reach in which a long list is read: further each time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
_FURTHER = 4


def further_each_time(places: Sequence[T]) -> Iterator[T]:
    """The first of the places, then one some further, then one far further: who finds enough early
    reads little, who finds nothing asks few times."""
    at, step = 0, 1
    while at < len(places):
        yield places[at]
        at += step
        step *= _FURTHER
