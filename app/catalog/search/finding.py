"""Which products a query finds: all words if any product has them, else most of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.search.marking import Marks
from app.catalog.search.ranking import rarity
from app.catalog.search.slots import Slot, read_slots
from app.catalog.search.ways import Lexicon

_MOST_TRIED = 7  # words of which every choice is tried; of more, the rarest are taken


@dataclass(frozen=True, slots=True)
class Shorter:
    """The query without a word that stands in the way, and how many products it finds."""

    query: str
    count: int


@dataclass(frozen=True, kw_only=True)
class Hits:
    """What a query found.

    ``rank`` puts the rows in order, for ``ranked``. ``corrected`` is the query they fit if not the
    one typed. ``missing`` are the words they do not have: then no product has all. ``shorter``
    are queries that leave one word out. ``floor`` and ``ceiling`` are the prices asked for, in
    major units of whatever currency is shown. ``marks`` shows in a title why it was found.
    """

    rows: BitMap
    rank: Callable[[], NDArray[np.int32]]
    corrected: str = ""
    missing: tuple[str, ...] = ()
    shorter: tuple[Shorter, ...] = ()
    floor: Decimal | None = None
    ceiling: Decimal | None = None
    marks: Marks = field(default_factory=Marks)

    @cached_property
    def ranked(self) -> NDArray[np.int32]:
        """The rows by falling relevance; worked out when they are asked for, as most lists are in
        another order."""
        return self.rank()


@dataclass(frozen=True, slots=True)
class Match:
    """The rows, the slots they have, and those they lack."""

    rows: BitMap
    having: Sequence[Slot]
    lacking: Sequence[Slot] = ()


def match(lexicon: Lexicon, typed: list[str], allowed: BitMap) -> Match:
    """The products of ``allowed`` that fit the words best."""
    slots = read_slots(lexicon, typed)
    rows = with_all(slots, allowed)
    if rows:
        return Match(rows, slots)
    forgiving = read_slots(lexicon, typed, forgiving=True)
    rows = with_all(forgiving, allowed)
    if rows:
        return Match(rows, forgiving)
    return _best_part(slots, allowed)


def match_corrected(lexicon: Lexicon, typed: list[str], allowed: BitMap) -> tuple[Match, str]:
    """The same; if it takes near misses, what the corrected query finds, and that query."""
    found = match(lexicon, typed, allowed)
    query = corrected(found)
    if not query:
        return found, ""
    again = match(lexicon, query.split(), allowed)
    if not again.rows or again.lacking:
        return found, query
    return Match(again.rows, again.having, found.lacking), query


def with_all(slots: Sequence[Slot], allowed: BitMap) -> BitMap:
    """The rows that have every slot."""
    return BitMap.intersection(allowed, *(slot.rows for slot in slots))


def _best_part(slots: Sequence[Slot], allowed: BitMap) -> Match:
    """The rows with most of the words, and among equals those with the rarest.

    A product that merely mentions one of the words in its description is no answer.
    """
    known = [slot for slot in slots if not slot.rows.isdisjoint(allowed)]
    known.sort(key=lambda slot: -rarity(slot, len(allowed)))
    tried = known[:_MOST_TRIED]
    for size in range(min(len(tried), len(slots) - 1), 0, -1):
        # Combinations come in the order of the list, so the rarest words come first.
        for having in combinations(tried, size):
            strong = BitMap.union(*(slot.strong_rows for slot in having))
            rows = with_all(having, allowed) & strong
            if rows:
                kept = [slot for slot in slots if slot in having]
                return Match(rows, kept, [slot for slot in slots if slot not in having])
    return Match(BitMap(), (), slots)


def corrected(found: Match) -> str:
    """The query that the rows fit, if near misses were needed, else nothing."""
    texts = [_corrected_text(slot, found.rows) for slot in found.having]
    typed = [slot.text for slot in found.having]
    return " ".join(texts) if texts != typed else ""


def _corrected_text(slot: Slot, rows: BitMap) -> str:
    """What was typed, or the near miss that most of the rows have if none has the word itself."""
    for way in slot.ways:
        if not way.corrects and not way.rows().isdisjoint(rows):
            return slot.text
    misses = [way for way in slot.ways if way.corrects]
    counts = [way.rows().intersection_cardinality(rows) for way in misses]
    return misses[counts.index(max(counts))].word if misses else slot.text


def shorter_queries(slots: Sequence[Slot], allowed: BitMap) -> tuple[Shorter, ...]:
    """The query without each of its words that finds something then, most products first."""
    found = []
    for left_out in slots:
        rest = [slot for slot in slots if slot is not left_out]
        count = len(with_all(rest, allowed)) if rest else 0
        if count:
            found.append(Shorter(" ".join(slot.text for slot in rest), count))
    return tuple(sorted(found, key=lambda each: -each.count))
