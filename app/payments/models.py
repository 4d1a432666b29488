"""Payments: attempts at a gateway, what they authorised, and the one capture of an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from app.shared.credit import CreditUse
from app.shared.ids import AttemptId, CreditId, OrderId
from app.shared.money import Money, total
from app.shared.texts import Text


class AttemptState(StrEnum):
    """Where an attempt to pay stands. Transitions are in ``rules.ATTEMPT_TRANSITIONS``."""

    CREATED = "created"  # intent stored, the gateway may or may not know it
    OPEN = "open"  # the hosted page exists, the shopper may pay
    AUTHORISED = "authorised"  # money is reserved and waits for the claim
    CAPTURED = "captured"
    FAILED = "failed"  # the gateway refused to open it
    EXPIRED = "expired"  # closed without a payment
    LOST = "lost"  # another payment of the order won


class CaptureState(StrEnum):
    """Where the one capture of an order stands."""

    CLAIMED = "claimed"  # nothing sent yet
    SENDING = "sending"  # sent at least once, outcome to be read
    CAPTURED = "captured"
    VOID = "void"  # the claimed payment ended without money; nothing is ever taken for the order


class AuthorisationState(StrEnum):
    """What the shop made of a payment that a gateway showed."""

    CAPTURED = "captured"  # it is the order's one payment
    RETURNING = "returning"  # it must not be kept; the intention is stored, the outcome is not
    VOIDED = "voided"
    LEFT_TO_EXPIRE = "left_to_expire"  # the gateway has no void: the hold lapses by itself
    REFUNDED = "refunded"


class RefundState(StrEnum):
    """Where a refund stands."""

    REQUESTED = "requested"  # intent stored, nothing sent
    SENDING = "sending"  # sent at least once, outcome to be read
    PENDING = "pending"  # the gateway has it and is not done
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the gateway's last word; the money stays refundable


class PaymentState(StrEnum):
    """A payment as a gateway shows it, in the shop's words."""

    PENDING = "pending"  # begun by the shopper: it may yet be authorised
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    FAILED = "failed"
    VOIDED = "voided"
    REFUNDED = "refunded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One visit to one gateway for one order, with its exact request and idempotency key.

    ``keys`` names the account's keys it was begun with, "" for one from before they could change;
    ``trace`` is the span in which it was begun, "" where none was recorded.
    """

    id: AttemptId
    order_id: OrderId
    order_number: str
    access_token: str  # of the order, as it was then
    gateway: str
    state: AttemptState
    amount: Money
    cart_version: int
    receipt: str
    idempotency_key: str
    request: dict[str, Any]
    session_id: str
    session_url: str
    created_at: datetime
    updated_at: datetime
    failure: str = ""
    keys: str = ""
    trace: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceivedWebhook:
    """A webhook that was verified and stored; ``id`` is the gateway's."""

    id: str
    gateway: str
    received_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenPayment:
    """A payment as read from the gateway."""

    id: str
    state: PaymentState
    amount: Money
    captured: Money
    refunded: Money

    @property
    def has_money(self) -> bool:
        """Whether it holds money of the shopper: reserved, or taken and not given back."""
        return self.has_taken_money or self.state is PaymentState.AUTHORISED

    @property
    def has_taken_money(self) -> bool:
        """Whether money was taken and not given back."""
        return self.state is PaymentState.CAPTURED and self.refunded < self.captured

    def is_of(self, amount: Money) -> bool:
        """Whether it is of this amount, and so is what was captured of it, if it was: somebody may
        have captured a part at the gateway itself."""
        captured = self.captured if self.state is PaymentState.CAPTURED else amount
        return self.amount == captured == amount

    def fulfils(self, capture: Capture) -> bool:
        """Whether it is the claimed payment, and all of it was captured."""
        captured = self.state is PaymentState.CAPTURED and self.captured == capture.amount
        return captured and self.id == capture.payment_id

    @property
    def is_over(self) -> bool:
        """Whether it holds no money and never will, whoever tries to capture it.

        Stripe: a canceled intent. Razorpay: an authorisation that was given back uncaptured, by a
        refund. Both: captured and wholly refunded. Not one that failed: Razorpay may yet authorise
        it.
        """
        if self.state is PaymentState.VOIDED:
            return not self.captured
        ended = self.state in {PaymentState.CAPTURED, PaymentState.REFUNDED}
        return ended and not self.refunded < (self.captured or self.amount)


@dataclass(frozen=True, kw_only=True, slots=True)
class Authorisation:
    """A payment that a gateway showed for an attempt, and what the shop made of it, and why."""

    gateway: str
    attempt_id: AttemptId
    payment_id: str
    amount: Money
    state: AuthorisationState
    reason: Text
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedPayment:
    """A payment from a gateway's own list, with what it says of its origin; ``session_id`` is None
    where such a list names no sessions, ``""`` for a payment of none; ``attempt_id`` may be the
    payer's word alone."""

    payment: SeenPayment
    session_id: str | None
    attempt_id: str


class SessionState(StrEnum):
    """The gateway's side of an attempt."""

    OPEN = "open"  # can still be paid
    COMPLETE = "complete"  # will not take another payment
    EXPIRED = "expired"  # can no longer be paid


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """What a gateway said of an attempt at one moment."""

    session: SessionState
    payments: tuple[SeenPayment, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SeenRefund:
    """A refund as read from the gateway; ``reference`` is the shop's id of it, ``""`` for one
    that was made elsewhere."""

    id: str
    reference: str
    amount: Money
    state: RefundState


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundedLine:
    """Units of an order's line (counted from 1) that a refund pays back, with their money;
    ``unshipped`` of them were still to be shipped, and are not any more.

    Of a bundle's line they are units of its ``part`` at that position.
    """

    position: int
    quantity: int
    amount: Money
    unshipped: int = 0
    part: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundParts:
    """What a refund is made of; ``adjustment`` (either sign) is what staff added or kept."""

    lines: tuple[RefundedLine, ...]
    shipping: Money
    adjustment: Money

    @property
    def amount(self) -> Money:
        """What goes back to the shopper."""
        whole = self.shipping + self.adjustment
        for line in self.lines:
            whole += line.amount
        return whole


@dataclass(frozen=True, kw_only=True, slots=True)
class VoidedCard:
    """A sold gift card that a refund pays back, and so takes the money off."""

    credit_id: CreditId
    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditPart:
    """What of a refund goes to credit accounts, what of it was paid by credit, and the sold gift
    cards that it takes the money off; ``times`` counts what the order gave back so far."""

    to: tuple[CreditUse, ...] = ()
    taken: tuple[CreditUse, ...] = ()
    voided: tuple[VoidedCard, ...] = ()
    times: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund:
    """Money on its way back. ``id`` is ``order:purpose:sequence``; ``request_key`` names the
    request that asked for it, so that a repeat finds it.

    ``credit`` is the part that goes to credit accounts; it is given in the transaction that books
    the gateway's part (``credit_given``). ``credit_taken`` is what of it was paid by credit, and
    ``voided`` are sold gift cards that it takes the money off.
    """

    id: str
    order_id: OrderId
    attempt_id: AttemptId
    gateway: str
    payment_id: str
    purpose: str
    request_key: str
    parts: RefundParts
    reason: str
    restock: bool
    state: RefundState
    fence: int
    key_round: int  # counts the idempotency keys that the gateway burnt with a saved error
    failure: str
    created_at: datetime
    updated_at: datetime
    credit: tuple[CreditUse, ...] = ()
    credit_taken: tuple[CreditUse, ...] = ()
    credit_given: bool = False
    voided: tuple[VoidedCard, ...] = ()

    @property
    def amount(self) -> Money:
        """What goes back to the shopper."""
        return self.parts.amount

    @property
    def to_credit(self) -> Money:
        """What of it goes to credit accounts."""
        return total((share.amount for share in self.credit), self.amount.currency)

    @property
    def by_gateway(self) -> Money:
        """What of it goes back through the gateway."""
        return self.amount - self.to_credit

    @property
    def given(self) -> Money:
        """What the shopper has of it: all once it succeeded, and of one that their bank returned
        what credit accounts got."""
        if self.state is RefundState.SUCCEEDED:
            return self.amount
        return self.to_credit if self.credit_given else self.amount * 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Capture:
    """The claim on, and then the capture of, an order's money. There is one per order, for ever."""

    order_id: OrderId
    attempt_id: AttemptId
    gateway: str
    payment_id: str
    amount: Money
    fence: int
    state: CaptureState
    updated_at: datetime
    refundable: Money  # captured, and not claimed by a refund yet
    refund_count: int
    credited: Money  # of what refunds claimed: what goes to store credit instead
    sent_back: bool = False  # void: it was taken all the same, and sent back before it was booked
