"""How staff find a product whatever its status: by the beginnings of the words that name it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from app.catalog.models import Product, ProductKind, ProductStatus
from app.catalog.text import fold, words
from app.db.database import Document

_LONGEST = 80  # letters of a title that decide its place in a list
_MOST_WORDS = 8
LONGEST_BEGINNING = 12  # letters; of what is longer, those that begin with so many are looked at


class Shown(StrEnum):
    """A product's status as staff see it: one that waits for its day is not in the shop yet."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class StockFilter(StrEnum):
    """What a product's variants must have in stock together."""

    SOME = "some"
    PARTLY_OUT = "partly_out"  # one of its variants has nothing
    OUT = "out"


class ListSort(StrEnum):
    """The orders of the list."""

    NEWEST = ""
    TITLE = "title"
    UPDATED = "updated"


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductFilter:
    """Which products to list; empty fields ask for nothing. ``after`` is a ``cursor_of``."""

    q: str = ""
    status: Shown | None = None
    kind: ProductKind | None = None
    category: str = ""
    vendor: str = ""
    stock: StockFilter | None = None
    sort: ListSort = ListSort.NEWEST
    after: str = ""


def listed_document(product: Product) -> Document:
    """What the list needs to find and sort a product: a small document beside the large one."""
    return {
        "_id": product.id,
        "title": sort_title(product),
        "words": sorted({start for name in _names(product) for start in _beginnings(name)}),
        "status": product.status.value,
        "kind": product.kind.value,
        "category": product.category,
        "vendor": product.vendor,
        "published_at": product.published_at,
        "updated_at": product.updated_at,
    }


def sort_title(product: Product) -> str:
    """The title as it is sorted by: without case and accents."""
    return fold(product.title)[:_LONGEST]


def _names(product: Product) -> Iterator[str]:
    for text in (product.title, product.vendor, product.type, *product.tags):
        yield from words(text)
    yield from words(product.slug)
    yield fold(product.slug)
    for variant in product.variants:
        yield from words(variant.sku)
        yield fold(variant.sku)


def _beginnings(name: str) -> Iterator[str]:
    """A word with its beginnings: asked for by equality, which every database looks up."""
    yield name
    for length in range(1, min(len(name), LONGEST_BEGINNING + 1)):
        yield name[:length]


def wanted_words(q: str) -> list[str]:
    """The beginnings of words that a search asks for; all of them have to be there."""
    found = []
    for part in fold(q).split()[:_MOST_WORDS]:
        plain = words(part)
        found += [part] if len(plain) != 1 and any(map(str.isalnum, part)) else plain
    return found


def cursor_of(product: Product, sort: ListSort) -> str:
    """Where a list goes on behind a product."""
    if sort is ListSort.TITLE:
        return f"{sort_title(product)}~{product.id}"
    if sort is ListSort.UPDATED:
        return f"{product.updated_at.isoformat() if product.updated_at else ''}~{product.id}"
    return product.id


STATUS_OF = {
    Shown.DRAFT: ProductStatus.DRAFT,
    Shown.SCHEDULED: ProductStatus.PUBLISHED,
    Shown.PUBLISHED: ProductStatus.PUBLISHED,
    Shown.ARCHIVED: ProductStatus.ARCHIVED,
}
