"""Forms of one word: ``hoodies`` and ``hoodie``, ``Hosen`` and ``Hose``, जूते and जूता."""

from __future__ import annotations

import threading
from functools import lru_cache

import snowballstemmer

_STEMMERS = {name: snowballstemmer.stemmer(name) for name in ("english", "german", "hindi")}
_LOCK = threading.Lock()  # a stemmer keeps the word it works on in itself
_ENDINGS = frozenset(
    (
        "", "s", "es", "e", "en", "er", "ern", "em", "n", "ns", "ing", "ings", "ed", "ly", "d",
        "ers", "r", "rs", "y", "ies", "ied", "ie", "ier", "iest", "st", "t", "te", "ten", "able",
        "ness", "ment", "ments", "al", "ally", "or", "ors",
    )
)  # fmt: skip
_SOFT = "iyev"  # what the last letter of a stem may turn into
_SHORTEST = 3
_LEAST_SHARE = 0.4  # of a word that its stem must make up


@lru_cache(maxsize=1 << 16)
def stems_of(word: str) -> tuple[str, ...]:
    """The stems of a folded word in the languages its letters can be of."""
    if len(word) < _SHORTEST or (not word.isalpha() and not _is_devanagari(word)):
        return ()
    languages = ("hindi",) if _is_devanagari(word) else ("english", "german")
    with _LOCK:
        return tuple(_STEMMERS[each].stemWord(word) for each in languages)


def _is_devanagari(word: str) -> bool:
    return "\u0900" <= word[0] <= "\u097f"


def same_stem(word: str, other: str) -> bool:
    """Whether two words are forms of one. ``leggings`` and ``leg`` share a stem, and are not."""
    least = _LEAST_SHARE * max(len(word), len(other))
    pairs = zip(stems_of(word), stems_of(other), strict=False)
    return any(one == two and len(one) >= least for one, two in pairs)


def beginnings(word: str) -> set[str]:
    """How every other form of the word begins."""
    return {stem[:-1] if len(stem) > _SHORTEST else stem for stem in stems_of(word)}


def could_be_form(stem: str, other: str) -> bool:
    """A quick look that rules out most words which merely begin alike, before they are stemmed."""
    if _is_devanagari(stem):
        return len(other) <= len(stem) + 4
    if other.startswith(stem):
        tail = other[len(stem) :]
        return tail in _ENDINGS or (tail[:1] == stem[-1:] and tail[1:] in _ENDINGS)
    tail = other[len(stem) - 1 :]
    return tail[:1] in _SOFT and tail[1:] in _ENDINGS
