"""Credit that orders hold: set aside when an order is placed, spent once it is paid.

Every method joins the caller's transaction. An account is taken from only while so much of it is
available: of two orders at the same moment the database lets one through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from app.credit.errors import CreditChanged
from app.credit.hold_repository import CreditHold, CreditHoldRepository
from app.credit.models import Cause, CreditState
from app.credit.repository import CreditRepository
from app.db.database import Database, Session
from app.shared.clock import now
from app.shared.credit import CreditUse
from app.shared.ids import CreditId, OrderId

_ACTIVE = {"state": CreditState.ACTIVE.value}


class CreditHolds:
    """Holds, commits and releases. An order holds each account at most once."""

    def __init__(self, database: Database) -> None:
        self._accounts = CreditRepository(database)
        self._holds = CreditHoldRepository(database)

    def take(
        self,
        order_id: OrderId,
        uses: Sequence[CreditUse],
        expires_at: datetime,
        session: Session,
        instead_of: Iterable[OrderId] = (),
    ) -> None:
        """Hold what a new order is paid with: all of it or, by the caller's rollback, nothing.

        What the orders ``instead_of`` hold is given back first, in the same transaction, so that
        nobody else can get it in between. Raises ``CreditChanged`` if an account has not so much.
        """
        for earlier in instead_of:
            self.release(earlier, session)
        if not uses:
            return
        moment = now()
        in_time = {"$or": [{"expires_at": None}, {"expires_at": {"$gt": moment}}]}
        self._reserve(order_id, 1, uses, {**_ACTIVE, **in_time}, session)
        self._holds.insert(order_id, uses, expires_at, session)

    def hold_again(self, order_id: OrderId, expires_at: datetime, session: Session) -> None:
        """Make sure that an order holds what it once held, for a payment that came late.

        A card that ended since does not matter, since it was good when the order was placed; one
        that was disabled does. Raises ``CreditChanged`` if the money was spent elsewhere.
        """
        hold = self._holds.find(order_id, session)
        if hold is None or self._holds.move(order_id, "held", "held", session, expires_at):
            return  # written all the same, so that giving it back at this moment conflicts
        if self._holds.move(order_id, "released", "held", session, expires_at):
            self._reserve(order_id, hold.round + 1, hold.uses, _ACTIVE, session)

    def prolong(self, order_id: OrderId, expires_at: datetime, session: Session) -> None:
        """Hold on for longer: the order is being paid anew."""
        self._holds.move(order_id, "held", "held", session, expires_at)

    def commit(self, order_id: OrderId, session: Session) -> None:
        """Spend what an order holds: it is paid. Repeating it changes nothing."""
        self._end(order_id, "committed", Cause.SPEND, session)

    def release(self, order_id: OrderId, session: Session) -> None:
        """Give back what an order holds. Repeating it changes nothing."""
        self._end(order_id, "released", Cause.RELEASE, session)

    def held_by(self, order_ids: Iterable[OrderId]) -> Counter[CreditId]:
        """What these orders hold now of each account, together, in minor units."""
        held: Counter[CreditId] = Counter()
        for hold in self._holds.held_by(order_ids):
            for use in hold.uses:
                held[use.credit_id] += use.amount.minor
        return held

    def expired_owners(self, limit: int = 100) -> list[OrderId]:
        """Orders that hold credit for longer than they can be paid."""
        return self._holds.expired_owners(limit)

    # --------------------------------------------------------------------------------------------

    def _reserve(
        self,
        order_id: OrderId,
        round_: int,
        uses: Sequence[CreditUse],
        only: dict[str, Any],
        session: Session,
    ) -> None:
        for use in _in_order(uses):
            taken = self._accounts.change(
                f"{order_id}:{round_}:{Cause.HOLD}:{use.credit_id}",
                use.credit_id,
                held=use.amount.minor,
                cause=Cause.HOLD,
                order_id=order_id,
                by="",
                session=session,
                only={"currency": use.amount.currency, **only},
            )
            if not taken:
                raise CreditChanged(use.label)

    def _end(self, order_id: OrderId, state: str, cause: Cause, session: Session) -> None:
        hold = self._holds.find(order_id, session)
        if hold is None or not self._holds.move(order_id, "held", state, session):
            return
        for use in _in_order(hold.uses):
            minor = use.amount.minor
            self._accounts.change(
                _entry_id(hold, cause, use),
                use.credit_id,
                balance=-minor if cause is Cause.SPEND else 0,
                held=-minor,
                cause=cause,
                order_id=order_id,
                by="",
                session=session,
            )


def _in_order(uses: Iterable[CreditUse]) -> list[CreditUse]:
    """In the order in which accounts are always locked."""
    return sorted(uses, key=lambda use: use.credit_id)


def _entry_id(hold: CreditHold, cause: Cause, use: CreditUse) -> str:
    return f"{hold.order_id}:{hold.round}:{cause}:{use.credit_id}"
