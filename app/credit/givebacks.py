"""Credit on its way back: to the accounts that paid, the last one first, or to store credit.

Every method joins the caller's transaction. What may be given back is taken from what an order's
hold has left before it is promised, so that no sequence of refunds gives back too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from app.credit.hold_repository import CreditHoldRepository
from app.credit.models import Cause, CreditAccount, CreditState
from app.credit.repository import CreditRepository
from app.credit.rules import shares_back
from app.db.database import Database, Session
from app.shared.clock import now
from app.shared.credit import CreditKind, CreditUse
from app.shared.ids import AccountId, CreditId, OrderId, new_id
from app.shared.money import Money

_GRACE = timedelta(days=90)  # how long money that came back to an old card can be spent


class GiveBacks:
    """What orders paid by credit get back. A card that is disabled or has ended takes it all the
    same; one that has ended, or is about to, can then be spent for ninety days."""

    def __init__(self, database: Database) -> None:
        self._accounts = CreditRepository(database)
        self._holds = CreditHoldRepository(database)

    def refundable(self, order_id: OrderId, session: Session | None = None) -> int:
        """What can still be given back of an order's credit, in minor units."""
        hold = self._holds.find(order_id, session)
        return sum(hold.refundable) if hold and hold.state == "committed" else 0

    def take(
        self, order_id: OrderId, amount: Money, session: Session
    ) -> tuple[tuple[CreditUse, ...], int] | None:
        """Take ``amount`` out of what can be given back; the shares, and how many times that
        was done for the order. None if it has not so much, or moved on."""
        hold = self._holds.find(order_id, session)
        if hold is None or hold.state != "committed" or sum(hold.refundable) < amount.minor:
            return None
        uses = tuple(zip(hold.uses, hold.refundable, strict=True))
        shares, left = shares_back(uses, amount)
        if not self._holds.take_refund(hold, left, session):
            return None
        return shares, hold.refund_count + 1

    def put_back(self, order_id: OrderId, shares: Sequence[CreditUse], session: Session) -> None:
        """Undo a ``take``: the refund failed before anything was given."""
        hold = self._holds.find(order_id, session)
        if hold is None or not shares:
            return
        back = Counter({share.credit_id: share.amount.minor for share in shares})
        self._holds.put_back(order_id, [back[use.credit_id] for use in hold.uses], session)

    def give(
        self, order_id: OrderId, refund_id: str, shares: Sequence[CreditUse], session: Session
    ) -> None:
        """Add the shares to their accounts, once for each refund."""
        for share in sorted(shares, key=lambda each: each.credit_id):
            entry = f"{refund_id}:{Cause.REFUND}:{share.credit_id}"
            if self._accounts.has_entry(entry, session):
                continue
            self._accounts.change(
                entry,
                share.credit_id,
                balance=share.amount.minor,
                cause=Cause.REFUND,
                order_id=order_id,
                by=refund_id,
                session=session,
            )
            self._accounts.prolong(share.credit_id, now() + _GRACE, session)

    def store_credit(self, account_id: AccountId, currency: str, session: Session) -> CreditAccount:
        """A shopper's store credit in a currency, opened now if there was none."""
        for known in self._accounts.of_account(account_id, session):
            if known.currency == currency:
                return known
        zero = Money.zero(currency)
        opened = CreditAccount(
            id=CreditId(new_id("crd")),
            kind=CreditKind.STORE_CREDIT,
            state=CreditState.ACTIVE,
            balance=zero,
            held=zero,
            available=zero,
            issued=zero,
            last4="",
            created_at=now(),
            account_id=account_id,
        )
        self._accounts.insert(opened, "", session)
        return opened
