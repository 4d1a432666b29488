"""Words of one meaning, and words that say nothing, read from the files beside this module."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from app.catalog.search.stems import stems_of
from app.catalog.text import words

Phrase = tuple[str, ...]
MOST_WORDS = 3
_FOLDER = Path(__file__).parent


@cache
def stop_words() -> frozenset[str]:
    """Words left out of a query that has others."""
    return frozenset(word for line in _lines("stopwords.txt") for word in words(line))


def synonyms_of(phrase: Phrase) -> tuple[Phrase, ...]:
    """Phrases that mean the same as this one, in whatever form its words stand."""
    found = (other for key in _keys(phrase) for other in _GROUPS.get(key, ()))
    return tuple(dict.fromkeys(other for other in found if other != phrase))


def _read_groups() -> dict[Phrase, list[Phrase]]:
    """By each form of each phrase, all phrases of its groups."""
    groups: dict[Phrase, list[Phrase]] = {}
    for line in _lines("synonyms.txt"):
        same, _, narrower = line.partition(">")
        phrases = list(_phrases(same))
        every = [*phrases, *_phrases(narrower)]
        for phrase in phrases:
            for key in _keys(phrase):
                groups.setdefault(key, []).extend(every)
    return groups


def _phrases(text: str) -> Iterator[Phrase]:
    return (tuple(found) for part in text.split(",") if (found := words(part)))


def _keys(phrase: Phrase) -> set[Phrase]:
    """The phrase as it is and with its words as stems, once for each language."""
    stems = [stems_of(word) or (word, word) for word in phrase]
    languages = zip(*(each if len(each) > 1 else each * 2 for each in stems), strict=True)
    return {phrase, *languages}


def _lines(name: str) -> Iterator[str]:
    text = (_FOLDER / name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


_GROUPS = _read_groups()
