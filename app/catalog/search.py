"""Finding rows by words: all words must be there, the last one may be unfinished."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from app.catalog.index import Row
from app.catalog.text import words

_MOST_WORDS = 12


@dataclass(frozen=True, slots=True)
class Found:
    """Rows by falling relevance; ``corrected`` is the query they fit if not the one typed."""

    rows: list[Row]
    corrected: str = ""


def find(rows: list[Row], vocabulary: frozenset[str], query: str) -> Found:
    """Search ``rows``. If nothing fits, near misses of the words are tried."""
    wanted = words(query)[:_MOST_WORDS]
    if not wanted:
        return Found(rows)
    hits = _ranked(rows, wanted)
    if hits:
        return Found(hits)
    near = [_nearest(word, vocabulary) for word in wanted]
    if near == wanted:
        return Found([])
    return Found(_ranked(rows, near), " ".join(near))


def _ranked(rows: Iterable[Row], wanted: list[str]) -> list[Row]:
    scored = [(score, row) for row in rows if (score := _score(row, wanted))]
    scored.sort(key=lambda pair: -pair[0])
    return [row for _, row in scored]


def _score(row: Row, wanted: list[str]) -> int:
    """The sum of the words' weights, 0 if one is missing. Whole words count double."""
    *whole, last = wanted
    total = 0
    for word in whole:
        weight = row.weights.get(word, 0)
        if not weight:
            return 0
        total += 2 * weight
    ending = 2 * row.weights.get(last, 0) or max(
        (weight for word, weight in row.weights.items() if word.startswith(last)), default=0
    )
    return total + ending if ending else 0


def _nearest(word: str, vocabulary: frozenset[str]) -> str:
    """The known word with the fewest typing errors between: one, or two in a long word."""
    if word in vocabulary or len(word) < 4:
        return word
    errors = 1 if len(word) < 6 else 2
    found = process.extractOne(
        word, vocabulary, scorer=DamerauLevenshtein.distance, score_cutoff=errors
    )
    return str(found[0]) if found else word
