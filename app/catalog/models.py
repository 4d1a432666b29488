"""What the shop sells, and what a listing shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from app.markets.models import STANDARD
from app.shared.ids import ProductId, Sku
from app.shared.money import Money


class ProductStatus(StrEnum):
    """Where a product stands between the drawing board and the shop window."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class ProductKind(StrEnum):
    """A simple product carries its own stock; a bundle is made of other variants; a gift card is
    sent by e-mail and its variants' prices are what is on it."""

    SIMPLE = "simple"
    BUNDLE = "bundle"
    GIFT_CARD = "gift_card"


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


class PolicyKind(StrEnum):
    """What becomes of a variant of which nothing is there."""

    DENY = "deny"  # it is sold out
    BACK_ORDER = "back_order"  # it is sold, and sent once it is there again
    PRE_ORDER = "pre_order"  # it is sold before it is there for the first time
    UNCOUNTED = "uncounted"  # it cannot run out, whatever its stock says


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """How a variant is sold beyond what is there: up to ``limit`` units more, None is any number.

    What is promised: to send it in about ``days``, or on the day ``ships_on`` (its midnight, UTC).
    A pre-order has such a day, its release; a back-order may have either, or promise nothing.
    """

    kind: PolicyKind = PolicyKind.DENY
    limit: int | None = None
    days: int | None = None
    ships_on: datetime | None = None

    @property
    def below(self) -> int | None:
        """Units that may be sold beyond those that are there; None is any number."""
        return 0 if self.kind is PolicyKind.DENY else self.limit

    @property
    def promises(self) -> bool:
        """Whether shoppers are told when it is sent."""
        return bool(self.days or self.ships_on)


DENY = Policy()
UNCOUNTED = Policy(kind=PolicyKind.UNCOUNTED)


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
    policy: Policy = DENY

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
    """A part of a bundle: ``quantity`` units of ``sku``, or of one of its ``alternatives``."""

    sku: Sku
    quantity: int
    optional: bool = False
    alternatives: tuple[Sku, ...] = ()

    @property
    def choices(self) -> tuple[Sku, ...]:
        """Everything that can be taken for it, what is taken unless said otherwise first."""
        return (self.sku, *self.alternatives)


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedPricing:
    """A bundle's required parts together for so much, by market; exchanging one costs nothing.

    Each optional part that is taken adds its own price.
    """

    prices: Mapping[str, Money]


@dataclass(frozen=True, kw_only=True, slots=True)
class PercentOff:
    """A share, in basis points, off what the chosen parts cost on their own."""

    basis_points: int


BundlePricing = FixedPricing | PercentOff


@dataclass(frozen=True, kw_only=True, slots=True)
class ChosenPart:
    """What a shopper takes for a bundle's component at ``position`` (from 1), units in each set."""

    position: int
    sku: Sku
    quantity: int


Choice = tuple[ChosenPart, ...]  # of a bundle, by position; empty for what is no bundle


@dataclass(frozen=True, slots=True)
class Ratings:
    """How many published reviews gave one star, two, three, four and five."""

    counts: tuple[int, ...] = (0, 0, 0, 0, 0)

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts)

    @property
    def average(self) -> Decimal:
        """The mean in stars, to one decimal with halves rounded up; 0 where nobody said a word."""
        if not self.total:
            return Decimal(0)
        stars = sum(stars * count for stars, count in enumerate(self.counts, 1))
        return Decimal((20 * stars + self.total) // (2 * self.total)).scaleb(-1)

    @property
    def distribution(self) -> tuple[tuple[int, int, int], ...]:
        """Stars, their reviews, and the share in whole percent; five stars first."""
        return tuple(
            (stars, count, (200 * count + self.total) // (2 * self.total) if self.total else 0)
            for stars, count in reversed(tuple(enumerate(self.counts, 1)))
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """A product with its variants. ``description_html`` is sanitised before it is stored.

    A bundle has one variant, whose prices are those of its first choice, for listings; what a
    choice costs is worked out by its ``pricing`` from its parts.
    ``tax_class`` is a code of the shop's, for which markets name rates.
    ``ratings`` are counted by reviews, not edited: storing a product leaves them as they are.
    """

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
    pricing: BundlePricing | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    tax_class: str = STANDARD
    seo_title: str = ""
    seo_description: str = ""
    featured: bool = False
    published_at: datetime | None = None
    updated_at: datetime | None = None
    revision: int = 1
    ratings: Ratings = field(default_factory=Ratings, compare=False)

    @property
    def is_bundle(self) -> bool:
        """Whether it is made of other products' variants."""
        return self.kind is ProductKind.BUNDLE

    @property
    def is_gift_card(self) -> bool:
        """Whether it is money to be spent here."""
        return self.kind is ProductKind.GIFT_CARD

    @property
    def part_skus(self) -> frozenset[Sku]:
        """Every SKU that a bundle may be made of."""
        return frozenset(sku for each in self.components for sku in each.choices)

    def variant(self, sku: str) -> Variant | None:
        """The variant with this SKU, or None."""
        return next((variant for variant in self.variants if variant.sku == sku), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Category:
    """A shelf of the shop; a product stands on one. ``revision`` counts its changes."""

    slug: str
    name: str
    description: str = ""
    image: Image | None = None
    position: int = 0
    revision: int = field(default=1, compare=False)


class RuleField(StrEnum):
    """What a collection's rule can ask of a product."""

    TYPE = "type"
    VENDOR = "vendor"
    CATEGORY = "category"
    TAG = "tag"
    OPTION = "option"
    PRICE = "price"
    STOCK = "stock"


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleCondition:
    """One thing asked of a product, or, ``negated``, of which it must have nothing.

    ``values`` are alternatives; of an option ``option`` is the name. A price lies between
    ``least`` and ``most``, minor units by market, both included; where a market has neither,
    nothing meets the condition. Stock asks for something that can be bought in the market.
    """

    subject: RuleField
    values: tuple[str, ...] = ()
    option: str = ""
    least: Mapping[str, int] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=dict)
    negated: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class CollectionRule:
    """Which products belong to a collection: those that meet all conditions, or any."""

    conditions: tuple[RuleCondition, ...]
    any_of: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Collection:
    """A selection of products: by hand, in the owner's order, or by a saved rule.

    It is shown from ``starts_at`` until ``ends_at``, if it has them: a campaign. ``sort`` is how
    it is listed unless the shopper says otherwise; "" is the owner's order, of a rule's products
    the newest first. ``revision`` counts its changes.
    """

    slug: str
    title: str
    description: str = ""
    image: Image | None = None
    product_ids: tuple[ProductId, ...] = ()
    position: int = 0
    rule: CollectionRule | None = None
    sort: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    revision: int = field(default=1, compare=False)

    def is_open(self, at: datetime) -> bool:
        """Whether it is shown at a moment."""
        begun = self.starts_at is None or self.starts_at <= at
        return begun and (self.ends_at is None or at < self.ends_at)
