"""What recommendations learn from events. Runs in the worker."""

from __future__ import annotations

from app.checkout.events import REFUNDED
from app.db.outbox import Event, Outbox
from app.orders.events import ORDER_PAID
from app.payments.events import ALERT
from app.recommendations.counting import OrderCounting
from app.shared.ids import OrderId


class CompanionSubscriptions:
    """Handlers of the outbox; asking twice is asking once."""

    def __init__(self, counting: OrderCounting) -> None:
        self._counting = counting

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to payments, to refunds, and to alerts: a refund that a bank returned is one."""
        for topic in (ORDER_PAID, REFUNDED, ALERT):
            outbox.subscribe(topic, "recommendations.count", self.count)

    def count(self, event: Event) -> None:
        """Have the counts brought in line with the order that the event is about."""
        order_id = event.payload.get("order_id")
        if order_id:
            self._counting.ask(OrderId(order_id))
