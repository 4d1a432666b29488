"""Disputes of orders' payments: taken into the books, noted on the order, told to the owner."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import structlog

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.orders.service import OrderService
from app.payments.dispute_models import Dispute, DisputeState, SeenDispute, dispute_key
from app.payments.disputes import DisputeService
from app.payments.errors import GatewayRefused, GatewayUnknown, GatewayUnreachable
from app.payments.events import ALERT
from app.payments.models import Attempt
from app.payments.rules import DISPUTE_TRANSITIONS
from app.payments.service import PaymentService
from app.shared.errors import Conflict
from app.shared.money import Money

_TRIES = 5
_MOST = 100
_log = structlog.get_logger()
_Said = tuple[str, str, bool]  # what kind of note, its words, and whether the owner is to be told


class Disputing:
    """Follows disputes; each step may be repeated, and changes nothing then."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        orders: OrderService,
        payments: PaymentService,
        disputes: DisputeService,
        show_money: Callable[[Money, str], str],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = orders
        self._payments = payments
        self._disputes = disputes
        self._show_money = show_money

    def follow(self, attempt: Attempt, dispute_id: str) -> None:
        """Look at a dispute at the gateway: a webhook named it. Raises ``GatewayUnknown`` and
        ``GatewayUnreachable``; one that the gateway does not know is left."""
        for _ in range(_TRIES):
            before = self._disputes.find(attempt.gateway, dispute_id)
            try:
                seen = self._disputes.read(attempt, dispute_id)
            except GatewayRefused as refusal:
                _log.warning("dispute_refused", dispute=dispute_id, reason=str(refusal))
                return
            if self._is_booked(attempt.gateway, before, seen):
                return
        raise Conflict("This dispute changes too fast to be booked.")

    def compare(self, since: datetime) -> None:
        """Look at disputes whose webhooks may be lost: those opened from ``since`` on, and those
        that the books have as open.

        A gateway that is silent, or lets these keys read no disputes, is asked the next time: money
        is compared all the same.
        """
        payments = {
            (each.gateway, each.seen.id): each.seen.payment_id
            for each in self._disputes.open_ones(_MOST)
        }
        for gateway, seen in self._disputes.recent(since):
            if self._disputes.find(gateway, seen.id) is None:
                payments[gateway, seen.id] = seen.payment_id
        for (gateway, dispute_id), payment_id in payments.items():
            attempt = self._payments.find_by_payment(gateway, payment_id)
            try:
                if attempt is not None:
                    self.follow(attempt, dispute_id)
            except (GatewayUnknown, GatewayUnreachable) as problem:
                _log.warning("dispute_not_read", dispute=dispute_id, reason=str(problem))

    def _is_booked(self, gateway: str, before: Dispute | None, seen: SeenDispute) -> bool:
        """Book a reading; False if the books moved on since it was begun."""
        attempt = self._payments.find_by_payment(gateway, seen.payment_id)
        if attempt is None:
            _log.info("dispute_of_no_order", gateway=gateway, dispute=seen.id)
            return True
        if before is not None and (
            before.seen == seen or seen.state not in DISPUTE_TRANSITIONS[before.seen.state]
        ):
            return True

        def work(session: Session) -> bool:
            if not self._disputes.store(before, seen, attempt, session):
                return False
            self._tell(attempt, before, seen, session)
            return True

        try:
            return self._database.in_transaction(work)
        except DuplicateKeyError:
            return False

    def _tell(
        self, attempt: Attempt, before: Dispute | None, seen: SeenDispute, session: Session
    ) -> None:
        order = self._orders.get(attempt.order_id, session)
        amount = self._show_money(seen.amount, order.locale)
        version = before.version + 1 if before else 1
        key = f"{dispute_key(attempt.gateway, seen.id)}:{version}"
        for kind, message, alarming in _said(attempt.gateway.capitalize(), amount, before, seen):
            self._orders.note(
                order.id, kind, message, public=False, session=session, key=f"{kind}:{key}"
            )
            if alarming:
                payload = {
                    "order_id": order.id,
                    "message": message,
                    "payment_id": seen.payment_id,
                }
                self._outbox.publish(ALERT, payload, session, key=f"{ALERT}:{kind}:{key}")


def _said(gateway: str, amount: str, before: Dispute | None, seen: SeenDispute) -> Iterator[_Said]:
    """What is new of a dispute."""
    until = f" by {seen.respond_by:%d %b %Y %H:%M} UTC" if seen.respond_by else ""
    answer = f"Answer at {gateway}{until}." if seen.state is DisputeState.OPEN else ""
    if before is None and seen.inquiry:
        yield (
            "dispute_opened",
            f"The customer's bank asks about {amount} of a payment: {seen.why}. No money was taken "
            f"for it so far. {answer}".strip(),
            True,
        )
    elif before is None:
        yield (
            "dispute_opened",
            f"Dispute: the customer's bank takes {amount} back: {seen.why}. {answer}".strip(),
            True,
        )
    elif before.seen.inquiry and not seen.inquiry:
        yield (
            "dispute_claimed",
            f"Dispute: the bank that asked before takes {amount} back now: {seen.why}. "
            f"{answer}".strip(),
            True,
        )
    if seen.state is not DisputeState.OPEN and (before is None or before.seen.state != seen.state):
        yield f"dispute_{seen.state}", _END[seen.state].format(amount=amount), _is_loss(seen)


def _is_loss(seen: SeenDispute) -> bool:
    return seen.state is DisputeState.LOST


_END = {
    DisputeState.WON: "The dispute of {amount} is won: the money stays with the shop.",
    DisputeState.LOST: "The dispute of {amount} is lost: the bank paid it back to the customer.",
    DisputeState.CLOSED: "The bank's question about {amount} is closed: no money was taken.",
}
