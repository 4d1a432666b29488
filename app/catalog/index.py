"""The read model of listings and search: compact rows, held in each process.

A snapshot never changes; a newer one takes its place when the feed of changes says so. Pages
then fetch only the documents they show, by id. The seam for a faster structure is ``Snapshot``.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from app.catalog.models import Category, Collection, Product, ProductKind, ProductStatus
from app.catalog.repository import CatalogRepository, Change
from app.catalog.search import SearchText
from app.catalog.text import plain_text, words
from app.shared.clock import now
from app.shared.ids import ProductId, Sku

_LOOK_EVERY = 0.2  # seconds between looks at the feed
_OVERLAP = timedelta(seconds=15)  # clocks differ, and a commit comes later than its stamp
_TOO_OLD = timedelta(hours=12)  # the feed forgets after a day
_NEW = timedelta(days=45)
_WEIGHTS = (("title", 12), ("vendor", 6), ("type", 6), ("tags", 3), ("options", 3), ("text", 1))


class StockReader(Protocol):
    """What the catalog asks of the inventory."""

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that can be sold now."""

    def every_available(self) -> dict[Sku, int]:
        """The same for every SKU in the shop."""


@dataclass(frozen=True, slots=True)
class VariantRow:
    """What filters need of a variant: options, minor units by market, whether it can be bought."""

    options: Mapping[str, str]
    prices: Mapping[str, int]
    in_stock: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What listings need of a product. ``weights`` says how much each word counts in search."""

    id: ProductId
    slug: str
    title: str
    vendor: str
    category: str
    skus: tuple[Sku, ...]
    variants: tuple[VariantRow, ...]
    published_at: datetime
    featured: bool
    is_bundle: bool
    sales: int
    weights: Mapping[str, int]
    words: SearchText

    @property
    def in_stock(self) -> bool:
        """Whether any variant can be bought."""
        return any(variant.in_stock for variant in self.variants)

    @property
    def is_live(self) -> bool:
        """Whether its day of publication has come."""
        return self.published_at <= now()

    @property
    def is_new(self) -> bool:
        """Whether it came to the shop a few weeks ago at most."""
        return now() - self.published_at < _NEW

    def lowest_price(self, market: str) -> int | None:
        """The lowest price in minor units, None where it is not sold."""
        return min(
            (each.prices[market] for each in self.variants if market in each.prices), default=None
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The whole published catalog at one moment, newest product first."""

    rows: Mapping[ProductId, Row]
    categories: tuple[Category, ...]
    collections: tuple[Collection, ...]
    vocabulary: frozenset[str] = field(default_factory=frozenset)
    by_sku: Mapping[Sku, ProductId] = field(default_factory=dict)


class CatalogIndex:
    """Gives out the newest snapshot; one thread renews it while others go on with the last."""

    def __init__(self, catalog: CatalogRepository, stock: StockReader) -> None:
        self._catalog = catalog
        self._stock = stock
        self._lock = threading.Lock()
        self._snapshot: Snapshot | None = None
        self._looked = 0.0
        self._seen: dict[str, datetime] = {}
        self._since = now()

    def snapshot(self) -> Snapshot:
        """The catalog, at most a moment old. The database away, the last one stands in."""
        current = self._snapshot
        if current is not None and time.monotonic() - self._looked < _LOOK_EVERY:
            return current
        if current is None:
            with self._lock:
                return self._snapshot or self._rebuild()
        if self._lock.acquire(blocking=False):
            try:
                return self._refresh(current)
            finally:
                self._lock.release()
        return current

    def _rebuild(self) -> Snapshot:
        self._since = now() - _OVERLAP
        self._seen = {change.id: change.at for change in self._catalog.changes_since(self._since)}
        products = [each for each in self._catalog.every_product() if _is_shown(each)]
        return self._keep(self._rows(products, self._stock.every_available()))

    def _refresh(self, current: Snapshot) -> Snapshot:
        if now() - self._since > _TOO_OLD:
            return self._rebuild()
        moment = now()
        changes = [
            change
            for change in self._catalog.changes_since(self._since - _OVERLAP)
            if change.id not in self._seen
        ]
        self._looked = time.monotonic()
        self._since = moment
        self._seen = {
            **{name: at for name, at in self._seen.items() if at > moment - 3 * _OVERLAP},
            **{change.id: change.at for change in changes},
        }
        if not changes:
            return current
        if any(not change.product_ids and not change.skus for change in changes):
            return self._rebuild()
        return self._keep(self._changed_rows(current, changes))

    def _changed_rows(self, current: Snapshot, changes: list[Change]) -> dict[ProductId, Row]:
        touched = {each for change in changes for each in change.product_ids}
        touched |= {
            current.by_sku[sku]
            for change in changes
            for sku in change.skus
            if sku in current.by_sku
        }
        products = [each for each in self._catalog.by_ids(touched).values() if _is_shown(each)]
        stock = self._stock.available(each.sku for product in products for each in product.variants)
        kept = {name: row for name, row in current.rows.items() if name not in touched}
        return {**kept, **self._rows(products, stock)}

    def _rows(self, products: list[Product], stock: Mapping[Sku, int]) -> dict[ProductId, Row]:
        sold = self._catalog.units_sold()
        return {each.id: _row(each, stock, sold.get(each.id, 0)) for each in products}

    def _keep(self, rows: dict[ProductId, Row]) -> Snapshot:
        ordered = sorted(rows.values(), key=lambda row: (row.published_at, row.id), reverse=True)
        self._snapshot = Snapshot(
            rows={row.id: row for row in ordered},
            categories=tuple(self._catalog.categories()),
            collections=tuple(self._catalog.collections()),
            vocabulary=frozenset(word for row in ordered for word in row.weights),
            by_sku={sku: row.id for row in ordered for sku in row.skus},
        )
        self._looked = time.monotonic()
        return self._snapshot


def _is_shown(product: Product) -> bool:
    return product.status is ProductStatus.PUBLISHED and product.published_at is not None


def _row(product: Product, stock: Mapping[Sku, int], sales: int) -> Row:
    return Row(
        id=product.id,
        slug=product.slug,
        title=product.title,
        vendor=product.vendor,
        category=product.category,
        skus=tuple(variant.sku for variant in product.variants),
        variants=tuple(
            VariantRow(
                options=variant.options,
                prices={name: price.amount.minor for name, price in variant.prices.items()},
                in_stock=variant.sells_when_out or stock.get(variant.sku, 0) > 0,
            )
            for variant in product.variants
        ),
        published_at=product.published_at or now(),
        featured=product.featured,
        is_bundle=product.kind is ProductKind.BUNDLE,
        sales=sales,
        weights=_weights(product),
        words=search_text(product),
    )


def search_text(product: Product) -> SearchText:
    """The texts a product is found by."""
    return SearchText(
        title=product.title,
        vendor=product.vendor,
        type=product.type,
        category=product.category,
        tags=product.tags,
        options=tuple(value for option in product.options for value in option.values),
        text=plain_text(product.description_html),
        skus=tuple(variant.sku for variant in product.variants),
    )


def _weights(product: Product) -> dict[str, int]:
    texts = {
        "title": product.title,
        "vendor": product.vendor,
        "type": f"{product.type} {product.category}",
        "tags": " ".join(product.tags),
        "options": " ".join(value for option in product.options for value in option.values),
        "text": plain_text(product.description_html),
    }
    weights: dict[str, int] = {}
    for name, weight in _WEIGHTS:
        for word in words(texts[name]):
            weights.setdefault(word, weight)
    return weights
