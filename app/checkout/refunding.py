"""Paying back: joins an order's lines and stock with the refunds of its capture.

As with a capture: store the intent, call the gateway, book what it shows. Each step may be cut
short; the reconciler, or the gateway's webhook, goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from app.checkout.errors import NotRefundable, PaymentDisputed, RefundChanged, RefundTooHigh
from app.checkout.events import REFUND_RETURNED, REFUNDED
from app.checkout.refund_credit import RefundCredit, refunded_text
from app.checkout.refund_preview import agreed_on
from app.checkout.refund_rules import (
    RETURNED,
    Balance,
    RefundWish,
    balance_of,
    parts_of,
    units_ended,
)
from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.inventory.service import InventoryService
from app.orders.models import Order
from app.orders.service import OrderService
from app.orders.units import OrderUnits
from app.payments.disputes import DisputeService
from app.payments.events import ALERT
from app.payments.models import (
    Capture,
    CaptureState,
    Refund,
    RefundParts,
    RefundState,
    SeenRefund,
)
from app.payments.refunds import Comparison, RefundService, Word
from app.payments.service import PaymentService
from app.shared.ids import OrderId
from app.shared.money import Money
from app.shared.texts import Text


class _Previewed(Exception):
    """Ends a preview's transaction, so that nothing of it stays."""

    def __init__(self, refund: Refund) -> None:
        super().__init__()
        self.refund = refund


class Refunding:
    """Refunds of orders: whole, in part, by line; never more than was paid.

    The gateway pays back first, as far as it captured, then the credit accounts get theirs, the
    one that paid last first. Both are booked in one transaction, once the gateway's part went
    through: a refund that fails gave nobody anything.

    What the shopper's bank has taken back, or claims, in a dispute is never paid back as well.

    Units that are paid back are not shipped any more, as far as they are not yet: a line's refund
    is of its open units first. One of goods that came back is not of open units at all.
    """

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        orders: OrderService,
        inventory: InventoryService,
        payments: PaymentService,
        refunds: RefundService,
        disputes: DisputeService,
        units: OrderUnits,
        credit: RefundCredit,
        show_money: Callable[[Money, str], str],
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = orders
        self._inventory = inventory
        self._payments = payments
        self._refunds = refunds
        self._disputes = disputes
        self._units = units
        self._credit = credit
        self._show_money = show_money

    def balance(self, order: Order, session: Session | None = None) -> Balance:
        """What can still be paid back. Raises ``NotRefundable`` for an unpaid order."""
        capture = self._undisputed(self._capture(order, session), session)
        captured = capture.refundable.minor if capture else 0
        refundable = Money(captured + self._credit.refundable(order.id, session), order.currency)
        return balance_of(order, self._refunds.of_order(order.id, session), refundable)

    def of_order(self, order_id: OrderId) -> list[Refund]:
        """The order's refunds, oldest first."""
        return self._refunds.of_order(order_id)

    def find_requested(self, order_id: OrderId, key: str) -> Refund | None:
        """The refund that this request asked for before, or None."""
        return self._refunds.find_requested(order_id, key)

    def request(
        self,
        order_id: OrderId,
        wish: RefundWish,
        *,
        key: str,
        reason: str,
        restock: bool,
        by: str,
        agreed: str = "",
    ) -> Refund:
        """Refund what the wish says; the same ``key`` again is the same refund.

        ``agreed`` is what a preview of it came to (``agreed_on``). It is sent at once; the state
        tells how far it came. Raises ``NotRefundable``, ``NothingToRefund``, ``RefundTooHigh``,
        ``RefundChanged``, ``PaymentDisputed``, ``GiftCardSpent`` and ``NoStoreCredit``.
        """

        def work(session: Session) -> Refund:
            known = self._refunds.find_requested(order_id, key, session)
            if known is not None:
                return known
            refund = self.store(
                order_id, wish, key=key, reason=reason, restock=restock, by=by, session=session
            )
            if agreed and agreed_on(refund) != agreed:
                raise RefundChanged
            return refund

        return self.carry_out(self._database.in_transaction(work))

    def preview(self, order_id: OrderId, wish: RefundWish) -> Refund:
        """The refund that the wish would be now: worked out by storing it, which is then undone.
        Raises as ``request`` does."""

        def work(session: Session) -> None:
            refund = self.store(
                order_id, wish, key="preview", reason="", restock=False, by="", session=session
            )
            raise _Previewed(refund)

        try:
            self._database.in_transaction(work)
        except _Previewed as seen:
            return seen.refund
        raise AssertionError("a preview is never stored")

    def store(
        self,
        order_id: OrderId,
        wish: RefundWish,
        *,
        key: str,
        reason: str,
        restock: bool,
        by: str,
        session: Session,
        of_returned: bool = False,
    ) -> Refund:
        """Store the intent to refund in the caller's transaction; ``carry_out`` sends it, else the
        reconciler does. ``of_returned`` is for goods that came back. Raises as ``request`` does."""
        order = self._orders.get(order_id, session)
        capture = self._capture(order, session)
        balance = self.balance(order, session)
        parts = self._parts(order, capture, balance, wish, session)
        free = self._undisputed(capture, session)
        credit = self._credit.take(order, free, parts, wish, key, session)
        if credit is None:
            raise RefundTooHigh(balance.refundable)
        refund = self._refunds.store(
            order_id,
            capture,
            parts if of_returned else self._stop(order, balance, parts, session),
            purpose=RETURNED if of_returned else "order",
            request_key=key,
            reason=reason,
            restock=restock,
            session=session,
            credit=credit,
        )
        if refund is None:
            raise RefundTooHigh(balance.refundable)
        amount = self._show_money(refund.amount, order.locale)
        message = f"Refund of {amount} requested by {by}"
        self._note(refund, "refund_requested", message, public=False, session=session)
        return refund

    def _parts(
        self,
        order: Order,
        capture: Capture | None,
        balance: Balance,
        wish: RefundWish,
        session: Session,
    ) -> RefundParts:
        """The refund that answers the wish. Raises as ``parts_of`` does, or ``PaymentDisputed``."""
        claimed = self._disputes.claimed_of(capture, session) if capture else None
        if claimed and not balance.refundable:
            raise PaymentDisputed(claimed, balance.refundable)
        try:
            return parts_of(order, balance, wish)
        except RefundTooHigh as refusal:
            if not claimed:
                raise
            raise PaymentDisputed(claimed, balance.refundable) from refusal

    def _undisputed(self, capture: Capture | None, session: Session | None) -> Capture | None:
        """The capture without what its shopper's bank has, or claims."""
        if capture is None:
            return None
        left = capture.refundable - self._disputes.claimed_of(capture, session)
        return replace(capture, refundable=max(left, left * 0, key=lambda money: money.minor))

    def _stop(
        self, order: Order, balance: Balance, parts: RefundParts, session: Session
    ) -> RefundParts:
        """Stop what is paid back from being shipped, and note on each line's first entry how much
        that was. A set goes on its way as long as something of it is not paid back."""
        stopped = self._units.stop(order, units_ended(balance, parts), session)
        lines = (replace(line, unshipped=stopped.pop(line.position, 0)) for line in parts.lines)
        return replace(parts, lines=tuple(lines))

    def carry_out(self, refund: Refund) -> Refund:
        """Bring a refund as far as its gateway allows, and return it as it is then."""
        word = self._refunds.carry_out(refund)
        if word is not None:
            self._database.in_transaction(lambda session: self._book(refund, word, session))
        return self._refunds.get(refund.id)

    def follow(self, order_id: OrderId) -> None:
        """Look at every refund of an order again: a webhook said that something happened."""
        for refund in self._refunds.of_order(order_id):
            if refund.state is not RefundState.FAILED:
                self.carry_out(refund)

    def finish(self, older_than: timedelta, most: int) -> int:
        """Go on with ``most`` refunds that a crash or a silent gateway left open; how many came to
        an end."""
        unfinished = self._refunds.unfinished(older_than, most)
        results = [self.carry_out(each) for each in unfinished]
        return sum(each.state in {RefundState.SUCCEEDED, RefundState.FAILED} for each in results)

    def compare(self, capture: Capture) -> Comparison:
        """The refunds in the books against those at the gateway. Raises as ``Gateway`` does."""
        return self._refunds.compare(capture)

    def adopt(self, capture: Capture, seen: SeenRefund) -> bool:
        """Take a refund made at the gateway into the books; False if they leave no room for it."""

        def work(session: Session) -> Refund | None:
            order = self._orders.get(capture.order_id, session)
            current = self._capture(order, session)
            return self._refunds.adopt(current, seen, session) if current else None

        refund = self._database.in_transaction(work)
        return refund is not None and self.carry_out(refund).state is seen.state

    # --- booking ----------------------------------------------------------------------------

    def _capture(self, order: Order, session: Session | None) -> Capture | None:
        """The order's capture; None for one that was paid by credit alone. Raises
        ``NotRefundable``."""
        if order.is_paid and not order.due:
            return None
        capture = self._payments.find_capture(order.id, session)
        if capture is None or capture.state is not CaptureState.CAPTURED:
            raise NotRefundable
        return capture

    def _book(self, refund: Refund, word: Word, session: Session) -> None:
        before = self._refunds.get(refund.id, session)
        if not self._refunds.conclude(before, word, session):
            return
        order = self._orders.get(refund.order_id, session)
        amount = self._show_money(refund.amount, order.locale)
        if word.state is RefundState.SUCCEEDED:
            self._orders.add_refund(order.id, refund.amount, session, to_credit=refund.to_credit)
            self._credit.give(refund, session)
            self._restock(refund, order, session)
            left = self._orders.get(order.id, session)
            self._inventory.owed.let_go(order.id, left.to_send, session)
            message: str = refunded_text(refund, order, self._show_money)
            self._note(refund, "refunded", message, public=True, session=session)
            payload = {
                "order_id": order.id,
                "refund_id": refund.id,
                "amount": refund.amount.minor,
                "to_credit": refund.to_credit.minor,
            }
            self._outbox.publish(REFUNDED, payload, session, key=f"{REFUNDED}:{refund.id}")
        elif word.state is RefundState.FAILED:
            given = before.state is RefundState.SUCCEEDED  # what credit accounts got they keep
            if given:
                self._orders.add_refund(order.id, refund.by_gateway * -1, session)
                self._tell_returned(refund, order, session)
            self._credit.undo(refund, order, session, given=given)
            if not (given and refund.restock):  # what is on the shelf again is not sent
                unshipped = {
                    each.position: each.unshipped for each in refund.parts.lines if each.unshipped
                }
                self._units.reopen(order.id, unshipped, session)
            message = f"Refund of {amount} failed. {word.failure}"
            self._note(refund, "refund_failed", message, public=False, session=session)
            payload = {"order_id": order.id, "message": message, "payment_id": refund.payment_id}
            self._outbox.publish(ALERT, payload, session, key=f"{ALERT}:{refund.id}")

    def _tell_returned(self, refund: Refund, order: Order, session: Session) -> None:
        """The shopper, who was told that it is on its way."""
        message = Text(
            "The refund of %(amount)s did not arrive: your bank returned it. We are dealing with "
            "it.",
            amount=self._show_money(refund.by_gateway, order.locale),
        )
        self._note(refund, "refund_returned", message, public=True, session=session)
        payload = {
            "order_id": order.id,
            "refund_id": refund.id,
            "amount": refund.by_gateway.minor,
        }
        key = f"{REFUND_RETURNED}:{refund.id}"
        self._outbox.publish(REFUND_RETURNED, payload, session, key=key)

    def _restock(self, refund: Refund, order: Order, session: Session) -> None:
        if not refund.restock:
            return
        units = {}
        for each in refund.parts.lines:
            line = order.lines[each.position - 1]
            if line.gift_card:
                continue
            by_part = {part.position: part.sku for part in line.parts}
            movement = f"{refund.id}:{each.position}" + (f":{each.part}" if each.part else "")
            units[movement] = (by_part.get(each.part, line.sku), each.quantity)
        self._inventory.take_back(order.id, units, session)

    def _note(
        self, refund: Refund, kind: str, message: str, *, public: bool, session: Session
    ) -> None:
        self._orders.note(
            refund.order_id,
            kind,
            message,
            public=public,
            session=session,
            key=f"{kind}:{refund.id}",
        )
