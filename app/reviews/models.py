"""Reviews, and who may write them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from app.shared.ids import AccountId, OrderId, ProductId

ReviewId = NewType("ReviewId", str)
Buyer = NewType("Buyer", str)  # an account, or a guest by their address; see ``rules``


class ReviewState(StrEnum):
    """Where a review stands. Transitions are in ``rules.TRANSITIONS``."""

    WAITING = "waiting"  # to be read by somebody here
    PUBLISHED = "published"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What a buyer says: plain text, cleaned; ``name`` is what is shown of them."""

    stars: int
    title: str
    text: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """A buyer's review of a product. ``version`` counts what was written, not what was decided."""

    id: ReviewId
    product_id: ProductId
    buyer: Buyer
    order_id: OrderId
    account_id: AccountId | None  # None: a guest's
    draft: Draft
    state: ReviewState
    version: int
    created_at: datetime
    updated_at: datetime
    published_at: datetime | None = None
    reason: str = ""  # why it was refused, for its writer
    moderated_by: str = ""

    @property
    def handle(self) -> str:
        """Names the review as it is written now: ``rev_…:2``."""
        return f"{self.id}:{self.version}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Right:
    """Somebody's right to review a product: they bought it with these orders."""

    product_id: ProductId
    buyer: Buyer
    account_id: AccountId | None
    order_ids: tuple[OrderId, ...]
    name: str  # what the form suggests


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewFilter:
    """Which reviews staff look at; empty fields ask for nothing. ``before`` is a review's id."""

    state: ReviewState | None = None
    product_id: str = ""
    stars: int = 0
    before: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewPage:
    """Published reviews, the newest first; pages are counted from 1."""

    reviews: tuple[Review, ...]
    number: int
    has_more: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchase:
    """Something that an account bought, with what its owner said of it."""

    product_id: ProductId
    slug: str
    title: str
    image_src: str
    review: Review | None
