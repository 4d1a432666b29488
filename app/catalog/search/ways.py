"""The ways in which a typed word can stand in a product, from the word itself to a near miss."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from app.catalog.search.fields import PREFIX_MARK, SHORT_PREFIX, Group
from app.catalog.search.sharing import Shards
from app.catalog.search.synonyms import Phrase, synonyms_of
from app.catalog.search.vocabulary import Vocabulary

Posting = tuple[BitMap | None, ...]  # rows by group
_NOTHING: Posting = (None,) * len(Group)
_SHORTEST_PART = 3
_SHORTEST_END = 4
_MOST_MISSES = 8
_LONG = 8  # letters of a word that is recognised even without its first one
_LINKS = ("", "s", "n", "en", "es", "e")  # letters between the parts of a German compound
_UMLAUTS = ("ae", "oe", "ue")


@dataclass(frozen=True, slots=True)
class Quality:
    """How much a match counts by the way it was found; what was typed counts 1."""

    exact: float = 1.0
    spelling: float = 0.95  # ü written ue, two words written as one
    form: float = 0.9
    synonym: float = 0.7
    part: float = 0.6  # of a compound
    beginning: float = 0.5
    one_error: float = 0.4
    more_errors: float = 0.25


QUALITY = Quality()


@dataclass(frozen=True, slots=True)
class Way:
    """One way to match: the rows where ``word`` stands, by group. ``corrects`` what was typed."""

    quality: float
    hits: Posting
    word: str
    corrects: bool = False

    def rows(self) -> BitMap:
        """The rows, wherever the word stands."""
        return (
            BitMap.union(*present)
            if (present := [each for each in self.hits if each])
            else BitMap()
        )

    def strong_rows(self) -> BitMap:
        """The same without those that only mention the word in the description."""
        present = [each for group, each in enumerate(self.hits) if each and group != Group.TEXT]
        return BitMap.union(*present) if present else BitMap()


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of an index with the rows they stand in."""

    postings: Shards[str, Posting]
    vocabulary: Vocabulary

    def ways(self, word: str, *, last: bool) -> list[Way]:
        """Every way but near misses. The ``last`` word may be unfinished."""
        ways = [*self._itself(word), *self._meanings((word,)), *self._compounds(word)]
        if last or not ways:
            ways += self._unfinished(word, everywhere=not ways)
        return ways

    def phrase_ways(self, phrase: Phrase) -> list[Way]:
        """The ways of several words with one meaning: written together, apart, otherwise."""
        joined = self._way(QUALITY.exact, ["".join(phrase)])
        return [*joined, *self._together(QUALITY.exact, phrase), *self._meanings(phrase)]

    def misses(self, word: str, *, last: bool, only_strong: bool = False) -> list[Way]:
        """Known words that could have been meant, by default also those of descriptions."""
        errors = _errors_in(word)
        if not errors:
            return []
        near = self._trusted(word, self.vocabulary.near(word, errors), only_strong=only_strong)
        if not near and last and not only_strong:
            near = self._trusted(word, self.vocabulary.near_beginnings(word, 1), only_strong=True)
        least = min(near.values(), default=0)
        quality = QUALITY.one_error if least <= 1 else QUALITY.more_errors
        closest = [term for term, distance in near.items() if distance == least][:_MOST_MISSES]
        return [Way(quality, self._hits([term]), term, corrects=True) for term in closest]

    def knows(self, word: str) -> bool:
        """Whether the word stands anywhere."""
        return self.postings.get(word) is not None

    def _trusted(
        self, word: str, near: list[tuple[str, int]], *, only_strong: bool
    ) -> dict[str, int]:
        """Likely meanings of a word with their errors.

        The first letter is seldom mistyped. A word that is only mentioned in descriptions must be
        very alike.
        """
        return {
            term: distance
            for term, distance in near
            if term != word
            and _begins_alike(word, term)
            and (
                self._is_strong(term)
                or (not only_strong and distance == 1 and len(word) > 5 and self.knows(term))
            )
        }

    def _is_strong(self, word: str) -> bool:
        """Whether the word stands anywhere but in descriptions."""
        posting = self.postings.get(word)
        return posting is not None and any(posting[: Group.TEXT])

    def _itself(self, word: str) -> Iterator[Way]:
        yield from self._way(QUALITY.exact, [word])
        yield from self._way(QUALITY.spelling, _respelt(word))
        forms = self._hits(self.vocabulary.forms(word))
        if any(forms):
            yield Way(QUALITY.form, forms, word)

    def _meanings(self, phrase: Phrase) -> Iterator[Way]:
        for other in synonyms_of(phrase):
            if len(other) > 1:
                yield from self._together(QUALITY.synonym, other)
            else:
                yield from self._way(QUALITY.synonym, [*other, *self.vocabulary.forms(other[0])])

    def _compounds(self, word: str) -> Iterator[Way]:
        """``hemd`` in ``leinenhemd``, and ``leinenhemd`` where ``hemd`` and ``leinen`` stand."""
        if len(word) >= _SHORTEST_END:
            longer = [
                term for term in self.vocabulary.ending(word) if self._is_compound(term, word)
            ]
            yield from self._way(QUALITY.part, longer)
        if len(word) >= 2 * _SHORTEST_PART:
            for parts in self._parts(word):
                yield from self._together(QUALITY.part, parts)

    def _is_compound(self, term: str, end: str) -> bool:
        return self._head(term[: -len(end)]) is not None

    def _parts(self, word: str) -> Iterator[Phrase]:
        for place in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
            end = word[place:]
            if self.knows(end) or self.vocabulary.forms(end):
                head = self._head(word[:place])
                if head is not None:
                    yield (head, end)

    def _head(self, text: str) -> str | None:
        """The known word that the first part of a compound stands for."""
        forms = [text + "e", *(text.removesuffix(link) for link in _LINKS if text.endswith(link))]
        fitting = (form for form in forms if len(form) >= _SHORTEST_PART and self.knows(form))
        return next(fitting, None)

    def _unfinished(self, word: str, *, everywhere: bool) -> Iterator[Way]:
        if len(word) <= SHORT_PREFIX:
            yield from self._way(QUALITY.beginning, [word + PREFIX_MARK])
            return
        hits = self._hits(self.vocabulary.starting(word))
        if not everywhere:
            hits = (*hits[: Group.TEXT], None)
        if any(hits):
            yield Way(QUALITY.beginning, hits, word)

    def _way(self, quality: float, terms: Sequence[str]) -> Iterator[Way]:
        hits = self._hits(terms)
        if any(hits):
            yield Way(quality, hits, terms[0])

    def _together(self, quality: float, phrase: Phrase) -> Iterator[Way]:
        """All words of a phrase in one product, each in any of its forms."""
        parts = [self._hits([word, *self.vocabulary.forms(word)]) for word in phrase]
        rows = BitMap.intersection(*(Way(quality, part, "").rows() for part in parts))
        if rows:
            hits = tuple(
                BitMap.union(*(part[group] or BitMap() for part in parts)) & rows for group in Group
            )
            yield Way(quality, hits, " ".join(phrase))

    def _hits(self, terms: Iterable[str]) -> Posting:
        postings = [found for term in terms if (found := self.postings.get(term)) is not None]
        if len(postings) < 2:
            return postings[0] if postings else _NOTHING
        columns = ([each for each in column if each] for column in zip(*postings, strict=True))
        return tuple(BitMap.union(*column) if column else None for column in columns)


def _errors_in(word: str) -> int:
    """How many typing errors are forgiven. Numbers are never mistyped on purpose."""
    if len(word) < 4 or any(letter.isdigit() for letter in word):
        return 0
    return 1 if len(word) < 7 else 2


def _begins_alike(word: str, term: str) -> bool:
    return word[0] == term[0] or word[:2] == term[1::-1] or len(word) >= _LONG


def _respelt(word: str) -> list[str]:
    """The word with ``ue`` for ``u`` or the other way round, and so on."""
    found = set()
    for long in _UMLAUTS:
        found.add(word.replace(long, long[0]))
        places = [place for place, letter in enumerate(word) if letter == long[0]]
        found |= {word[:place] + long + word[place + 1 :] for place in places}
    return sorted(found - {word})
