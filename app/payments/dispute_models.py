"""Disputes: a shopper's bank asks for a payment back, or takes it. Nothing here names a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.shared.ids import OrderId
from app.shared.money import Money


class DisputeState(StrEnum):
    """Where a dispute stands. Transitions are in ``rules.DISPUTE_TRANSITIONS``."""

    OPEN = "open"  # to be answered, or the bank is looking at the answer
    WON = "won"  # the shop keeps the money, or has it again
    LOST = "lost"  # the shopper has it
    CLOSED = "closed"  # an inquiry that ended without any money


_REASONS: Mapping[str, str] = {
    "bank_cannot_process": "the bank could not process the payment",
    "check_returned": "the bank sent the payment back",
    "credit_not_processed": "a refund that was promised did not come",
    "customer_initiated": "the customer asked the bank for the money back",
    "debit_not_authorized": "the customer says it was not allowed",
    "duplicate": "the customer says it was paid twice",
    "fraudulent": "the customer says somebody else paid",
    "general": "the bank gives no reason",
    "goods_or_services_not_received_or_partially_received": "the goods did not come, or not all",
    "incorrect_account_details": "the account was not the right one",
    "insufficient_funds": "there was not enough money in the account",
    "product_not_received": "the goods did not come",
    "product_unacceptable": "the goods were broken or not as described",
    "subscription_canceled": "the customer had cancelled",
    "unrecognized": "the customer does not know the payment",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenDispute:
    """A dispute as read from the gateway. In an ``inquiry`` the bank only asks: it claims no money
    yet. ``reason`` is the gateway's code."""

    id: str
    payment_id: str
    amount: Money
    reason: str
    state: DisputeState
    inquiry: bool
    respond_by: datetime | None

    @property
    def claims_money(self) -> bool:
        """Whether the bank took the money back, or will unless the shop wins: paying it back as
        well would pay it twice."""
        return self.state is DisputeState.LOST or (
            self.state is DisputeState.OPEN and not self.inquiry
        )

    @property
    def why(self) -> str:
        """The reason in plain words, or the gateway's own."""
        return _REASONS.get(self.reason, self.reason.replace("_", " ") or "no reason is given")


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """A dispute in the books, as the gateway showed it last."""

    gateway: str
    order_id: OrderId
    order_number: str
    seen: SeenDispute
    opened_at: datetime
    updated_at: datetime
    version: int

    @property
    def id(self) -> str:
        """Its place in the books."""
        return dispute_key(self.gateway, self.seen.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeSum:
    """What all disputes of a gateway in one currency and state come to."""

    gateway: str
    state: DisputeState
    inquiry: bool
    count: int
    amount: Money


def dispute_key(gateway: str, dispute_id: str) -> str:
    """Where a gateway's dispute is kept."""
    return f"{gateway}:{dispute_id}"
