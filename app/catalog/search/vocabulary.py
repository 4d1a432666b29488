"""Every word of the catalog in order, for beginnings, endings, forms and near misses."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from app.catalog.search.spelling import Spelling, measured
from app.catalog.search.stems import beginnings, could_be_form, same_stem, stems_of

_LAST = "\U0010ffff"
_FEW = 64
_MOST_RECENT = 3_000  # new words are compared one by one until there are this many


@dataclass(frozen=True, kw_only=True, slots=True)
class Vocabulary:
    """Words in order. ``spelling`` knows all but the ``recent`` ones, and some that are gone."""

    terms: Sequence[str] = ()
    spelling: Spelling = field(default_factory=lambda: Spelling(()))
    recent: tuple[str, ...] = ()

    def starting(self, start: str) -> Sequence[str]:
        """Every word that begins like this, itself included."""
        first = bisect_left(self.terms, start)
        return self.terms[first : bisect_left(self.terms, start + _LAST, first)]

    def forms(self, word: str) -> list[str]:
        """Other forms of a word, by its stem."""
        stems = stems_of(word)
        near = {
            other
            for start in beginnings(word)
            for other in self.starting(start)
            if any(could_be_form(stem, other) for stem in stems)
        }
        return [other for other in near if other != word and same_stem(word, other)]

    def near(self, word: str, errors: int) -> list[tuple[str, int]]:
        """Words at most ``errors`` typing errors away, each with its number of errors."""
        candidates = [*self.spelling.alike(word, errors), *self.recent]
        return measured(word, candidates, errors)

    def near_beginnings(self, word: str, errors: int) -> list[tuple[str, int]]:
        """The same for words of which only a beginning was typed."""
        candidates = [*self.spelling.beginning_alike(word, errors), *self.recent]
        longer = (term for term in candidates if len(term) > len(word))
        starts = {term: term[: len(word)] for term in longer if not term.startswith(word)}
        fitting = dict(measured(word, list(set(starts.values())), errors))
        return [(term, fitting[start]) for term, start in starts.items() if start in fitting]

    def ending(self, end: str) -> list[str]:
        """Longer words that end like this."""
        recent = [term for term in self.recent if term.endswith(end) and term != end]
        return [*self.spelling.ending(end), *recent]

    def changed(self, added: Collection[str], gone: Collection[str]) -> Vocabulary:
        """The vocabulary with some words more and some less."""
        if not added and not gone:
            return self
        terms = _changed(self.terms, added, gone)
        recent = (*(term for term in self.recent if term not in gone), *added)
        if len(recent) > _MOST_RECENT:
            return Vocabulary(terms=terms, spelling=Spelling(terms))
        return Vocabulary(terms=terms, spelling=self.spelling, recent=recent)


def _changed(terms: Sequence[str], added: Collection[str], gone: Collection[str]) -> list[str]:
    if len(added) + len(gone) > _FEW:
        return sorted([*(term for term in terms if term not in gone), *added])
    changed = list(terms)
    for term in gone:
        del changed[bisect_left(changed, term)]
    for term in added:
        insort(changed, term)
    return changed
