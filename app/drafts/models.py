"""A draft order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.shared.ids import CartId, Sku
from app.shared.places import place
from app.shared.postal import Address


class DraftState(StrEnum):
    """Where a draft stands. Transitions are in ``rules.TRANSITIONS``."""

    OPEN = "open"
    ORDERED = "ordered"  # an order of it waits for its payment
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"  # open, and its time is over; never stored


@dataclass(frozen=True, kw_only=True, slots=True)
class DraftLine:
    """What was put into the cart."""

    sku: Sku
    title: str
    quantity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A cart prepared by staff. Whoever has the ``token`` may order this very cart, once.

    ``order_number`` is the last order that was placed of it, ``code`` the coupon that was made for
    it, ``discount`` what that takes off, in words.
    """

    id: str
    number: str
    token: str
    request_key: str
    state: DraftState
    cart_id: CartId
    market: str
    email: str
    address: Address | None
    lines: tuple[DraftLine, ...]
    note: str
    discount: str
    code: str
    order_number: str
    created_by: str
    created_at: datetime
    expires_at: datetime

    @property
    def place(self) -> str:
        """Where a list goes on after it."""
        return place(self.created_at, self.id)

    @property
    def path(self) -> str:
        """The secret link."""
        return f"/checkout/draft/{self.token}"

    @property
    def is_over(self) -> bool:
        """Whether nothing can be ordered with it any more."""
        return self.state in {DraftState.PAID, DraftState.CANCELLED, DraftState.EXPIRED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What staff want a draft to be. ``percent`` is in basis points, ``amount_off`` in minor units
    of the market's currency; none or one of them is more than 0."""

    market: str
    lines: tuple[tuple[Sku, int], ...]
    email: str
    address: Address | None = None
    note: str = ""
    percent: int = 0
    amount_off: int = 0
    discount: str = ""
    days: int = 14
