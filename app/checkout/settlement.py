"""The one function through which money moves: ``settle``.

Return page, callback, webhook, status page and reconciler all call it. It reads the gateway,
claims the order's single capture for the payment it found, captures, and books the sale. Every
step may be repeated or cut short; the next call goes on. See docs/payments.md.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.cart.models import Goods
from app.cart.service import CartService
from app.checkout.returning import Returns
from app.checkout.voiding import Voids
from app.credit.errors import CreditChanged
from app.credit.holds import CreditHolds
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.db.turn import Rank
from app.inventory.errors import OutOfStock
from app.inventory.service import InventoryService
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.payments.errors import GatewayRefused, GatewayUnknown, GatewayUnreachable
from app.payments.models import (
    Attempt,
    AttemptState,
    AuthorisationState,
    Capture,
    CaptureState,
    Observation,
    PaymentState,
    SeenPayment,
    SessionState,
)
from app.payments.service import PaymentService
from app.promotions.errors import PromotionUsedUp
from app.promotions.usage import UsageService
from app.shared import tracing
from app.shared.clock import now
from app.shared.ids import AttemptId
from app.shared.texts import Text

_LATE_HOLD = timedelta(minutes=30)
_RELEASED = frozenset({AuthorisationState.VOIDED, AuthorisationState.LEFT_TO_EXPIRE})
_UNPAYABLE = frozenset({AttemptState.LOST, AttemptState.EXPIRED, AttemptState.FAILED})
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """An attempt after a look at its gateway.

    ``answered`` says whether the gateway gave an answer, ``under_way`` whether it shows a payment
    that the shopper has begun and that is neither paid nor failed, ``with_another`` whether another
    worker is just capturing it.
    """

    attempt: Attempt
    answered: bool
    under_way: bool = False
    with_another: bool = False

    @property
    def uncertain(self) -> bool:
        """Whether money has moved, or may be moving, that the shop has not booked yet."""
        waiting = self.attempt.state is AttemptState.OPEN and (self.under_way or not self.answered)
        return waiting or self.attempt.state is AttemptState.AUTHORISED


class Settlement:
    """Brings attempts to their end, and joins what orders and payments must not know of."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        carts: CartService,
        inventory: InventoryService,
        usage: UsageService,
        credit: CreditHolds,
        orders: OrderService,
        payments: PaymentService,
    ) -> None:
        self._database = database
        self._carts = carts
        self._inventory = inventory
        self._usage = usage
        self._credit = credit
        self._orders = orders
        self._payments = payments
        self._returns = Returns(database, outbox, orders, payments)
        self._voids = Voids(database, outbox, orders, inventory, usage, credit, payments)

    def settle(self, attempt_id: AttemptId) -> Attempt:
        """Bring the attempt as far as the gateway's word allows, and return it.

        Never raises for a gateway that is silent or odd: the attempt then stays as it is.
        Raises ``NotFound`` for an unknown attempt.
        """
        return self.look(attempt_id).attempt

    def look(self, attempt_id: AttemptId) -> Look:
        """Settle, and tell as well what is known of it."""
        attempt = self._payments.get(attempt_id)
        about = {tracing.ATTEMPT: attempt.id, tracing.ORDER: attempt.order_id}
        with tracing.span("settle", about, parent=attempt.trace):
            return self._look(attempt)

    def _look(self, attempt: Attempt) -> Look:
        attempt_id, under_way, with_another = attempt.id, False, False
        try:
            if attempt.state is AttemptState.CREATED:
                return Look(attempt=self._payments.open(attempt), answered=True)
            if attempt.session_id:
                seen = self._payments.observe(attempt)
                under_way = any(each.state is PaymentState.PENDING for each in seen.payments)
                with_another = self._apply(attempt, seen)
        except (GatewayUnknown, GatewayUnreachable, GatewayRefused) as problem:
            _log.warning("gateway_silent", attempt=attempt_id, reason=str(problem))
            return Look(attempt=self._payments.get(attempt_id), answered=False)
        return Look(
            attempt=self._payments.get(attempt_id),
            answered=True,
            under_way=under_way,
            with_another=with_another,
        )

    def settle_patiently(self, attempt_id: AttemptId, patience: float = 4.0) -> Attempt:
        """Settle while a shopper waits: if another worker is capturing, give it a moment."""
        look = self.look(attempt_id)
        attempt = look.attempt
        deadline = time.monotonic() + (patience if look.with_another else 0)
        while attempt.state is AttemptState.AUTHORISED and time.monotonic() < deadline:
            time.sleep(0.25)
            attempt = self._payments.get(attempt_id)
        return attempt

    def _apply(self, attempt: Attempt, seen: Observation) -> bool:
        """Act on what the gateway shows; whether another worker is just capturing it.

        Raises as ``Gateway`` does, once every payment had its turn: one that the gateway does not
        give back must not keep another from being taken.
        """
        with_another = False
        problems: list[Exception] = []
        for payment in seen.payments:
            try:
                with_another |= self._treat(attempt, payment)
            except (GatewayUnknown, GatewayUnreachable, GatewayRefused) as problem:
                problems.append(problem)
        money = any(payment.has_money for payment in seen.payments)
        if not money and (seen.session is SessionState.EXPIRED or _is_spent(seen)):
            self._payments.end(attempt, AttemptState.EXPIRED)
        if problems:
            raise problems[0]
        return with_another

    def _treat(self, attempt: Attempt, payment: SeenPayment) -> bool:
        """The same of one payment."""
        known = self._payments.known_state(attempt, payment)
        if known is AuthorisationState.RETURNING:
            self._returns.finish(attempt, payment)
        elif known is AuthorisationState.REFUNDED and payment.has_taken_money:
            self._return_again(attempt, payment)
        elif payment.has_money:
            return self._take_or_return(attempt, payment)
        elif payment.is_over:
            self._voids.end(attempt, payment)
        return False

    def _return_again(self, attempt: Attempt, payment: SeenPayment) -> None:
        """What was sent back is there again: so it is only if a reading begun now says so too, as
        the books may be newer than this one."""
        for each in self._payments.observe(attempt).payments:
            if each.id == payment.id and each.has_taken_money:
                self._returns.begin_again(attempt, each)

    def _take_or_return(self, attempt: Attempt, payment: SeenPayment) -> bool:
        """Take the money or give it back; whether another worker is just taking it."""
        if _is_dealt_with(self._payments.known_state(attempt, payment), payment):
            return False
        if not payment.is_of(attempt.amount):
            self._returns.begin(attempt, payment, Text("Its amount differs from the order's"))
            return False
        try:
            winner = self._claim(attempt, payment)
        except OutOfStock:
            self._cancel_late(attempt, Text("Sold out before the payment arrived"))
            self._returns.begin(
                attempt, payment, Text("The goods sold out before the payment arrived")
            )
            return False
        except (PromotionUsedUp, CreditChanged) as gone:
            reason = _why_gone(gone)
            self._cancel_late(attempt, reason)
            self._returns.begin(attempt, payment, reason)
            return False
        if winner is None or winner.state is CaptureState.VOID:
            self._returns.begin(attempt, payment, self._why_not(attempt))
        elif winner.payment_id != payment.id:
            self._returns.begin(attempt, payment, Text("Another payment of this order came first"))
        else:
            return self._capture(attempt, winner, payment)
        return False

    def _why_not(self, attempt: Attempt) -> Text:
        """Why an order without a claim does not take this money."""
        other = self._payments.find_open(attempt.order_id)
        if other is not None and other.id != attempt.id:
            return Text("Another way to pay was chosen before the payment arrived")
        return Text("The order can no longer be paid")

    # --- winning --------------------------------------------------------------------------

    def _claim(self, attempt: Attempt, payment: SeenPayment) -> Capture | None:
        """Claim the order's capture for this payment; the claim that stands, or None if the
        order cannot be paid any more. Raises ``OutOfStock``, ``PromotionUsedUp`` and
        ``CreditChanged``."""

        def work(session: Session) -> Capture | None:
            standing = self._payments.find_capture(attempt.order_id, session)
            if standing is not None:
                return standing
            order = self._orders.get(attempt.order_id, session)
            if order.due != attempt.amount or not self._payable(order, session):
                return None
            self._inventory.hold_again(order.id, now() + _LATE_HOLD, session)
            self._usage.hold_again(order.id, now() + _LATE_HOLD, session)
            self._credit.hold_again(order.id, now() + _LATE_HOLD, session)
            self._orders.claim(order.id, attempt.gateway, session)
            self._payments.end(attempt, AttemptState.AUTHORISED, session)
            return self._payments.claim(attempt, payment, session)

        for _ in range(3):
            try:
                return self._database.in_transaction(work, rank=Rank.MONEY)
            except DuplicateKeyError:
                continue  # another worker claimed in between, or the cart has a newer order
        return self._payments.find_capture(attempt.order_id)

    def _payable(self, order: Order, session: Session) -> bool:
        if order.state is OrderState.CANCELLED:
            kin = self._carts.ordering.bar_rivals(order.cart_id, session)
            return self._orders.revive(order, session, kin)
        return order.state is OrderState.PENDING

    def _capture(self, attempt: Attempt, claim: Capture, payment: SeenPayment) -> bool:
        """Have it captured, and book that; whether another worker is just doing so."""
        captured: bool | None = payment.state is PaymentState.CAPTURED
        if not captured:
            captured = self._payments.send_capture(attempt, claim)
        if captured:
            self._book(attempt, claim, payment)
        return captured is None

    def _book(self, attempt: Attempt, claim: Capture, payment: SeenPayment) -> None:
        """Book capture, payment and sale, all or nothing: disputes are found by the payment."""

        def work(session: Session) -> None:
            order = self._orders.get(attempt.order_id, session)
            if self._payments.confirm_capture(attempt, claim, session):
                self.sell(order, session, claim.payment_id)
            standing = self._payments.find_capture(attempt.order_id, session)
            if standing is not None and standing.state is CaptureState.CAPTURED:
                captured = AuthorisationState.CAPTURED
                self._payments.record(attempt, payment, captured, session=session)

        self._database.in_transaction(work, in_turn=True, rank=Rank.MONEY)

    def sell(self, order: Order, session: Session, payment_id: str = "") -> None:
        """The order is paid, by this payment if by any: the stock sold, promotions used, credit
        spent, the cart emptied."""
        self._orders.mark_paid(order, session, payment_id)
        self._inventory.commit(order.id, session)
        self._usage.commit(order.id, session)
        self._credit.commit(order.id, session)
        bought: Counter[Goods] = Counter()
        for line in order.lines:
            bought[line.goods] += line.quantity
        used = (*order.codes, *order.credit_ids)
        self._carts.ordering.take_out(order.cart_id, bought, order.cart_version, session, used)

    def _cancel_late(self, attempt: Attempt, reason: str) -> None:
        self.cancel(self._orders.get(attempt.order_id), reason)

    # --- orders that nobody pays ------------------------------------------------------------

    def cancel(
        self,
        order: Order,
        reason: str,
        *,
        by_shopper: bool = False,
        keep_benefits: bool = False,
        by: str = "",
    ) -> bool:
        """Cancel an unpaid, unclaimed order and give its stock, promotions and credit back; the
        last two are kept for an order that takes its place, which gives them back itself."""

        def work(session: Session) -> bool:
            if not self._orders.cancel(order, reason, session, by_shopper=by_shopper, by=by):
                return False
            self._inventory.release(order.id, session)
            if not keep_benefits:
                self._usage.release(order.id, session)
                self._credit.release(order.id, session)
            return True

        return self._database.in_transaction(work)

    def close(self, attempt: Attempt) -> bool:
        """Make an attempt unpayable and say whether that is now certain.

        A payment found on the way is settled as always.
        """
        if attempt.state is AttemptState.CREATED:
            # Nobody was ever given its page, and from now on nobody will be: a worker that
            # gets it late finds the attempt closed.
            self._payments.end(attempt, AttemptState.EXPIRED, only_from=AttemptState.CREATED)
        current = self.settle(attempt.id)
        if current.state is AttemptState.OPEN:
            try:
                if self._payments.close(current) is SessionState.EXPIRED:
                    self._payments.end(current, AttemptState.EXPIRED)
            except (GatewayUnknown, GatewayUnreachable, GatewayRefused) as problem:
                _log.warning("close_unconfirmed", attempt=attempt.id, reason=str(problem))
            current = self.settle(attempt.id)
        return current.state in _UNPAYABLE


def _why_gone(gone: PromotionUsedUp | CreditChanged) -> Text:
    if isinstance(gone, CreditChanged):
        return Text(
            "The balance of “%(label)s” was spent before the payment arrived", label=gone.label
        )
    return Text("The discount “%(name)s” was used up before the payment arrived", name=gone.name)


def _is_dealt_with(known: AuthorisationState | None, payment: SeenPayment) -> bool:
    """Whether the books say of a payment what its gateway shows, or more."""
    if known is AuthorisationState.REFUNDED:
        return True
    if known is AuthorisationState.CAPTURED:
        return payment.state is PaymentState.CAPTURED
    return known in _RELEASED and payment.state is PaymentState.AUTHORISED


def _is_spent(seen: Observation) -> bool:
    """Whether the session takes no other payment and the one that it took is over."""
    under_way = any(each.state is PaymentState.PENDING for each in seen.payments)
    over = any(each.is_over for each in seen.payments)
    return seen.session is SessionState.COMPLETE and over and not under_way
