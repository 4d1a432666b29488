"""The order of results: how rare each word is, where it stands, and in which way it was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.search.fields import Group
from app.catalog.search.slots import Slot

RowOrder = Callable[[BitMap], NDArray[np.int32]]

_LEAST_RARITY = 0.1
_USUAL_TITLE = 4.0  # words


@dataclass(frozen=True, slots=True)
class Weights:
    """What a word counts by the place where it stands, and how much a long title dilutes it."""

    title: float = 10.0
    kind: float = 6.0
    vendor: float = 5.0
    options: float = 5.0
    tags: float = 3.0
    text: float = 1.0
    dilution: float = 0.3

    def of(self, group: Group) -> float:
        """The weight of one group."""
        return float(getattr(self, group.name.lower()))


WEIGHTS = Weights()


def rarity(slot: Slot, total: int) -> float:
    """How much a slot tells: the fewer of ``total`` products have it, the more (BM25's idf)."""
    having = len(slot.rows)
    return max(log(1 + (total - having + 0.5) / (having + 0.5)), _LEAST_RARITY)


def ranked(
    slots: Sequence[Slot],
    rows: BitMap,
    title_lengths: NDArray[np.uint8],
    total: int,
    weights: Weights = WEIGHTS,
    among_equals: RowOrder | None = None,
) -> NDArray[np.int32]:
    """The rows by falling relevance; equals stay ``among_equals``, else as they are numbered."""
    if not rows:
        return np.empty(0, dtype=np.int32)
    scores = np.zeros(rows.max() + 1, dtype=np.float32)
    for slot in slots:
        _add(scores, slot, rows, rarity(slot, total), title_lengths, weights)
    found = (among_equals or row_numbers)(rows)
    # Whole numbers of 16 bits are sorted by counting, ten times as fast as fractions.
    reached = scores[found]
    steps = ((1 - reached / (reached.max() or 1)) * 65_535).astype(np.uint16)
    return found[np.argsort(steps, kind="stable")]


def _add(
    scores: NDArray[np.float32],
    slot: Slot,
    rows: BitMap,
    rare: float,
    title_lengths: NDArray[np.uint8],
    weights: Weights,
) -> None:
    """Add what a slot counts: in each group of each row, the best way alone."""
    diluted = _diluted(weights.dilution)
    for group in Group:
        rest = rows
        for way in slot.ways:
            here = way.hits[group]
            if not here or not (hits := here & rest):
                continue
            at = row_numbers(hits)
            gain = rare * way.quality * weights.of(group)
            scores[at] += gain * diluted[title_lengths[at]] if group is Group.TITLE else gain
            rest = rest - hits


@lru_cache(maxsize=8)
def _diluted(dilution: float) -> NDArray[np.float32]:
    """By the words that a title has, what one of them counts."""
    return (1 / (1 + dilution * (np.arange(256) / _USUAL_TITLE - 1))).astype(np.float32)


def row_numbers(rows: BitMap) -> NDArray[np.int32]:
    """The rows as an array, rising."""
    return np.frombuffer(rows.to_array(), np.int32)
