"""A shopper, or staff for them, cancels: an unpaid order once nothing of it can be paid any more, a
paid one within a while, with all of its money and stock back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from app.checkout.refund_rules import everything
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.db.database import Database, Session
from app.fulfilment.errors import StillChecking, TooLateToCancel
from app.fulfilment.rules import may_cancel
from app.inventory.service import InventoryService
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.payments.models import Refund
from app.payments.service import PaymentService
from app.shared.clock import now
from app.shared.ids import OrderId
from app.shared.texts import Text

_EVER = datetime(1970, 1, 1, tzinfo=UTC)
REFUND_KEY = "cancelled"
_BY_SHOPPER = Text("Cancelled by the customer")
_BY_SHOP = Text("Cancelled by the shop")


class Cancelling:
    """Cancels orders for their shoppers. ``window`` says how long after paying that is possible;
    staff may as long as nothing is shipped."""

    def __init__(
        self,
        database: Database,
        orders: OrderService,
        inventory: InventoryService,
        payments: PaymentService,
        settlement: Settlement,
        refunding: Refunding,
        window: Callable[[], timedelta],
    ) -> None:
        self._database = database
        self._orders = orders
        self._inventory = inventory
        self._payments = payments
        self._settlement = settlement
        self._refunding = refunding
        self._window = window

    def is_possible(self, order: Order) -> bool:
        """Whether it makes sense to offer it now."""
        return may_cancel(order, now(), self._window())

    def is_possible_for_staff(self, order: Order) -> bool:
        """Whether it makes sense to offer it to staff."""
        return may_cancel(order, now(), timedelta.max)

    def cancel(self, order_id: OrderId, *, by: str = "", restock: bool = True) -> Order:
        """Cancel the order, and return it as it is then; repeating it changes nothing.

        ``by`` is the member of staff who does it, who may leave the goods off the shelf.

        Raises ``StillChecking`` while a payment of it may still go through, and
        ``TooLateToCancel``.
        """
        order = self._orders.get(order_id)
        if order.state is OrderState.PENDING:
            order = self._cancel_unpaid(order, by)
        if order.state is OrderState.PAID and not order.withdrawn:
            self._cancel_paid(order, by, restock=restock)
        order = self._orders.get(order_id)
        if order.withdrawn or order.state in {OrderState.CANCELLED, OrderState.REFUNDED}:
            return order
        raise StillChecking if order.state is OrderState.PENDING else TooLateToCancel

    def cancel_unpaid(self, order_id: OrderId, *, by: str) -> None:
        """Cancel an order that is not paid, for staff. Raises ``StillChecking`` while a payment of
        it may go through, and ``TooLateToCancel`` for one that is paid by now."""
        order = self._cancel_unpaid(self._orders.get(order_id), by)
        if order.state is OrderState.PENDING:
            raise StillChecking
        if order.state is not OrderState.CANCELLED:
            raise TooLateToCancel

    def _cancel_unpaid(self, order: Order, by: str) -> Order:
        """Close what can be paid, then cancel; a payment that comes first wins."""
        attempt = self._payments.find_open(order.id)
        if attempt is None or self._settlement.close(attempt):
            self._settlement.cancel(order, _reason(by), by_shopper=True, by=by)
        return self._orders.get(order.id)

    def _cancel_paid(self, order: Order, by: str, *, restock: bool) -> None:
        """Stop everything, put it on the shelf again and store the refund: all or nothing. The
        refund is sent afterwards, by the reconciler if not here."""

        def work(session: Session) -> Refund | None:
            since = _EVER if by else now() - self._window()
            if not self._orders.withdraw(order, _reason(by), since, session, by=by):
                return None
            current = self._orders.get(order.id, session)
            balance = self._refunding.balance(current, session)
            self._inventory.take_back(
                order.id,
                {
                    f"{order.id}:cancelled:{place}": (sku, quantity)
                    for each in balance.lines
                    for place, sku, quantity in each.on_shelf()
                    if quantity and restock
                },
                session,
            )
            if not balance.refundable:
                return None
            return self._refunding.store(
                order.id,
                everything(balance),
                key=REFUND_KEY,
                reason=_reason(by),
                restock=False,
                by=by or "the shopper's cancelling",
                session=session,
            )

        refund = self._database.in_transaction(work)
        if refund is not None:
            self._refunding.carry_out(refund)


def _reason(by: str) -> Text:
    return _BY_SHOP if by else _BY_SHOPPER
