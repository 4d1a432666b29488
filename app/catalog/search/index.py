"""The search index: immutable, one per process; an edit makes the next one from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.search.completing import completed_words
from app.catalog.search.editing import LexiconEdit
from app.catalog.search.fields import SearchText, index_words, pack, unpack
from app.catalog.search.finding import Hits, Match, match_corrected, shorter_queries
from app.catalog.search.marking import marks_of
from app.catalog.search.prices import PriceRange, price_range
from app.catalog.search.ranking import RowOrder, ranked, row_numbers
from app.catalog.search.sharing import Shards
from app.catalog.search.skus import SkuTable, sku_key, sku_keys
from app.catalog.search.slots import query_words, read_slots
from app.catalog.search.vocabulary import Vocabulary
from app.catalog.search.ways import Lexicon
from app.catalog.text import words

_LOOKED_AT = 200  # best products whose titles give the words to complete
_LONGEST_TITLE = 255
_Lengths = NDArray[np.uint8]
_Rows = NDArray[np.int32]


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

    def find(self, query: str, allowed: BitMap, among_equals: RowOrder | None = None) -> Hits:
        """Search among the ``allowed`` rows. A query without words finds all of them.

        Rows of one relevance stand ``among_equals``, which every process must agree upon; row
        numbers are a process's own.

        Prices asked for are read but not applied: what a row costs is not known here.
        """
        prices = price_range(query)
        typed = query_words(prices.rest)
        among = allowed & self.rows
        order = among_equals or row_numbers
        if not typed:
            return _hits(among, partial(order, among), prices)
        named = self._with_sku(words(prices.rest)) & among
        if named and any(letter.isdigit() for letter in prices.rest):
            return _hits(named, partial(order, named), prices)
        return self._by_words(typed, among, named, prices, order)

    def _by_words(
        self,
        typed: list[str],
        among: BitMap,
        named: BitMap,
        prices: PriceRange,
        among_equals: RowOrder,
    ) -> Hits:
        found, query = match_corrected(self.lexicon, typed, among)
        slots = [*found.having, *found.lacking]
        return Hits(
            rows=found.rows | named,
            rank=partial(self._ranked, found, named, among_equals),
            corrected=query,
            missing=tuple(slot.text for slot in found.lacking) if found.rows else (),
            shorter=shorter_queries(read_slots(self.lexicon, typed), among)
            if found.lacking and len(slots) > 1
            else (),
            floor=prices.floor,
            ceiling=prices.ceiling,
            marks=marks_of(found.having, found.rows),
        )

    def _ranked(self, found: Match, named: BitMap, among_equals: RowOrder) -> _Rows:
        """What has the words by relevance, behind what has them as its SKU."""
        order = ranked(
            found.having, found.rows, self.title_lengths, len(self.rows), among_equals=among_equals
        )
        if not named:
            return order
        return np.concatenate([row_numbers(named), order[~np.isin(order, named.to_array())]])

    def complete(self, query: str, hits: Hits, most: int = 4) -> list[str]:
        """Queries that go on from what was typed so far and has these hits, the most frequent
        first."""
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


def _hits(rows: BitMap, rank: Callable[[], _Rows], prices: PriceRange) -> Hits:
    return Hits(rows=rows, rank=rank, floor=prices.floor, ceiling=prices.ceiling)


class IndexEdit:
    """The next index in the making. Nothing of it is seen before ``done``."""

    def __init__(self, index: SearchIndex) -> None:
        self._index = index
        self._changed: dict[int, bytes | None] = {}

    def put(self, row: int, text: SearchText) -> None:
        """Put a product in the index, or in the place of what the row had. Rows count from 0."""
        self._changed[row] = pack(text)

    def drop(self, row: int) -> None:
        """Take a row out, if it is there."""
        self._changed[row] = None

    def done(self) -> SearchIndex:
        """The new index. Rows put with the text they had cost next to nothing."""
        before = self._index
        lexicon = LexiconEdit(before.lexicon)
        texts = before.texts.edit()
        rows = before.rows.copy()
        lengths: dict[int, int] = {}
        skus: list[tuple[int, int]] = []
        for row, packed in self._changed.items():
            old = before.texts.get(row)
            if old == packed:
                continue
            text = unpack(packed) if packed else None
            lexicon.change(row, unpack(old) if old else None, text)
            if packed is None or text is None:
                texts.drop(row)
                rows.discard(row)
                continue
            texts.set(row, packed)
            rows.add(row)
            lengths[row] = min(len(index_words(text.title)), _LONGEST_TITLE)
            skus += [(key, row) for key in sku_keys(text.skus)]
        return SearchIndex(
            lexicon=lexicon.done(),
            texts=texts.done(),
            title_lengths=_with_lengths(before.title_lengths, lengths),
            skus=before.skus.with_more(skus),
            rows=rows,
        )


def _with_lengths(known: _Lengths, changed: Mapping[int, int]) -> _Lengths:
    if not changed:
        return known
    lengths = np.zeros(max(len(known), max(changed) + 1), np.uint8)
    lengths[: len(known)] = known
    lengths[list(changed)] = list(changed.values())
    return lengths
