"""The shop's books against the gateways' own lists; every difference is named and mended.

Zero discrepancies is the normal report. What settling can mend (a payment nobody booked, a second
capture, an authorisation left over) is mended at once; the rest is for people.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.checkout.disputing import Disputing
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.credit.service import CreditService
from app.inventory.checking import StockCheck
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.payments.models import (
    Attempt,
    AuthorisationState,
    Capture,
    CaptureState,
    ListedPayment,
    PaymentState,
    SeenPayment,
)
from app.payments.service import PaymentService
from app.shared.clock import now

# Longer than Razorpay holds a payment that was not captured (five days from its creation): until
# then somebody can capture a payment that lost.
WINDOW = timedelta(days=6)
# A capture may be of a payment from before the window, so only those of its end are compared.
SURE = WINDOW / 2
_CLAIM_LIFE = timedelta(hours=1)
_STOCK_WINDOW = timedelta(hours=1)  # all of it is what ``inventory check`` is for


class Difference(StrEnum):
    """What can be wrong."""

    UNKNOWN = "payment of no order of this shop"
    NOT_BOOKED = "captured, but the order is not paid"
    SECOND = "captured besides the order's own payment"
    AMOUNT = "captured with another amount than the order's"
    LEFT_OVER = "authorised, but neither captured nor released"
    MISSING = "booked as captured, but unknown to the gateway"
    UNFINISHED = "claimed long ago, but neither captured nor at its end"
    REFUND_UNKNOWN = "refunded at the gateway, but not in the books"
    UNPAID = "paid by the books, but nothing was captured for it"
    CREDIT = "credit account whose balance is not what its entries say"
    REFUND_MISSING = "refunded in the books, but not at the gateway"
    STOCK = "stock that differs from its movements"


@dataclass(frozen=True, kw_only=True, slots=True)
class Discrepancy:
    """One difference, and whether it is mended now. One of stock has the SKU and the location in
    the place of the payment."""

    difference: Difference
    gateway: str
    payment_id: str
    order_number: str
    mended: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Books:
    """What the shop knows of a payment's order, read once for each payment."""

    order: Order
    capture: Capture | None


class Audit:
    """Compares, and settles what differs."""

    def __init__(
        self,
        settlement: Settlement,
        refunding: Refunding,
        disputing: Disputing,
        payments: PaymentService,
        orders: OrderService,
        credit: CreditService,
        stock: StockCheck,
    ) -> None:
        self._settlement = settlement
        self._refunding = refunding
        self._disputing = disputing
        self._payments = payments
        self._orders = orders
        self._stock = stock
        self._credit = credit

    def run(
        self,
        window: timedelta = WINDOW,
        watch: Callable[[str, ListedPayment], None] | None = None,
    ) -> list[Discrepancy]:
        """Compare everything of the last ``window``, and the stock that moved a while ago at most.
        ``watch`` hears of every payment on the lists. Raises as ``Gateway`` does."""
        since = now() - window
        self._disputing.compare(since)
        seen: set[tuple[str, str]] = set()
        found: list[Discrepancy] = []
        for gateway, listed in self._payments.recent_payments(since):
            seen.add((gateway, listed.payment.id))
            if watch:
                watch(gateway, listed)
            found += self._check(gateway, listed)
        for capture in self._payments.captured_since(since + window / 2):
            if (capture.gateway, capture.payment_id) not in seen:
                found.append(self._missing(capture))
        found += [
            self._unfinished(claim) for claim in self._payments.unfinished_captures(_CLAIM_LIFE)
        ]
        return [
            *found,
            *self._unpaid(since),
            *self._credit_faults(since),
            *self._stock_faults(since),
        ]

    def _unpaid(self, since: datetime) -> list[Discrepancy]:
        """Paid orders with something due and no capture; one with nothing due needs none."""
        return [
            _discrepancy(Difference.UNPAID, order.gateway, "", order.number, mended=False)
            for order in self._orders.paid_since(since)
            if order.due and not self._is_captured(order)
        ]

    def _is_captured(self, order: Order) -> bool:
        capture = self._payments.find_capture(order.id)
        return capture is not None and capture.state is CaptureState.CAPTURED

    def _credit_faults(self, since: datetime) -> list[Discrepancy]:
        return [
            _discrepancy(Difference.CREDIT, "credit", fault.credit_id, "", mended=False)
            for fault in self._credit.check(since)
        ]

    def _stock_faults(self, since: datetime) -> list[Discrepancy]:
        return [
            _discrepancy(Difference.STOCK, "", each.text, "", mended=False)
            for each in self._stock.run(max(since, now() - _STOCK_WINDOW))
        ]

    def _check(self, gateway: str, listed: ListedPayment) -> list[Discrepancy]:
        payment = listed.payment
        if not payment.captured and payment.state is not PaymentState.AUTHORISED:
            return []  # it never held money, or no longer does
        attempt = self._payments.find_of_listed(gateway, listed)
        if attempt is None:
            unknown = _discrepancy(Difference.UNKNOWN, gateway, payment.id, "", mended=False)
            return [unknown] if payment.has_money else []
        books = self._books(attempt)
        difference = self._difference(attempt, payment, books) if payment.has_money else None
        if difference is None:
            return self._check_refunds(attempt, payment, books)
        self._settlement.settle(attempt.id)
        mended = difference is not Difference.AMOUNT and self._is_dealt_with(attempt, payment)
        return [
            _discrepancy(difference, gateway, payment.id, attempt.order_number, mended=mended),
            *self._check_refunds(attempt, payment, self._books(attempt)),
        ]

    def _books(self, attempt: Attempt) -> Books:
        return Books(
            order=self._orders.get(attempt.order_id),
            capture=self._payments.find_capture(attempt.order_id),
        )

    def _check_refunds(
        self, attempt: Attempt, payment: SeenPayment, books: Books
    ) -> list[Discrepancy]:
        capture = books.capture
        booked = capture is not None and capture.state is CaptureState.CAPTURED
        if capture is None or not booked or capture.payment_id != payment.id:
            return []
        promised = capture.amount - capture.refundable - capture.credited
        booked_back = books.order.refunded_by_gateway
        if not promised < payment.refunded and not payment.refunded < booked_back:
            return []
        compared = self._refunding.compare(capture)
        adopted = [self._refunding.adopt(capture, each) for each in compared.strangers]
        findings = [(Difference.REFUND_UNKNOWN, mended) for mended in adopted]
        findings += [(Difference.REFUND_MISSING, False) for _ in compared.missing]
        return [
            _discrepancy(kind, attempt.gateway, payment.id, attempt.order_number, mended=mended)
            for kind, mended in findings
        ]

    def _difference(
        self, attempt: Attempt, payment: SeenPayment, books: Books
    ) -> Difference | None:
        capture = books.capture
        own = capture is not None and capture.payment_id == payment.id
        if payment.state is PaymentState.AUTHORISED:
            return None if self._is_dealt_with(attempt, payment) else Difference.LEFT_OVER
        if not own:
            return Difference.SECOND if capture else Difference.NOT_BOOKED
        if capture is not None and payment.captured != capture.amount:
            return Difference.AMOUNT
        paid = books.order.state in {OrderState.PAID, OrderState.REFUNDED}
        return None if paid else Difference.NOT_BOOKED

    def _unfinished(self, claim: Capture) -> Discrepancy:
        """A claim whose payment is neither captured nor over: what became of it is to be asked."""
        attempt = self._settlement.settle(claim.attempt_id)
        current = self._payments.find_capture(claim.order_id)
        mended = current is not None and current.state in {
            CaptureState.CAPTURED,
            CaptureState.VOID,
        }
        return _discrepancy(
            Difference.UNFINISHED,
            claim.gateway,
            claim.payment_id,
            attempt.order_number,
            mended=mended,
        )

    def _is_dealt_with(self, attempt: Attempt, payment: SeenPayment) -> bool:
        """Whether its money was taken or given back: to have begun with that is not enough, a
        gateway may refuse it."""
        open_states = {None, AuthorisationState.RETURNING}
        return self._payments.known_state(attempt, payment) not in open_states

    def _missing(self, capture: Capture) -> Discrepancy:
        order = self._orders.get(capture.order_id)
        return _discrepancy(
            Difference.MISSING, capture.gateway, capture.payment_id, order.number, mended=False
        )


def _discrepancy(
    difference: Difference, gateway: str, payment_id: str, number: str, *, mended: bool
) -> Discrepancy:
    return Discrepancy(
        difference=difference,
        gateway=gateway,
        payment_id=payment_id,
        order_number=number,
        mended=mended,
    )
