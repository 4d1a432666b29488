"""Finding rows by words: all words must be there, the last one may be unfinished."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from app.catalog.search.fields import SearchText, weighted_words
from app.catalog.text import words

_MOST_WORDS = 12
_LAST = "\U0010ffff"
Term = tuple[int, str]  # the weight of the place, the word


@dataclass(frozen=True, kw_only=True, slots=True)
class Hits:
    """What was found. ``ranked`` has the rows by falling relevance, ``scores`` goes with it;
    ``corrected`` is the query they fit if not the one typed."""

    rows: BitMap
    ranked: NDArray[np.int32]
    scores: NDArray[np.int32]
    corrected: str = ""


class SearchIndex:
    """Which rows have which words. It never changes; ``edit`` starts a changed copy."""

    def __init__(self, postings: Mapping[Term, BitMap] | None = None) -> None:
        self._postings = postings or {}

    @cached_property
    def _weights(self) -> tuple[int, ...]:
        return tuple(sorted({weight for weight, _ in self._postings}))

    @cached_property
    def _vocabulary(self) -> list[str]:
        return sorted({word for _, word in self._postings})

    def find(self, query: str, allowed: BitMap) -> Hits:
        """Search among ``allowed``. If nothing fits, near misses of the words are tried."""
        wanted = words(query)[:_MOST_WORDS]
        if not wanted:
            return _hits(allowed, np.zeros(0, np.int32))
        found = self._ranked(wanted, allowed)
        if found.rows:
            return found
        near = [self._nearest(word) for word in wanted]
        if near == wanted:
            return found
        return self._ranked(near, allowed, " ".join(near))

    def _ranked(self, wanted: list[str], allowed: BitMap, corrected: str = "") -> Hits:
        scores = np.zeros((allowed.max() if allowed else 0) + 1, np.int32)
        rows = allowed
        for place, word in enumerate(wanted):
            rows = self._add_scores(word, place == len(wanted) - 1, rows, scores)
        return _hits(rows, scores, corrected if rows else "")

    def _add_scores(
        self, word: str, may_go_on: bool, rows: BitMap, scores: NDArray[np.int32]
    ) -> BitMap:
        """Add the word's weight to each of its rows and return them; whole words count double."""
        part = np.zeros_like(scores)
        found = BitMap()
        for factor, terms in ((1, self._starting(word) if may_go_on else []), (2, [word])):
            for weight in self._weights:
                fitting = _union(self._postings.get((weight, term)) for term in terms) & rows
                if fitting:
                    part[np.frombuffer(fitting.to_array(), np.int32)] = factor * weight
                    found |= fitting
        scores += part
        return found

    def _starting(self, start: str) -> list[str]:
        known = self._vocabulary
        return known[bisect_left(known, start) : bisect_left(known, start + _LAST)]

    def _nearest(self, word: str) -> str:
        """The known word with the fewest typing errors between: one, or two in a long word."""
        if len(word) < 4 or any((weight, word) in self._postings for weight in self._weights):
            return word
        errors = 1 if len(word) < 6 else 2
        found = process.extractOne(
            word, self._vocabulary, scorer=DamerauLevenshtein.distance, score_cutoff=errors
        )
        return str(found[0]) if found else word

    def edit(self) -> SearchEdit:
        """A copy to change."""
        return SearchEdit(self._postings)

    def dump(self) -> bytes:
        """The index as bytes that ``load`` reads."""
        parts = [each.serialize() for each in self._postings.values()]
        head = json.dumps([[*term, len(part)] for term, part in zip(self._postings, parts)])  # noqa: B905
        return b"\n".join((head.encode(), b"".join(parts)))

    @classmethod
    def load(cls, dumped: bytes) -> SearchIndex:
        """The index that was dumped."""
        end = dumped.index(b"\n")
        place = end + 1
        postings: dict[Term, BitMap] = {}
        for weight, word, length in json.loads(dumped[:end]):
            postings[weight, word] = BitMap.deserialize(dumped[place : place + length])
            place += length
        return cls(postings)


class SearchEdit:
    """A changed copy in the making; sets of rows are copied when they first change."""

    def __init__(self, postings: Mapping[Term, BitMap]) -> None:
        self._base = postings
        self._fresh: dict[Term, BitMap] = {}
        self._gone = BitMap()

    def put(self, row: int, text: SearchText) -> None:
        """Give a row that has no words, or whose words were dropped, these."""
        self._take_out()
        for word, weight in weighted_words(text).items():
            self._own((weight, word)).add(row)

    def drop(self, row: int) -> None:
        """Take a row's words out."""
        self._gone.add(row)

    def done(self) -> SearchIndex:
        """The changed index; this edit must not be used any longer."""
        self._take_out()
        if not self._fresh:
            return SearchIndex(self._base)
        merged = {**self._base, **self._fresh}
        for term, rows in self._fresh.items():
            if not rows:
                del merged[term]
        return SearchIndex(merged)

    def _own(self, term: Term) -> BitMap:
        if term not in self._fresh:
            known = self._base.get(term)
            self._fresh[term] = known.copy() if known is not None else BitMap()
        return self._fresh[term]

    def _take_out(self) -> None:
        """Dropped rows leave together: looking for them goes through every word."""
        if not self._gone:
            return
        for term in [*self._base, *self._fresh]:
            known = self._fresh.get(term, self._base.get(term))
            if known is not None and known.intersect(self._gone):
                self._own(term).difference_update(self._gone)
        self._gone = BitMap()


def _union(sets: Iterable[BitMap | None]) -> BitMap:
    known = [each for each in sets if each is not None]
    return BitMap.union(*known) if known else BitMap()


def _hits(rows: BitMap, scores: NDArray[np.int32], corrected: str = "") -> Hits:
    ranked = np.frombuffer(rows.to_array(), np.int32)
    own = scores[ranked] if len(scores) else np.zeros(len(ranked), np.int32)
    order = np.argsort(-own, kind="stable")
    return Hits(rows=rows, ranked=ranked[order], scores=own[order], corrected=corrected)
