"""From the words of a query to what must be found: one slot for each thing that was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from pyroaring import BitMap

from app.catalog.search.fields import LONGEST_WORD, Group
from app.catalog.search.synonyms import MOST_WORDS, stop_words, synonyms_of
from app.catalog.search.ways import Lexicon, Way
from app.catalog.text import words

_MOST_SLOTS = 12
_SHORTEST_JOINED = 4


@dataclass(frozen=True)
class Slot:
    """One thing that was asked for, as it was ``typed``, with every way to find it, best first."""

    typed: tuple[str, ...]
    ways: tuple[Way, ...]

    @cached_property
    def rows(self) -> BitMap:
        """The rows that have it in any way."""
        return _united(way.rows() for way in self.ways)

    @cached_property
    def strong_rows(self) -> BitMap:
        """The rows that do more than mention it in the description."""
        return _united(way.strong_rows() for way in self.ways)

    @property
    def text(self) -> str:
        """What was typed."""
        return " ".join(self.typed)


def _united(rows: Iterator[BitMap]) -> BitMap:
    return BitMap.union(BitMap(), *rows)


def query_words(query: str) -> list[str]:
    """The folded words of a query, without those that say nothing if others remain."""
    typed = [word[:LONGEST_WORD] for word in words(query)[:_MOST_SLOTS]]
    return [word for word in typed if word not in stop_words()] or typed


def read_slots(lexicon: Lexicon, typed: list[str], *, forgiving: bool = False) -> list[Slot]:
    """The slots of a query. ``forgiving`` takes known words, too, for possible typing errors."""
    slots = []
    place = 0
    while place < len(typed):
        length = _phrase_length(lexicon, typed, place)
        phrase = tuple(typed[place : place + length])
        place += length
        slots.append(_slot(lexicon, phrase, last=place == len(typed), forgiving=forgiving))
    return slots


def _phrase_length(lexicon: Lexicon, typed: list[str], place: int) -> int:
    """How many words from here on mean one thing: ``t shirt``, ``sweat shirt``, ``sofa``."""
    for length in range(MOST_WORDS, 1, -1):
        phrase = tuple(typed[place : place + length])
        if len(phrase) < length:
            continue
        joined = "".join(phrase)
        if synonyms_of(phrase) or (len(joined) >= _SHORTEST_JOINED and lexicon.knows(joined)):
            return length
    return 1


def _slot(lexicon: Lexicon, phrase: tuple[str, ...], *, last: bool, forgiving: bool) -> Slot:
    if len(phrase) > 1:
        ways = lexicon.phrase_ways(phrase)
    else:
        ways = lexicon.ways(phrase[0], last=last)
        if forgiving or not ways:
            ways += lexicon.misses(phrase[0], last=last)
        elif not any(any(way.hits[: Group.TEXT]) for way in ways):
            # A word of descriptions alone may be a slip of somebody who meant a title.
            ways += lexicon.misses(phrase[0], last=last, only_strong=True)
    return Slot(phrase, tuple(sorted(ways, key=lambda way: -way.quality)))
