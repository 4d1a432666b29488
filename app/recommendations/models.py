"""What the shop has learnt from its orders, and what it recommends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.catalog.views import CardRef
from app.shared.ids import OrderId, ProductId


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A product bought with another one in ``orders`` orders; ``score`` as in ``rules``."""

    product_id: ProductId
    score: float
    orders: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbourhood:
    """A product's neighbours, the best first.

    ``told`` is what the product's page was last told to show, and ``told_at`` when.
    """

    product_id: ProductId
    neighbours: tuple[Neighbour, ...] = ()
    told: tuple[ProductId, ...] = ()
    told_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Popular:
    """The products in most orders, each with its share of them (0 to 1).

    ``changes`` is the state of the counts that it was made from; ``swept`` is how many orders
    there were when every product's list was made anew.
    """

    shares: tuple[tuple[ProductId, float], ...] = ()
    changes: int = -1
    swept: int = 0
    computed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedOrder:
    """Which products of an order are in the counts, if it ``counts`` now."""

    order_id: OrderId
    product_ids: tuple[ProductId, ...]
    counts: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """In how many orders a product is. ``touches`` grows whenever that changes."""

    product_id: ProductId
    orders: int
    touches: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Tastes:
    """What is known of a shopper: product ids, those that say most first."""

    cart: tuple[ProductId, ...] = ()
    viewed: tuple[ProductId, ...] = ()
    bought: tuple[ProductId, ...] = ()

    @property
    def all(self) -> frozenset[ProductId]:
        """Every product the shopper has to do with."""
        return frozenset((*self.cart, *self.viewed, *self.bought))


class Ground(StrEnum):
    """Why something is recommended."""

    PERSONAL = "personal"  # bought together with what this shopper has to do with
    BESTSELLING = "bestselling"
    FEATURED = "featured"
    NEW = "new"


@dataclass(frozen=True, kw_only=True, slots=True)
class Recommended:
    """Cards for a shopper. ``ground`` is what is true of most of them."""

    ground: Ground
    cards: tuple[CardRef, ...]
    product_ids: tuple[ProductId, ...]
