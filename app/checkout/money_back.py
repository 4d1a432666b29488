"""What a shopper is told of money that was to come back to them: only what the books show."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from app.orders.models import Order, OrderState
from app.payments.disputes import DisputeService
from app.payments.models import AuthorisationState, Capture, Refund, RefundState
from app.payments.refunds import RefundService
from app.payments.service import PaymentService
from app.shared.ids import OrderId
from app.shared.money import Money
from app.shared.texts import Text

_UNDER_WAY = frozenset({RefundState.REQUESTED, RefundState.SENDING, RefundState.PENDING})


class MoneyBack:
    """Puts together what refunds, disputes and payments that lost say of an order's money."""

    def __init__(
        self,
        payments: PaymentService,
        refunds: RefundService,
        disputes: DisputeService,
        show_money: Callable[[Money, str], str],
    ) -> None:
        self._payments = payments
        self._refunds = refunds
        self._disputes = disputes
        self._show_money = show_money

    def told(self, order: Order) -> tuple[Text, ...]:
        """Where the money is, sentence by sentence.

        Nothing of an order that nobody was charged for, and of one that goes on only a refund that
        their bank returned.
        """
        if not order.is_paid:
            return self._of_unpaid(order.id)
        if not order.totals.total:
            return ()
        if order.withdrawn or order.state is OrderState.REFUNDED:
            return tuple(self._of_ended(order)) or (Text("The money was sent back to you."),)
        refunds = self._refunds.of_order(order.id)
        if not any(map(_is_returned, refunds)):
            return ()
        return tuple(self._going_back(order, refunds, order.totals.total - order.refunded))

    def _of_unpaid(self, order_id: OrderId) -> tuple[Text, ...]:
        fates = {each.state for each in self._payments.authorisations_of(order_id)}
        if AuthorisationState.RETURNING in fates:
            return (Text("A payment that came for it is on its way back to you."),)
        capture = self._payments.find_capture(order_id)
        if AuthorisationState.REFUNDED in fates or (capture and capture.sent_back):
            return (Text("It was charged, and the money was sent back to you."),)
        return ()

    def _of_ended(self, order: Order) -> Iterator[Text]:
        """Of an order whose money is all to go back."""
        left = order.totals.total - order.refunded
        if not left:
            return
        capture = self._payments.find_capture(order.id)
        if capture is not None:
            yield from self._disputed(order, capture, left)
            left -= _least(self._disputes.claimed_of(capture), left)
        yield from self._going_back(order, self._refunds.of_order(order.id), left, rest=True)

    def _disputed(self, order: Order, capture: Capture, left: Money) -> Iterator[Text]:
        lost = self._disputes.claimed_of(capture, lost_only=True)
        given = _least(lost, left)
        held = _least(self._disputes.claimed_of(capture) - lost, left - given)
        if given:
            yield Text("Your bank has given you %(amount)s back.", amount=self._show(given, order))
        if held:
            yield Text(
                "Your bank is deciding about %(amount)s, which it was asked to give back: we do "
                "not send that back as well.",
                amount=self._show(held, order),
            )

    def _going_back(
        self, order: Order, refunds: list[Refund], left: Money, *, rest: bool = False
    ) -> Iterator[Text]:
        """What of ``left`` a bank returned and what is under way; of the ``rest`` that it is still
        to be sent."""
        missing = _least(_missing(refunds, order.currency), left)
        under_way = [each.amount.minor for each in refunds if each.state in _UNDER_WAY]
        going = _least(Money(sum(under_way), order.currency), left - missing)
        if missing:
            yield Text(
                "Your bank returned our refund of %(amount)s: the money has not arrived, and we "
                "are dealing with it.",
                amount=self._show(missing, order),
            )
        if going:
            amount = self._show(going, order)
            yield Text("Your %(amount)s are on their way back to you.", amount=amount)
        if rest and left - missing - going:
            yield Text(
                "%(amount)s has not been sent back to you yet; we are dealing with it.",
                amount=self._show(left - missing - going, order),
            )

    def _show(self, amount: Money, order: Order) -> str:
        return self._show_money(amount, order.locale)


def _is_returned(refund: Refund) -> bool:
    """Whether the shopper was said to have it before their bank sent it back."""
    return refund.state is RefundState.FAILED and refund.credit_given and bool(refund.by_gateway)


def _missing(refunds: Iterable[Refund], currency: str) -> Money:
    """What banks returned, less what was sent, in whatever way, after that was known."""
    changes = []
    for each in refunds:
        if each.state is not RefundState.FAILED or each.credit_given:
            changes.append((each.created_at, -each.amount.minor))
        if _is_returned(each):
            changes.append((each.updated_at, each.by_gateway.minor))
    missing = 0
    for _, change in sorted(changes):
        missing = max(0, missing + change)
    return Money(missing, currency)


def _least(one: Money, other: Money) -> Money:
    return min(one, other, key=lambda money: money.minor)
