"""Finishing what a crash, a lost answer or an absent shopper left open."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from app.checkout.placing import PAYMENT_WINDOW
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.credit.holds import CreditHolds
from app.db.database import Database, Session
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.orders.service import OrderService
from app.payments.models import Attempt, AttemptState
from app.payments.service import PaymentService
from app.promotions.usage import UsageService
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import OrderId
from app.shared.texts import Text

_STALE = timedelta(seconds=45)
_OVERDUE = PAYMENT_WINDOW + timedelta(minutes=5)
_ROUND = 50  # of each kind that the worker takes at once: it comes back soon


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What one round did."""

    looked_at: int
    captured: int
    closed: int
    released: int
    refunded: int


class Reconciler:
    """Looks at everything that is not finished, and finishes or closes it."""

    def __init__(
        self,
        database: Database,
        settlement: Settlement,
        payments: PaymentService,
        orders: OrderService,
        inventory: InventoryService,
        usage: UsageService,
        credit: CreditHolds,
        refunding: Refunding,
    ) -> None:
        self._database = database
        self._settlement = settlement
        self._payments = payments
        self._orders = orders
        self._inventory = inventory
        self._usage = usage
        self._credit = credit
        self._refunding = refunding

    def run(
        self,
        older_than: timedelta = _STALE,
        progress: Callable[[int, int], None] | None = None,
        most: int = _ROUND,
    ) -> Report:
        """One round over open attempts, unfinished captures, expired holds and refunds, ``most`` of
        each."""
        attempts = self._payments.stale(older_than, most)
        claimed = [
            self._payments.get(capture.attempt_id)
            for capture in self._payments.unfinished_captures(older_than, most)
        ]
        returning = [self._payments.get(each) for each in self._payments.unfinished_returns(most)]
        pending = {attempt.id: attempt for attempt in (*attempts, *claimed, *returning)}
        results = []
        for attempt in pending.values():
            results.append(self._finish(attempt))
            if progress:
                progress(len(results), len(pending))
        return Report(
            looked_at=len(results),
            captured=results.count(AttemptState.CAPTURED),
            closed=sum(state in {AttemptState.EXPIRED, AttemptState.LOST} for state in results),
            released=self._release_expired_holds(most),
            refunded=self._refunding.finish(older_than, most),
        )

    def _finish(self, attempt: Attempt) -> AttemptState:
        overdue = now() - attempt.created_at > _OVERDUE
        if overdue and attempt.state in {AttemptState.OPEN, AttemptState.CREATED}:
            self._settlement.close(attempt)
            return self._payments.get(attempt.id).state
        return self._settlement.settle(attempt.id).state

    def _release_expired_holds(self, most: int) -> int:
        owners = [
            *(OrderId(owner) for owner in self._inventory.owners_of_expired_holds(most)),
            *self._usage.expired_owners(most),
            *self._credit.expired_owners(most),
        ]
        return sum(self._release(owner) for owner in dict.fromkeys(owners))

    def _release(self, order_id: OrderId) -> bool:
        """Cancel the unpaid order behind an expired hold, once nothing of it can be paid."""
        if not self._is_pending(order_id):
            self._database.in_transaction(lambda session: self._give_back(order_id, session))
            return True
        attempt = self._payments.find_open(order_id)
        if attempt is not None and not self._settlement.close(attempt):
            return False
        return self._settlement.cancel(self._orders.get(order_id), Text("Not paid in time"))

    def _is_pending(self, order_id: OrderId, session: Session | None = None) -> bool:
        try:
            return self._orders.get(order_id, session).state is OrderState.PENDING
        except NotFound:
            return False

    def _give_back(self, order_id: OrderId, session: Session) -> None:
        """Only if a late payment has not brought the order back since it was looked at."""
        if self._is_pending(order_id, session):
            return
        self._inventory.release(order_id, session)
        self._usage.release(order_id, session)
        self._credit.release(order_id, session)
