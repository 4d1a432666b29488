"""Marking the words that made a product a result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape
from pyroaring import BitMap

from app.catalog.search.slots import Slot
from app.catalog.search.stems import same_stem
from app.catalog.text import spans, words

_OPEN, _CLOSE = Markup("<mark>"), Markup("</mark>")


@dataclass(frozen=True, slots=True)
class Marks:
    """Folded words to mark in any of their forms, and beginnings of words."""

    words: frozenset[str] = frozenset()
    beginnings: frozenset[str] = frozenset()

    def on(self, text: str) -> Markup:
        """The text as safe markup with every fitting word in ``<mark>``."""
        parts: list[Markup] = []
        shown = 0
        for first, end, word in spans(text):
            length = self._length(word, end - first)
            if length:
                parts += [
                    escape(text[shown:first]),
                    _OPEN,
                    escape(text[first : first + length]),
                    _CLOSE,
                ]
                shown = first + length
        parts.append(escape(text[shown:]))
        return Markup("").join(parts)

    def _length(self, word: str, whole: int) -> int:
        """How many letters of a word to mark: all, those that were typed, or none."""
        if word in self.words:
            return whole
        typed = [len(each) for each in self.beginnings if word.startswith(each)]
        if typed and len(word) == whole:  # folding made it neither longer nor shorter
            return max(typed)
        return whole if typed or any(same_stem(word, each) for each in self.words) else 0


def marks_of(slots: Sequence[Slot], rows: BitMap) -> Marks:
    """What to mark in the titles of ``rows``: the words they were found by."""
    used = {
        word
        for slot in slots
        for way in slot.ways
        if not way.rows().isdisjoint(rows)
        for word in way.word.split()
    }
    typed = {word for slot in slots for word in slot.typed}
    return Marks(frozenset(used | typed), frozenset(typed))


def marks_of_text(text: str) -> Marks:
    """What to mark where only the typed text is known."""
    typed = frozenset(words(text))
    return Marks(typed, typed)
