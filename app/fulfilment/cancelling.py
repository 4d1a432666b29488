"""A shopper cancels: an unpaid order once nothing of it can be paid any more, a paid one within a
while, with all of its money and stock back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

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

REFUND_KEY = "cancelled"
_BY_SHOPPER = Text("Cancelled by the customer")


class Cancelling:
    """Cancels orders for their shoppers. ``window`` says how long after paying that is possible."""

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

    def cancel(self, order_id: OrderId) -> Order:
        """Cancel the order, and return it as it is then; repeating it changes nothing.

        Raises ``StillChecking`` while a payment of it may still go through, and
        ``TooLateToCancel``.
        """
        order = self._orders.get(order_id)
        if order.state is OrderState.PENDING:
            order = self._cancel_unpaid(order)
        if order.state is OrderState.PAID and not order.withdrawn:
            self._cancel_paid(order)
        order = self._orders.get(order_id)
        if order.withdrawn or order.state in {OrderState.CANCELLED, OrderState.REFUNDED}:
            return order
        raise StillChecking if order.state is OrderState.PENDING else TooLateToCancel

    def _cancel_unpaid(self, order: Order) -> Order:
        """Close what can be paid, then cancel; a payment that comes first wins."""
        attempt = self._payments.find_open(order.id)
        if attempt is None or self._settlement.close(attempt):
            self._settlement.cancel(order, _BY_SHOPPER, by_shopper=True)
        return self._orders.get(order.id)

    def _cancel_paid(self, order: Order) -> None:
        """Stop everything, put it back on the shelf and store the refund: all or nothing. The
        refund is sent afterwards, by the reconciler if not here."""

        def work(session: Session) -> Refund | None:
            since = now() - self._window()
            if not self._orders.withdraw(order, _BY_SHOPPER, since, session):
                return None
            current = self._orders.get(order.id, session)
            balance = self._refunding.balance(current, session)
            self._inventory.take_back(
                order.id,
                {
                    f"{order.id}:cancelled:{place}": (sku, quantity)
                    for each in balance.lines
                    for place, sku, quantity in each.on_shelf()
                    if quantity
                },
                session,
            )
            if not balance.refundable:
                return None
            return self._refunding.store(
                order.id,
                everything(balance),
                key=REFUND_KEY,
                reason=_BY_SHOPPER,
                restock=False,
                by="the shopper's cancelling",
                session=session,
            )

        refund = self._database.in_transaction(work)
        if refund is not None:
            self._refunding.carry_out(refund)
