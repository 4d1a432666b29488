"""What catalog pages show: read-only shapes the templates rely on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import Markup

from app.catalog.home import HeroWords
from app.catalog.models import (
    Category,
    Collection,
    Image,
    Option,
    Price,
    Product,
    Ratings,
    Variant,
)
from app.catalog.policies import Promise, Standing
from app.catalog.search import Marks
from app.shared.ids import ProductId, Sku
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductCard:
    """A product in a grid. ``price`` is the lowest in the market."""

    product_id: ProductId
    slug: str
    title: str
    vendor: str
    image: Image | None
    price: Money
    compare_at: Money | None
    price_varies: bool
    in_stock: bool
    is_new: bool
    is_bundle: bool
    option_count: int
    is_pre_order: bool = False  # none of it is out yet
    ratings: Ratings = field(default_factory=Ratings)


@dataclass(frozen=True, kw_only=True, slots=True)
class CardRef:
    """A card by everything that its text depends on, besides the market.

    ``wanted`` are the options filtered for: the card shows the picture of such a variant first.
    """

    product_id: ProductId
    slug: str
    revision: int
    in_stock: bool
    is_new: bool
    is_bundle: bool
    wanted: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class FacetValue:
    """One link of a filter: following ``url`` adds or takes away ``value``."""

    value: str
    label: str
    count: int
    active: bool
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Facet:
    """A filter: ``name`` is the query field (``option.Size``, ``vendor``, ``in_stock``).

    ``left_out`` is how many further values with fewer products there are.
    """

    name: str
    label: str
    values: tuple[FacetValue, ...]
    left_out: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class SortChoice:
    """One way to sort the listing."""

    value: str
    label: str
    active: bool
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PageLink:
    """A link of the pager; ``number`` is None for a gap."""

    number: int | None
    url: str
    current: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchLink:
    """A way on from a search: another query or a category, with its number of products."""

    label: str
    url: str
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchHelp:
    """What to say of a query that no product fits entirely, and where to go from there."""

    missing: tuple[str, ...] = ()  # words that the products shown do not have
    shorter: tuple[SearchLink, ...] = ()  # the query without a word
    categories: tuple[SearchLink, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A page of products with everything needed to go on from it."""

    heading: str
    description: str
    image: Image | None
    path: str  # the page's own path without query
    query: str  # the search words, "" outside search
    cards: tuple[CardRef, ...]
    total: int
    page: int
    pages: tuple[PageLink, ...]
    previous_url: str
    next_url: str
    facets: tuple[Facet, ...]
    sorts: tuple[SortChoice, ...]
    active_filters: tuple[FacetValue, ...]  # each url takes that filter away
    clear_url: str
    min_price: str  # as typed, major units
    max_price: str
    price_floor: Money | None  # cheapest and dearest of the unfiltered listing
    price_ceiling: Money | None
    hidden_fields: tuple[tuple[str, str], ...]  # to keep the other filters in the price form
    errors: dict[str, str]  # field -> message, for bad prices
    suggestion: str  # "did you mean", "" when there is none
    marks: Marks = field(default_factory=Marks)  # the words of the query, to show in titles
    help: SearchHelp = field(default_factory=SearchHelp)


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionValue:
    """A value on the product page; ``url`` chooses it and keeps the rest of the choice."""

    value: str
    url: str
    selected: bool
    available: bool  # a variant with it and the rest of the choice can be bought
    image: Image | None  # a picture of this value, for swatches


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionChoice:
    """One row of choices on the product page."""

    name: str
    values: tuple[OptionValue, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PartChoice:
    """Something that can be taken for a part; ``sku`` "" leaves it out.

    ``difference`` is what the set then costs more, or less, than in the choice shown.
    """

    sku: str
    label: str
    selected: bool
    available: bool
    difference: Money | None


@dataclass(frozen=True, kw_only=True, slots=True)
class BundlePart:
    """A component shown on a bundle's page, as what is selected for it.

    ``choices`` are empty where there is nothing to choose.
    """

    position: int
    product_id: ProductId
    title: str
    variant_title: str
    url: str
    image: Image | None
    quantity: int
    optional: bool
    choices: tuple[PartChoice, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleView:
    """A bundle in the choice that is shown first: the first one that the stock makes.

    ``left`` is how many sets there are of it, None for any number; ``promise`` is when it is sent
    if something of it has to wait; ``product_ids`` are those of everything that it may be made of.
    """

    price: Price | None
    left: int | None
    standing: Standing
    promise: Promise | None
    parts: tuple[BundlePart, ...]
    product_ids: frozenset[ProductId]

    @property
    def buyable(self) -> bool:
        """Whether it can be bought now."""
        return self.standing is not Standing.OUT

    @property
    def has_choices(self) -> bool:
        """Whether there may be more sets of it than of what is shown."""
        return any(part.choices for part in self.parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Companions:
    """What a product's page shows beside it: the same for everybody in a market.

    ``product_ids`` are the products shown, and those that were passed over because they cannot be
    bought now: a change of any of them may change the page.
    """

    together: tuple[CardRef, ...]  # often bought with it, from orders
    alike: tuple[CardRef, ...]  # of its category, where orders do not say enough
    product_ids: tuple[ProductId, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductPage:
    """Everything the product page shows for the chosen variant."""

    product: Product
    category: Category | None
    variant: Variant | None  # None when this combination does not exist or is not sold here
    price: Money | None
    compare_at: Money | None
    saving_percent: int
    choices: tuple[OptionChoice, ...]
    image: Image | None  # the picture of the chosen variant
    images: tuple[Image, ...]  # it first, then the others
    stock_message: str  # "In stock", "Only 3 left", "Sold out"
    standings: Mapping[Sku, Standing]  # of all variants that can be bought in the market now
    max_quantity: int
    parts: tuple[BundlePart, ...]
    part_ids: frozenset[ProductId] = frozenset()  # of all that a bundle may be made of
    companions: Companions

    def standing_of(self, sku: Sku) -> Standing:
        """How a variant can be had in the market."""
        return self.standings.get(sku, Standing.OUT)

    @property
    def standing(self) -> Standing:
        """The same of the variant on the page."""
        return self.standing_of(self.variant.sku) if self.variant else Standing.OUT

    @property
    def buyable(self) -> bool:
        """Whether the variant on the page can be bought."""
        return self.standing is not Standing.OUT

    @property
    def is_pre_order(self) -> bool:
        """Whether it is not out yet."""
        return self.standing is Standing.PRE_ORDER

    @property
    def shown_ids(self) -> set[ProductId]:
        """The product, and every other that the page shows or would show if it were there."""
        return {
            self.product.id,
            *self.companions.product_ids,
            *self.part_ids,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class HomePage:
    """The shop window; ``hero`` is None for the standard one."""

    hero: HeroWords | None
    featured: tuple[CardRef, ...]
    newest: tuple[CardRef, ...]
    bundles: tuple[CardRef, ...]
    categories: tuple[Category, ...]
    collections: tuple[Collection, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """A line under the search field while typing."""

    label: str
    url: str
    kind: str  # "product", "category", "search"
    image: Image | None
    price: Money | None
    marked: Markup = field(default_factory=Markup)  # the label with what was typed in <mark>


__all__ = [
    "BundlePart",
    "BundleView",
    "Companions",
    "Facet",
    "FacetValue",
    "HomePage",
    "Listing",
    "Option",
    "OptionChoice",
    "OptionValue",
    "PageLink",
    "PartChoice",
    "ProductCard",
    "ProductPage",
    "SearchHelp",
    "SearchLink",
    "SortChoice",
    "Suggestion",
]
