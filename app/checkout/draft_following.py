"""Draft orders follow what becomes of the orders that are placed of them. Runs in the worker."""

from __future__ import annotations

from app.db.outbox import Event, Outbox
from app.drafts.service import DraftService
from app.orders.events import ORDER_CANCELLED, ORDER_PAID
from app.orders.models import OrderState
from app.orders.service import OrderService
from app.shared.ids import OrderId


class DraftFollowing:
    """Each handler may be repeated: a draft moves forward only."""

    def __init__(self, drafts: DraftService, orders: OrderService) -> None:
        self._drafts = drafts
        self._orders = orders

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to orders that are paid, or cancelled before."""
        outbox.subscribe(ORDER_PAID, "drafts.paid", self.on_paid)
        outbox.subscribe(ORDER_CANCELLED, "drafts.cancelled", self.on_cancelled)

    def on_paid(self, event: Event) -> None:
        """The draft is done."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        self._drafts.paid(order.cart_id, order.number)

    def on_cancelled(self, event: Event) -> None:
        """The draft can be ordered again, if its order did not come back to life since."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        if order.state is OrderState.CANCELLED:
            self._drafts.not_paid(order.cart_id, order.number)
