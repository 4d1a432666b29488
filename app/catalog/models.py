"""What the shop sells, and what a listing shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.shared.ids import ProductId, Sku
from app.shared.money import Money


class ProductStatus(StrEnum):
    """Where a product stands between the drawing board and the shop window."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class ProductKind(StrEnum):
    """A simple product carries its own stock; a bundle is made of other variants."""

    SIMPLE = "simple"
    BUNDLE = "bundle"


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """A picture: ``src`` is a media path or an absolute URL; sizes in pixels, 0 when unknown."""

    src: str
    alt: str
    width: int = 0
    height: int = 0
    option_values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What a variant costs in one market; ``compare_at`` is the former, higher price."""

    amount: Money
    compare_at: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """One thing that can be put in a cart. ``prices`` is keyed by market code."""

    sku: Sku
    options: Mapping[str, str]
    prices: Mapping[str, Price]
    weight_grams: int = 0
    barcode: str = ""
    image_src: str = ""
    requires_shipping: bool = True
    taxable: bool = True
    sells_when_out: bool = False

    @property
    def title(self) -> str:
        """The option values, as ``Moss / Small``; empty for a product without options."""
        return " / ".join(self.options.values())

    def price_in(self, market: str) -> Price | None:
        """The price in a market, or None where the variant is not sold there."""
        return self.prices.get(market)


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """A choice the shopper makes, such as Size, with its values in display order."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleComponent:
    """A part of a bundle."""

    sku: Sku
    quantity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """A product with its variants. ``description_html`` is sanitised before it is stored."""

    id: ProductId
    slug: str
    title: str
    vendor: str
    type: str
    kind: ProductKind
    status: ProductStatus
    description_html: str
    category: str
    tags: tuple[str, ...]
    options: tuple[Option, ...]
    variants: tuple[Variant, ...]
    images: tuple[Image, ...]
    components: tuple[BundleComponent, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    seo_title: str = ""
    seo_description: str = ""
    featured: bool = False
    published_at: datetime | None = None
    updated_at: datetime | None = None
    revision: int = 1

    def variant(self, sku: str) -> Variant | None:
        """The variant with this SKU, or None."""
        return next((variant for variant in self.variants if variant.sku == sku), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """A shelf of the shop; a product stands on one."""

    slug: str
    name: str
    description: str = ""
    image: Image | None = None
    position: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """A hand-made selection of products, in the order the owner gave it."""

    slug: str
    title: str
    description: str = ""
    image: Image | None = None
    product_ids: tuple[ProductId, ...] = ()
    position: int = 0
