"""Credit accounts, and what is known of their money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.shared.credit import CreditKind, label_of
from app.shared.ids import AccountId, CreditId, OrderId
from app.shared.money import Money
from app.shared.texts import Text


class CreditState(StrEnum):
    """Whether an account's money may be spent."""

    ACTIVE = "active"
    DISABLED = "disabled"  # it still takes refunds


class Cause(StrEnum):
    """Why an entry was made."""

    ISSUE = "issue"
    HOLD = "hold"  # set aside for an order that is not paid yet
    SPEND = "spend"
    RELEASE = "release"
    REFUND = "refund"
    ADJUST = "adjust"  # by staff
    VOID = "void"  # the gift card was sold and paid back, or paid back in vain


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditAccount:
    """Money of one currency. ``available`` is the ``balance`` without what is ``held`` for orders.

    ``issued`` is what it began with; ``last4`` the end of a gift card's code, which itself is not
    kept; ``account_id`` whose store credit it is.
    """

    id: CreditId
    kind: CreditKind
    state: CreditState
    balance: Money
    held: Money
    available: Money
    issued: Money
    last4: str
    created_at: datetime
    account_id: AccountId | None = None
    expires_at: datetime | None = None

    @property
    def currency(self) -> str:
        """The currency of its money."""
        return self.balance.currency

    @property
    def label(self) -> str:
        """How its owner knows it."""
        return label_of(self.kind, self.last4)

    @property
    def good_until(self) -> datetime | None:
        """The last moment at which it can be spent, so that its day is one on which it can."""
        return self.expires_at - timedelta(milliseconds=1) if self.expires_at else None

    def is_expired(self, moment: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= moment

    def is_good(self, moment: datetime) -> bool:
        """Whether money is on it that can be spent."""
        active = self.state is CreditState.ACTIVE and not self.is_expired(moment)
        return active and bool(self.balance)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recipient:
    """Whom a gift card is sent to, from whom ("" for no giver), and in whose words."""

    email: str
    sender: str = ""
    message: str = ""
    locale: str = "en_US"


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditEntry:
    """One change, never rewritten: ``amount`` of the balance and ``held`` of what is set aside,
    either sign."""

    id: str
    credit_id: CreditId
    amount: Money
    held: Money
    cause: Cause
    order_id: OrderId | None
    by: str
    at: datetime

    @property
    def label(self) -> Text:
        """What happened, as readers are told it."""
        if self.cause is Cause.ADJUST and self.amount.minor < 0:
            return _LABELS[Cause.VOID]
        return _LABELS[self.cause]


_LABELS = {
    Cause.ISSUE: Text("Issued"),
    Cause.HOLD: Text("Set aside for an order"),
    Cause.SPEND: Text("Paid an order"),
    Cause.RELEASE: Text("Not needed for an order after all"),
    Cause.REFUND: Text("Refund of an order"),
    Cause.ADJUST: Text("Credited by us"),
    Cause.VOID: Text("Taken back"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditSource:
    """An account that a shopper wants to pay with, and how much of it this cart may spend."""

    id: CreditId
    kind: CreditKind
    last4: str
    free: Money
    note: str = ""  # why it cannot pay

    @property
    def label(self) -> str:
        """How its owner knows it."""
        return label_of(self.kind, self.last4)


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditFault:
    """An account whose figures do not agree."""

    credit_id: CreditId
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditFilter:
    """Which accounts to list; empty fields ask for nothing. ``account_id`` is whose store credit,
    ``after`` a page's ``rank``."""

    kind: CreditKind | None = None
    state: CreditState | None = None
    currency: str = ""
    last4: str = ""
    account_id: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ListedCredit:
    """An account with its place in the list."""

    account: CreditAccount
    rank: str
