"""Words that look like another, found by the pairs of letters they share.

A word is first compared by its pairs alone, which costs a few array operations whatever the
number of words; only the closest few hundred are then measured letter by letter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

Ints = NDArray[np.int32]
_EDGE = "\n"
_MEASURED = 400


class Spelling:
    """The pairs of letters of a fixed list of words."""

    def __init__(self, terms: Sequence[str]) -> None:
        self._terms = terms
        letters = _points(_EDGE + _EDGE.join(terms) + _EDGE)
        owners = (np.cumsum(letters == ord(_EDGE), dtype=np.int32) - 1)[:-1]
        pairs = _pairs(letters)
        order = np.argsort(pairs, kind="stable")
        self._pairs, self._starts = np.unique(pairs[order], return_index=True)
        self._owners: Ints = owners[order]

    def alike(self, word: str, errors: int) -> list[str]:
        """Words that share enough pairs to be at most ``errors`` typing errors away, and more."""
        wanted = np.unique(_pairs(_points(_EDGE + word + _EDGE)))
        # A wrong letter spoils two pairs, two letters exchanged spoil three.
        return self._sharing(wanted, max(len(wanted) - 3 * errors, 1))

    def beginning_alike(self, word: str, errors: int) -> list[str]:
        """The same for words of which only a beginning is given."""
        wanted = np.unique(_pairs(_points(_EDGE + word)))
        return self._sharing(wanted, max(len(wanted) - 3 * errors, 1))

    def ending(self, end: str) -> list[str]:
        """Longer words that end like this."""
        wanted = np.unique(_pairs(_points(end + _EDGE)))
        found = self._sharing(wanted, len(wanted))
        return [term for term in found if term.endswith(end) and len(term) > len(end)]

    def _sharing(self, wanted: NDArray[np.uint64], least: int) -> list[str]:
        places = np.searchsorted(self._pairs, wanted)
        ends = np.append(self._starts[1:], len(self._owners))
        lists = [
            self._owners[self._starts[place] : ends[place]]
            for place, pair in zip(places, wanted, strict=True)
            if place < len(self._pairs) and self._pairs[place] == pair
        ]
        if len(lists) < least:
            return []
        shared = np.bincount(np.concatenate(lists), minlength=len(self._terms))
        found = np.flatnonzero(shared >= least)
        if len(found) > _MEASURED:
            closest = np.argsort(-shared[found], kind="stable")[:_MEASURED]
            found = found[closest]
        return [self._terms[int(place)] for place in found]


def _points(text: str) -> NDArray[np.uint64]:
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)


def _pairs(letters: NDArray[np.uint64]) -> NDArray[np.uint64]:
    return (letters[:-1] << np.uint64(21)) | letters[1:]


def measured(word: str, candidates: Sequence[str], errors: int) -> list[tuple[str, int]]:
    """The candidates at most ``errors`` typing errors away, each with its number of errors.

    An error is a letter too many, missing or wrong, or two exchanged (Damerau-Levenshtein).
    """
    found = process.extract(
        word, candidates, scorer=DamerauLevenshtein.distance, score_cutoff=errors, limit=None
    )
    return [(str(term), int(distance)) for term, distance, _ in found]
