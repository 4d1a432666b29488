"""Disputes: read from the gateway, and kept as it showed them last.

A reading is written over the version of the books that was there before the gateway was asked. So
what is in the books was always true later than what it replaced, however late, often and mixed up
the hints to read come.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import structlog

from app.db.database import Database, Session
from app.payments.dispute_models import Dispute, DisputeState, DisputeSum, SeenDispute
from app.payments.dispute_repository import DisputeRepository
from app.payments.errors import GatewayRefused, GatewayUnknown, GatewayUnreachable
from app.payments.gateways.switchboard import Switchboard
from app.payments.models import Attempt, Capture
from app.shared.clock import now
from app.shared.ids import OrderId
from app.shared.money import Money

_log = structlog.get_logger()


class DisputeService:
    """The disputes of the shop's payments. Never calls a gateway inside a transaction."""

    def __init__(self, database: Database, gateways: Switchboard) -> None:
        self._gateways = gateways
        self._disputes = DisputeRepository(database)

    def find(self, gateway: str, dispute_id: str) -> Dispute | None:
        """The dispute in the books, or None."""
        return self._disputes.find(gateway, dispute_id)

    def of_order(self, order_id: OrderId, session: Session | None = None) -> list[Dispute]:
        """Every dispute of an order's payments, oldest first."""
        return self._disputes.of_order(order_id, session)

    def open_ones(self, most: int) -> list[Dispute]:
        """Disputes and inquiries without an end, the newest first."""
        return self._disputes.in_states([DisputeState.OPEN], most)

    def sums(self) -> list[DisputeSum]:
        """What disputes came to, by gateway, currency and state."""
        return self._disputes.sums()

    def claimed_of(
        self, capture: Capture, session: Session | None = None, *, lost_only: bool = False
    ) -> Money:
        """What of a capture the shopper's bank has, or claims: never more than was captured.
        ``lost_only`` leaves out what it has not decided on."""
        claimed = sum(
            # One in another currency, as a bank may count it, is of the whole payment.
            each.seen.amount.minor
            if each.seen.amount.currency == capture.amount.currency
            else capture.amount.minor
            for each in self._disputes.of_order(capture.order_id, session)
            if each.seen.claims_money
            and each.seen.payment_id == capture.payment_id
            and (each.seen.state is DisputeState.LOST or not lost_only)
        )
        return Money(min(claimed, capture.amount.minor), capture.amount.currency)

    def read(self, attempt: Attempt, dispute_id: str) -> SeenDispute:
        """Ask the gateway, with the keys that the payment was begun with. Raises as ``Gateway``
        does."""
        return self._gateways.reach(attempt.gateway, attempt.keys).dispute(dispute_id)

    def recent(self, since: datetime) -> Iterator[tuple[str, SeenDispute]]:
        """Every gateway's own list of disputes, as far as it is to be had: one that is silent, or
        whose keys may not read disputes, is left out."""
        for gateway, _ in self._gateways.accounts():
            try:
                for seen in gateway.recent_disputes(since):
                    yield gateway.name, seen
            except (GatewayRefused, GatewayUnknown, GatewayUnreachable) as problem:
                _log.warning("disputes_not_listed", gateway=gateway.name, reason=str(problem))

    def store(
        self,
        before: Dispute | None,
        seen: SeenDispute,
        attempt: Attempt,
        session: Session,
    ) -> bool:
        """Write a reading that was begun after ``before`` was in the books; False if they moved on
        meanwhile, or say more already. Raises ``DuplicateKeyError`` for one that is not new."""
        if before is not None:
            return self._disputes.replace(before, seen, session)
        moment = now()
        self._disputes.insert(
            Dispute(
                gateway=attempt.gateway,
                order_id=attempt.order_id,
                order_number=attempt.order_number,
                seen=seen,
                opened_at=moment,
                updated_at=moment,
                version=1,
            ),
            session,
        )
        return True
