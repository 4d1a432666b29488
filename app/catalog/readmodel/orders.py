"""Presorted orders of rows, from which any page is cut."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.readmodel.bits import Numbers, mask, members

_SPARSE = 16  # below a sixteenth of all rows, sorting the selected ones is quicker
_HEAD = 1024  # rows at the beginning of an order that are looked at one by one
_MANY, _SHARE = 16, 256  # more changed rows, or a larger share, are not put in one by one
Key = Callable[[Any], Any]


class Order:
    """Rows in a fixed order. ``rows`` has the last one first: keys rise, pages fall."""

    def __init__(self, rows: Numbers) -> None:
        self.rows = rows

    @cached_property
    def rank(self) -> Numbers:
        """By row, its place in ``rows``."""
        places = np.zeros(int(self.rows.max(initial=-1)) + 1, np.int32)
        places[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        return places

    def page(self, selected: BitMap, start: int, stop: int) -> Numbers:
        """The selected rows from place ``start`` up to ``stop``; all of them must be in here."""
        if len(selected) * _SPARSE < len(self.rows):
            rows = members(selected)
            return rows[np.argsort(self.rank[rows])[::-1][start:stop]]
        falling = self.rows[::-1]
        if len(selected) == len(self.rows):
            return falling[start:stop]
        return pick(falling, selected, start, stop)

    def mended(self, moved: BitMap, come: BitMap, size: int, key: Key) -> Order | None:
        """The order without ``moved`` and with ``come``; None if sorting anew is quicker.

        ``size`` is the number of rows there may be; ``key`` says where a row belongs.
        """
        if not moved and not come:
            return self
        if len(come) > max(_MANY, len(self.rows) // _SHARE):
            return None
        size = max(size, int(self.rows.max(initial=0)) + 1)
        kept = self.rows.compress(~mask(moved, size).take(self.rows))
        coming = sorted(come, key=key)
        places = [bisect_left(kept, key(row), key=key) for row in coming]
        return Order(np.insert(kept, places, np.array(coming, np.int32)))


def pick(order: Numbers, selected: BitMap, start: int, stop: int) -> Numbers:
    """Of the rows in ``order``, the selected ones from place ``start`` up to ``stop``."""
    if 2 * stop * len(order) < _HEAD * len(selected):  # they are likely to be among the first
        first = (row for row in order[:_HEAD].tolist() if row in selected)
        found = list(islice(first, stop))
        if len(found) == stop:
            return np.array(found[start:], np.int32)
    size = max(int(order.max(initial=0)), selected.max() if selected else 0) + 1
    return order.compress(mask(selected, size).take(order))[start:stop]


def sorted_by(rows: Numbers, *columns: NDArray[Any]) -> Order:
    """These rows by the columns' values, the first column deciding first."""
    return Order(rows[np.lexsort([column[rows] for column in reversed(columns)])])
