"""The search index: immutable, one per process; an edit makes the next one from it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.search.completing import completed_words
from app.catalog.search.fields import (
    PREFIX_MARK,
    Group,
    SearchText,
    index_words,
    pack,
    spread,
    unpack,
)
from app.catalog.search.finding import Hits, match_corrected, shorter_queries
from app.catalog.search.marking import marks_of
from app.catalog.search.prices import PriceRange, price_range
from app.catalog.search.ranking import ranked, row_numbers
from app.catalog.search.sharing import Shards
from app.catalog.search.skus import SkuTable, sku_key, sku_keys
from app.catalog.search.slots import query_words, read_slots
from app.catalog.search.vocabulary import Vocabulary
from app.catalog.search.ways import Lexicon, Posting

_LOOKED_AT = 200  # best products whose titles give the words to complete
_LONGEST_TITLE = 255
_Lengths = NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchIndex:
    """Products by words, keyed by row number. Never changes: ``edit`` starts the next one."""

    lexicon: Lexicon = field(default_factory=lambda: Lexicon(Shards(), Vocabulary()))
    texts: Shards[int, bytes] = field(default_factory=Shards)
    title_lengths: _Lengths = field(default_factory=lambda: np.zeros(0, np.uint8))
    skus: SkuTable = field(default_factory=SkuTable)
    rows: BitMap = field(default_factory=BitMap)

    def edit(self) -> IndexEdit:
        """A changed copy in the making; this index stays as it is."""
        return IndexEdit(self)

    def text_of(self, row: int) -> SearchText | None:
        """What is known of a row, None if it is not in the index."""
        packed = self.texts.get(row)
        return unpack(packed) if packed is not None else None

    def find(self, query: str, allowed: BitMap) -> Hits:
        """Search among the ``allowed`` rows. A query without words finds all of them.

        Prices asked for are read but not applied: what a row costs is not known here.
        """
        prices = price_range(query)
        typed = query_words(prices.rest)
        among = allowed & self.rows
        if not typed:
            return _hits(among, row_numbers(among), prices)
        named = self._with_sku(typed) & among
        if named and any(letter.isdigit() for letter in prices.rest):
            return _hits(named, row_numbers(named), prices)
        return self._by_words(typed, among, named, prices)

    def _by_words(self, typed: list[str], among: BitMap, named: BitMap, prices: PriceRange) -> Hits:
        found, query = match_corrected(self.lexicon, typed, among)
        order = ranked(found.having, found.rows, self.title_lengths, len(self.rows))
        if named:
            order = np.concatenate([row_numbers(named), order[~np.isin(order, named.to_array())]])
        slots = [*found.having, *found.lacking]
        return Hits(
            rows=found.rows | named,
            ranked=order,
            corrected=query,
            missing=tuple(slot.text for slot in found.lacking) if found.rows else (),
            shorter=shorter_queries(read_slots(self.lexicon, typed), among)
            if found.lacking and len(slots) > 1
            else (),
            floor=prices.floor,
            ceiling=prices.ceiling,
            marks=marks_of(found.having, found.rows),
        )

    def complete(self, query: str, allowed: BitMap, most: int = 4) -> list[str]:
        """Queries that go on from what was typed so far, the most frequent first."""
        hits = self.find(query, allowed)
        typed = query_words(price_range(query).rest)
        if hits.corrected:
            return [hits.corrected]
        if not typed or hits.missing:
            return []
        texts = (self.text_of(int(row)) for row in hits.ranked[:_LOOKED_AT])
        shown = (part for text in texts if text for part in (text.title, text.type))
        ends = completed_words(typed[-1], shown)
        return [" ".join([*typed[:-1], end]) for end in ends[:most]]

    def _with_sku(self, typed: list[str]) -> BitMap:
        key = sku_key(typed)
        rows = self.skus.rows_of(key)
        texts = ((row, self.text_of(row)) for row in rows)
        return BitMap([row for row, text in texts if text and key in sku_keys(text.skus)])


def _hits(rows: BitMap, order: NDArray[np.int32], prices: PriceRange) -> Hits:
    return Hits(rows=rows, ranked=order, floor=prices.floor, ceiling=prices.ceiling)


class IndexEdit:
    """The next index in the making. Nothing of it is seen before ``done``."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._texts = index.texts.edit()
        self._rows = index.rows.copy()
        self._lengths = index.title_lengths.copy()
        self._keys: list[tuple[int, int]] = []
        self._open: dict[str, list[BitMap | None]] = {}
        self._copied: set[tuple[str, int]] = set()

    def put(self, row: int, text: SearchText) -> None:
        """Put a product in the index, or in the place of what the row had. Rows count from 0."""
        packed = pack(text)
        if self._texts.get(row) == packed:
            return
        self.drop(row)
        for word, groups in spread(unpack(packed)).items():
            self._place(row, word, groups)
        self._texts.set(row, packed)
        self._rows.add(row)
        self._keys += [(key, row) for key in sku_keys(text.skus)]
        self._set_length(row, len(index_words(text.title)))

    def drop(self, row: int) -> None:
        """Take a row out, if it is there."""
        packed = self._texts.get(row)
        if packed is None:
            return
        for word, groups in spread(unpack(packed)).items():
            for group in _groups(groups):
                self._own(word, group).discard(row)
        self._texts.drop(row)
        self._rows.discard(row)

    def done(self) -> SearchIndex:
        """The new index; this edit must not be used any longer."""
        before = self._index.lexicon
        postings = before.postings.edit()
        added: set[str] = set()
        gone: set[str] = set()
        for word, rows in self._open.items():
            known = before.postings.get(word) is not None
            kept = tuple(each or None for each in rows)
            if any(kept):
                postings.set(word, kept)
            elif known:
                postings.drop(word)
            if not word.endswith(PREFIX_MARK) and known != any(kept):
                (gone if known else added).add(word)
        vocabulary = before.vocabulary.changed(added, gone)
        return SearchIndex(
            lexicon=Lexicon(postings.done(), vocabulary),
            texts=self._texts.done(),
            title_lengths=self._lengths,
            skus=self._index.skus.with_more(self._keys),
            rows=self._rows,
        )

    def _place(self, row: int, word: str, groups: int) -> None:
        for group in _groups(groups):
            self._own(word, group).add(row)

    def _own(self, word: str, group: int) -> BitMap:
        """The rows of a word in a group, as a copy that readers of the old index do not see."""
        rows = self._open.get(word)
        if rows is None:
            known: Posting | None = self._index.lexicon.postings.get(word)
            rows = self._open[word] = list(known or (None,) * len(Group))
        if (word, group) not in self._copied:
            self._copied.add((word, group))
            rows[group] = (rows[group] or BitMap()).copy()
        return rows[group]  # type: ignore[return-value]

    def _set_length(self, row: int, length: int) -> None:
        if row >= len(self._lengths):
            grown = np.zeros(max(row + 1, len(self._lengths) * 5 // 4), np.uint8)
            grown[: len(self._lengths)] = self._lengths
            self._lengths = grown
        self._lengths[row] = min(length, _LONGEST_TITLE)


_GROUPS = tuple(tuple(group for group in Group if bits >> group & 1) for bits in range(64))


def _groups(bits: int) -> tuple[Group, ...]:
    return _GROUPS[bits]
