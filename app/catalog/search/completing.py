"""Going on from the beginning of a word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from app.catalog.search.stems import stems_of
from app.catalog.text import spans

_LONGEST = 30


def completed_words(start: str, texts: Iterable[str]) -> list[str]:
    """Words of the texts that begin with ``start`` and are another word, most frequent first.

    They are written as they stand there, in lower case.
    """
    counts: Counter[str] = Counter()
    written: dict[str, str] = {}
    for text in texts:
        for first, end, word in spans(text):
            if word.startswith(start) and word != start and end - first <= _LONGEST:
                counts[word] += 1
                written.setdefault(word, text[first:end].lower())
    found: dict[tuple[str, ...], str] = {}  # one of all forms of a word
    for word, _ in counts.most_common():
        found.setdefault(stems_of(word)[:1] or (word,), written[word])
    return list(found.values())
