"""What checkout does when payments tell of something. Runs in the worker."""

from __future__ import annotations

from collections import Counter

import structlog

from app.catalog.service import CatalogService
from app.checkout.disputing import Disputing
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.db.outbox import Event, Outbox
from app.orders.events import ORDER_PAID
from app.orders.service import OrderService
from app.payments.events import ALERT, WEBHOOK_RECEIVED
from app.payments.models import Attempt
from app.payments.service import PaymentService
from app.shared.errors import NotFound
from app.shared.ids import AttemptId, OrderId, ProductId

_log = structlog.get_logger()


class CheckoutSubscriptions:
    """Handlers of the outbox; each bears being repeated because ``settle`` does."""

    def __init__(
        self,
        settlement: Settlement,
        payments: PaymentService,
        orders: OrderService,
        catalog: CatalogService,
        refunding: Refunding,
        disputing: Disputing,
    ) -> None:
        self._settlement = settlement
        self._payments = payments
        self._orders = orders
        self._catalog = catalog
        self._refunding = refunding
        self._disputing = disputing

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to webhooks and to alerts."""
        outbox.subscribe(WEBHOOK_RECEIVED, "checkout.settle", self.settle)
        outbox.subscribe(ALERT, "checkout.alert", self.alert)
        outbox.subscribe(ORDER_PAID, "catalog.count_sale", self.count_sale)

    def settle(self, event: Event) -> None:
        """Look at the attempt a webhook is about; one that is not ours is noted and left."""
        attempt = self._find(event)
        if attempt is None:
            _log.info("webhook_without_attempt", event_id=event.id, kind=event.payload["kind"])
            return
        self._settlement.settle(attempt.id)
        dispute_id = event.payload.get("dispute_id", "")
        if dispute_id:  # before refunds are: what a bank claims is not sent back
            self._disputing.follow(attempt, dispute_id)
        self._refunding.follow(attempt.order_id)

    def _find(self, event: Event) -> Attempt | None:
        payload = event.payload
        gateway = payload["gateway"]
        found = self._payments.find_by_session(gateway, payload["session_id"])
        # An event from before events named their payment may still wait.
        found = found or self._payments.find_by_payment(gateway, payload.get("payment_id", ""))
        if found or not payload["attempt_id"]:
            return found
        try:
            return self._payments.get(AttemptId(payload["attempt_id"]))
        except NotFound:
            return None

    def count_sale(self, event: Event) -> None:
        """Count the order towards "best selling"."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        units: Counter[ProductId] = Counter()
        for line in order.lines:
            units[ProductId(line.product_id)] += line.quantity
        self._catalog.count_sale(order.id, units)

    def alert(self, event: Event) -> None:
        """Put it where operators look; the order's timeline has it as well."""
        _log.error("payment_alert", **event.payload)
