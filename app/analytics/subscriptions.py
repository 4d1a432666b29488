"""What the counters learn from events. Runs in the worker."""

from __future__ import annotations

from app.analytics.counting import SalesCounting
from app.analytics.models import Prevented
from app.analytics.rules import prevented
from app.checkout.events import DUPLICATE_PREVENTED, PAYMENT_RETURNED, REFUNDED
from app.db.outbox import Event, Outbox
from app.orders.events import ORDER_CANCELLED, ORDER_PAID
from app.payments.events import ALERT, WEBHOOK_REPEATED
from app.shared.ids import OrderId

_ABOUT_ORDERS = (ORDER_PAID, ORDER_CANCELLED, REFUNDED, PAYMENT_RETURNED, ALERT)


class AnalyticsSubscriptions:
    """Handlers of the outbox; asking twice is asking once, and a fact goes by its event's id."""

    def __init__(self, counting: SalesCounting) -> None:
        self._counting = counting

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to what changes orders' money, and to duplicates. A refund that a bank returned
        is an alert."""
        for topic in _ABOUT_ORDERS:
            outbox.subscribe(topic, "analytics.count", self.count)
        outbox.subscribe(DUPLICATE_PREVENTED, "analytics.prevented", self.note_prevented)
        outbox.subscribe(WEBHOOK_REPEATED, "analytics.prevented", self.note_repeated)

    def count(self, event: Event) -> None:
        """Have the order counted that the event is about."""
        if order_id := event.payload.get("order_id"):
            self._counting.ask(OrderId(order_id))

    def note_prevented(self, event: Event) -> None:
        """Count a request that would have ordered the same again."""
        kind, market = Prevented(event.payload["kind"]), event.payload["market"]
        self._counting.note(f"event:{event.id}", prevented(kind, market, event.created_at))

    def note_repeated(self, event: Event) -> None:
        """Count a webhook that was here before."""
        cells = prevented(Prevented.REPEATED_WEBHOOK, "", event.created_at)
        self._counting.note(f"event:{event.id}", cells)
