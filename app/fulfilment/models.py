"""Shipments, returns, invoices and credit notes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.inventory.models import LocationCode
from app.markets.taxing import RateTax
from app.shared.ids import OrderId
from app.shared.money import Money
from app.shared.places import place


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitLine:
    """Some units of an order's line, by its position (counted from 1)."""

    position: int
    quantity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitPlace:
    """Some units of a line, or of a ``part`` of a set (0 for none), and where they lie."""

    position: int
    part: int
    location: LocationCode
    quantity: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Shipment:
    """A parcel. ``id`` is ``order:number``; ``carrier`` is a code of ``carriers`` or a name.

    ``places`` are the locations its units left, empty where that is not known.
    """

    id: str
    order_id: OrderId
    number: int
    request_key: str
    lines: tuple[UnitLine, ...]
    carrier: str
    tracking: str
    shipped_at: datetime
    delivered_at: datetime | None = None
    places: tuple[UnitPlace, ...] = ()


class ReturnState(StrEnum):
    """Where a return stands. Transitions are in ``rules.RETURN_TRANSITIONS``."""

    REQUESTED = "requested"
    APPROVED = "approved"
    RECEIVED = "received"
    REFUSED = "refused"


class ReturnReason(StrEnum):
    """Why things come back."""

    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    NOT_AS_DESCRIBED = "not_as_described"
    TOO_LATE = "too_late"
    CHANGED_MIND = "changed_mind"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnRequest:
    """Goods that a shopper wants to send back. ``id`` is the order's number with ``-R`` and a
    count; ``answer`` is what staff said to it."""

    id: str
    order_id: OrderId
    request_key: str
    lines: tuple[UnitLine, ...]
    reason: ReturnReason
    comment: str
    state: ReturnState
    answer: str
    created_at: datetime
    updated_at: datetime

    @property
    def place(self) -> str:
        """Where a list goes on after it."""
        return place(self.created_at, self.id)

    @property
    def units(self) -> dict[int, int]:
        """Quantities by line position."""
        return {line.position: line.quantity for line in self.lines}


@dataclass(frozen=True, kw_only=True, slots=True)
class Seller:
    """Who sells, as papers name them: lines of an address, and a tax number where there is one."""

    lines: tuple[str, ...]
    tax_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Invoice:
    """The number of an order's invoice, with the seller as it was then. There is one per order,
    for ever; what it says is the order itself."""

    order_id: OrderId
    number: str
    seller: Seller
    issued_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditNote:
    """The number of a refund's credit note, with the seller as it was then."""

    refund_id: str
    order_id: OrderId
    number: str
    invoice_number: str
    amount: Money
    seller: Seller
    issued_at: datetime
    taxes: tuple[RateTax, ...] = ()  # empty: from before they were kept
