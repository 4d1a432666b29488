"""The shop's books against the gateways' own lists; every difference is named and mended.

Zero discrepancies is the normal report. What settling can mend (a payment nobody booked, a second
capture, an authorisation left over) is mended at once; the rest is for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.orders.models import OrderState
from app.orders.service import OrderService
from app.payments.models import Attempt, Capture, ListedPayment, PaymentState, SeenPayment
from app.payments.service import PaymentService
from app.shared.clock import now


class Difference(StrEnum):
    """What can be wrong."""

    UNKNOWN = "payment of no order of this shop"
    NOT_BOOKED = "captured, but the order is not paid"
    SECOND = "captured besides the order's own payment"
    AMOUNT = "captured with another amount than the order's"
    LEFT_OVER = "authorised, but neither captured nor released"
    MISSING = "booked as captured, but unknown to the gateway"
    REFUND_UNKNOWN = "refunded at the gateway, but not in the books"
    REFUND_MISSING = "refunded in the books, but not at the gateway"


@dataclass(frozen=True, kw_only=True, slots=True)
class Discrepancy:
    """One difference, and whether it is mended now."""

    difference: Difference
    gateway: str
    payment_id: str
    order_number: str
    mended: bool


class Audit:
    """Compares, and settles what differs."""

    def __init__(
        self,
        settlement: Settlement,
        refunding: Refunding,
        payments: PaymentService,
        orders: OrderService,
    ) -> None:
        self._settlement = settlement
        self._refunding = refunding
        self._payments = payments
        self._orders = orders

    def run(self, window: timedelta = timedelta(days=2)) -> list[Discrepancy]:
        """Compare everything of the last ``window``. Raises as ``Gateway`` does."""
        since = now() - window
        seen: dict[tuple[str, str], SeenPayment] = {}
        found: list[Discrepancy] = []
        for gateway, listed in self._payments.recent_payments(since):
            seen[gateway, listed.payment.id] = listed.payment
            found += self._check(gateway, listed)
            found += self._check_refunds(gateway, listed)
        # A capture may be of a payment from before the window, so only its middle is compared.
        for capture in self._payments.captured_since(since + window / 2):
            if (capture.gateway, capture.payment_id) not in seen:
                found.append(self._missing(capture))
        return found

    def _check(self, gateway: str, listed: ListedPayment) -> list[Discrepancy]:
        payment = listed.payment
        kept = payment.state is PaymentState.CAPTURED and payment.refunded < payment.captured
        if not kept and payment.state is not PaymentState.AUTHORISED:
            return []
        attempt = self._payments.find_of_listed(gateway, listed)
        if attempt is None:
            return [_discrepancy(Difference.UNKNOWN, gateway, payment.id, "", mended=False)]
        difference = self._difference(attempt, payment)
        if difference is None:
            return []
        self._settlement.settle(attempt.id)
        mended = difference is not Difference.AMOUNT and self._is_mended(attempt, payment)
        return [_discrepancy(difference, gateway, payment.id, attempt.order_number, mended=mended)]

    def _check_refunds(self, gateway: str, listed: ListedPayment) -> list[Discrepancy]:
        attempt = self._payments.find_of_listed(gateway, listed)
        capture = self._payments.find_capture(attempt.order_id) if attempt else None
        if attempt is None or capture is None or capture.payment_id != listed.payment.id:
            return []
        promised = capture.amount - capture.refundable
        booked = self._orders.get(attempt.order_id).refunded
        shown = listed.payment.refunded
        if not promised < shown and not shown < booked:
            return []
        compared = self._refunding.compare(capture)
        adopted = [self._refunding.adopt(capture, each) for each in compared.strangers]
        findings = [(Difference.REFUND_UNKNOWN, mended) for mended in adopted]
        findings += [(Difference.REFUND_MISSING, False) for _ in compared.missing]
        return [
            _discrepancy(kind, gateway, capture.payment_id, attempt.order_number, mended=mended)
            for kind, mended in findings
        ]

    def _difference(self, attempt: Attempt, payment: SeenPayment) -> Difference | None:
        capture = self._payments.find_capture(attempt.order_id)
        own = capture is not None and capture.payment_id == payment.id
        if payment.state is PaymentState.AUTHORISED:
            waiting = self._payments.known_state(attempt, payment) is None
            return Difference.LEFT_OVER if waiting else None
        if not own:
            return Difference.SECOND if capture else Difference.NOT_BOOKED
        if capture is not None and payment.captured != capture.amount:
            return Difference.AMOUNT
        order = self._orders.get(attempt.order_id)
        booked = order.state in {OrderState.PAID, OrderState.REFUNDED}
        return None if booked else Difference.NOT_BOOKED

    def _is_mended(self, attempt: Attempt, payment: SeenPayment) -> bool:
        return self._payments.known_state(attempt, payment) is not None

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
