"""What the read model takes of a product and its stock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.catalog.bundles import Catalogue, limited_stock, makeable_choice
from app.catalog.models import Product, ProductStatus
from app.catalog.policies import Standing, standing_of
from app.catalog.rules import is_sold
from app.catalog.search.fields import SearchText
from app.catalog.text import words
from app.shared.ids import ProductId, Sku
from app.shared.markup import plain_text

KEYWORDS = 16  # words that say what a product is, for likeness
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class VariantEntry:
    """What filters need of a variant: options, minor units by market, whether it can be bought."""

    sku: int  # the SKU's print
    options: Mapping[str, str]
    prices: Mapping[str, int]
    in_stock: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """A published product. The prints tell whether something changed without keeping it."""

    id: ProductId
    slug: str
    vendor: str
    category: str
    type: str
    tags: tuple[str, ...]
    published_at: int  # milliseconds since 1970, UTC
    featured: bool
    is_bundle: bool
    revision: int
    variants: tuple[VariantEntry, ...]
    shown: int  # print of all that a card or a listing shows, stock aside
    text: SearchText
    text_print: int
    keywords: NDArray[np.uint32]


def is_published(product: Product) -> bool:
    """Whether the product is in the shop, or will be when its day has come."""
    return product.status is ProductStatus.PUBLISHED and product.published_at is not None


def make_entry(
    product: Product, stock: Mapping[Sku, int], parts: Catalogue = MappingProxyType({})
) -> Entry:
    """The entry of a published product; a bundle can be bought if its ``parts`` make one."""
    text = _search_text(product)
    return Entry(
        id=product.id,
        slug=product.slug,
        vendor=product.vendor,
        category=product.category,
        type=product.type,
        tags=product.tags,
        published_at=milliseconds(product.published_at or _EPOCH),
        featured=product.featured,
        is_bundle=product.is_bundle,
        revision=product.revision,
        variants=_variants(product, stock, parts),
        shown=_print_of_shown(product),
        text=text,
        text_print=print_of(repr(text)),
        keywords=_keywords(text),
    )


def _variants(
    product: Product, stock: Mapping[Sku, int], parts: Catalogue
) -> tuple[VariantEntry, ...]:
    return tuple(
        VariantEntry(
            sku=print_of(each.sku),
            options=each.options,
            prices={market: price.amount.minor for market, price in each.prices.items()},
            in_stock=(
                _can_be_made(product, stock, parts)
                if product.is_bundle
                else standing_of(each, stock) is not Standing.OUT
            ),
        )
        for each in product.variants
    )


def _can_be_made(bundle: Product, stock: Mapping[Sku, int], parts: Catalogue) -> bool:
    sold = {sku: found for sku, found in parts.items() if is_sold(found[0])}
    return bool(makeable_choice(bundle, sold, limited_stock(stock, sold)))


def milliseconds(moment: datetime) -> int:
    """Milliseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND


def print_of(text: str) -> int:
    """A 63-bit fingerprint, the same in every process and never 0."""
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest()) >> 1 or 1


def _print_of_shown(product: Product) -> int:
    prices = [
        [
            each.sku,
            [*each.options.items()],
            sorted(map(repr, each.prices.items())),
            each.policy.kind,
        ]
        for each in product.variants
    ]
    parts = (
        product.slug, product.title, product.vendor, product.category, product.kind,
        product.featured, milliseconds(product.published_at or _EPOCH), prices,
        [repr(image) for image in product.images], product.ratings.counts,
    )  # fmt: skip
    return print_of(json.dumps(parts))


def _search_text(product: Product) -> SearchText:
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


def _keywords(text: SearchText) -> NDArray[np.uint32]:
    """Prints of the first words of title, type, tags and options; 0 fills up."""
    joined = " ".join((text.title, text.type, *text.tags, *text.options))
    known = [print_of(word) & 0xFFFFFFFF for word in dict.fromkeys(words(joined))][:KEYWORDS]
    result = np.zeros(KEYWORDS, np.uint32)
    result[: len(known)] = known
    return result
