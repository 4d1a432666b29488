"""Credit as orders, payments and the ledger speak of it: which account pays how much."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.shared.ids import CreditId
from app.shared.money import Money
from app.shared.texts import Text


class CreditKind(StrEnum):
    """Whose money it is."""

    GIFT_CARD = "gift_card"  # whoever knows its code may spend it
    STORE_CREDIT = "store_credit"  # a shopper's account may spend it


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditUse:
    """What one credit account pays of an order, or gets back of it."""

    credit_id: CreditId
    kind: CreditKind
    last4: str  # of a gift card's code, "" for store credit
    amount: Money

    @property
    def label(self) -> Text:
        """The account as its owner knows it."""
        return label_of(self.kind, self.last4)


def label_of(kind: CreditKind, last4: str) -> Text:
    """A credit account in words that tell no secret."""
    if kind is CreditKind.GIFT_CARD:
        return Text("Gift card …%(last4)s", last4=last4)
    return Text("Store credit")
