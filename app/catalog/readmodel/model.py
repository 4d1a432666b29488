"""The whole published catalog at one moment, by rows and bitmaps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.models import Category, Collection
from app.catalog.readmodel.bits import Numbers, bitmap, members, runs, union
from app.catalog.readmodel.entries import KEYWORDS, milliseconds
from app.catalog.readmodel.market import MarketModel, empty_market
from app.catalog.readmodel.membership import Membership, by_hand, by_rule
from app.catalog.readmodel.orders import Order
from app.catalog.readmodel.rows import Row
from app.catalog.readmodel.shelves import Shelves
from app.catalog.search.index import SearchIndex
from app.shared.clock import now
from app.shared.ids import ProductId

OptionValue = tuple[str, str]  # name, value
Navigation = tuple[tuple[Category, ...], tuple[Collection, ...]]
_NO_MARKET = empty_market()


@dataclass(frozen=True, kw_only=True)
class CatalogModel:
    """Never changes: a newer one takes its place, sharing all that is the same in both.

    A row is a published product, perhaps with a day of publication to come. Its variants have
    the numbers from ``first`` on; ``room`` is how many numbers were set aside for it.
    """

    # by row
    ids: list[ProductId]
    slugs: list[str]
    row_of: Mapping[ProductId, int]
    published: NDArray[np.int64]
    sales: NDArray[np.int64]
    revision: NDArray[np.int32]
    first: NDArray[np.int32]
    count: NDArray[np.int32]
    room: NDArray[np.int32]
    shown: NDArray[np.int64]
    text_print: NDArray[np.int64]
    keywords: NDArray[np.uint32]
    present: BitMap
    featured: BitMap
    bundles: BitMap
    in_stock: BitMap  # rows with a variant that can be bought
    vendors: Mapping[str, BitMap]
    types: Mapping[str, BitMap]
    tags: Mapping[str, BitMap]
    in_category: Mapping[str, BitMap]
    option_rows: Mapping[OptionValue, BitMap]
    newest: Order
    bestselling: Order
    # by variant
    row_of_variant: NDArray[np.int32]
    skus: NDArray[np.int64]  # prints, 0 where there is no variant
    buyable: BitMap
    option_variants: Mapping[OptionValue, BitMap]
    # the rest
    markets: Mapping[str, MarketModel]
    shelves: Shelves
    search: SearchIndex

    @cached_property
    def members_of(self) -> Mapping[str, Membership]:
        """The members of each collection, by slug."""
        return {each.slug: self._worked_out(each) for each in self.shelves.collections}

    def membership(self, collection: Collection) -> Membership:
        """The members of a collection that may be newer than this model."""
        if collection in self.shelves.collections:
            return self.members_of[collection.slug]
        return self._worked_out(collection)

    def _worked_out(self, collection: Collection) -> Membership:
        if collection.rule:
            return by_rule(self, collection.rule)
        return by_hand(collection, self.row_of)

    @cached_property
    def bundle_slugs(self) -> frozenset[str]:
        """The slugs of all bundles."""
        return frozenset(self.slugs[row] for row in self.bundles)

    @cached_property
    def options(self) -> Mapping[str, list[str]]:
        """The values of each option, by name."""
        found: dict[str, list[str]] = {}
        for name, value in self.option_rows:
            found.setdefault(name, []).append(value)
        return found

    @cached_property
    def _priced(self) -> BitMap:
        return union(market.rows for market in self.markets.values())

    @cached_property
    def understocked(self) -> BitMap:
        """The rows with a variant that is sold somewhere and cannot be bought."""
        sold = union(market.variants for market in self.markets.values())
        owners = self.row_of_variant[members(sold - self.buyable)]
        return bitmap(np.unique(owners))

    @cached_property
    def understocked_variants(self) -> BitMap:
        """The variants of those rows."""
        return self.variants_of(self.understocked)

    def market(self, code: str) -> MarketModel:
        """Prices in a market; an empty one where nothing is sold."""
        return self.markets.get(code, _NO_MARKET)

    def live_until(self, moment: int) -> int:
        """How many rows of ``newest`` have come by ``moment`` (milliseconds since 1970)."""
        return bisect_right(self.newest.rows, moment, key=lambda row: self.published[row])

    @property
    def live(self) -> BitMap:
        """The rows whose day of publication has come."""
        come = self.live_until(milliseconds(now()))
        if come == len(self.newest.rows):
            return self.present
        return self.present - bitmap(np.sort(self.newest.rows[come:]))

    def sold_in(self, market: str) -> BitMap:
        """The rows that are live and have a price in the market."""
        return self.live & self.market(market).rows

    def buyable_in(self, market: str) -> BitMap:
        """Of the rows that are sold in the market those of which something can be bought there."""
        if market not in self._buyable_in:
            self._buyable_in[market] = self._find_buyable(self.market(market))
        return self._buyable_in[market]

    @cached_property
    def _buyable_in(self) -> dict[str, BitMap]:
        return {}

    def _find_buyable(self, market: MarketModel) -> BitMap:
        doubtful = market.partly & self.in_stock
        if not doubtful:
            return self.in_stock
        variants = members(self.variants_of(doubtful) & market.variants & self.buyable)
        return self.in_stock - (doubtful - bitmap(np.unique(self.row_of_variant[variants])))

    def row(self, number: int) -> Row:
        """One row."""
        return Row(
            number=number,
            id=self.ids[number],
            slug=self.slugs[number],
            revision=int(self.revision[number]),
            published_at=int(self.published[number]),
            is_bundle=number in self.bundles,
            sales=int(self.sales[number]),
        )

    def find(self, product_id: ProductId) -> Row | None:
        """The row of a published product, or None."""
        number = self.row_of.get(product_id)
        return None if number is None else self.row(number)

    def variants_of(self, rows: BitMap) -> BitMap:
        """All variants of these rows."""
        numbers = members(rows)
        return bitmap(np.sort(runs(self.first[numbers], self.count[numbers])))

    def with_sku_prints(self, prints: list[int]) -> list[ProductId]:
        """Products that have one of these SKUs."""
        wanted = np.array(prints, np.int64)
        found = self.skus == wanted[0] if len(wanted) == 1 else np.isin(self.skus, wanted)
        rows = np.unique(self.row_of_variant[found])
        return [self.ids[row] for row in rows]

    def alike(self, row: int, among: BitMap, most: int) -> Numbers:
        """The rows of ``among`` with most words in common with ``row``, newer ones first."""
        candidates = self.newest.page(among, 0, most)
        own = self.keywords[row]
        shared = np.isin(self.keywords[candidates], own[own > 0]).sum(axis=1)
        return candidates[np.argsort(-shared, kind="stable")]

    @property
    def navigation(self) -> Navigation:
        """The categories and the collections with something sold in them, in the owner's order."""
        sold = self.live & self._priced
        nothing = BitMap()
        moment = now()
        return (
            tuple(
                each
                for each in self.shelves.categories
                if self.in_category.get(each.slug, nothing).intersect(sold)
            ),
            tuple(
                each
                for each in self.shelves.collections
                if each.is_open(moment) and self.members_of[each.slug].rows.intersect(sold)
            ),
        )


def empty_model() -> CatalogModel:
    """A catalog without anything in it."""
    whole, half = np.zeros(0, np.int64), np.zeros(0, np.int32)
    return CatalogModel(
        ids=[],
        slugs=[],
        row_of={},
        published=whole,
        sales=whole,
        revision=half,
        first=half,
        count=half,
        room=half,
        shown=whole,
        text_print=whole,
        keywords=np.zeros((0, KEYWORDS), np.uint32),
        present=BitMap(),
        featured=BitMap(),
        bundles=BitMap(),
        in_stock=BitMap(),
        vendors={},
        types={},
        tags={},
        in_category={},
        option_rows={},
        newest=Order(half),
        bestselling=Order(half),
        row_of_variant=half,
        skus=whole,
        buyable=BitMap(),
        option_variants={},
        markets={},
        shelves=Shelves(),
        search=SearchIndex(),
    )
