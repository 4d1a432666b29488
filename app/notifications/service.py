"""Which event sends which message."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment

from app.db.database import Database
from app.db.outbox import Event, Outbox
from app.notifications.mail import Mailer, compose
from app.orders.events import ORDER_PAID
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.ids import OrderId

SHOP_NAME = "MossX"


class NotificationService:
    """Writes and sends the shop's messages, each once as far as the mail system allows."""

    def __init__(
        self,
        database: Database,
        orders: OrderService,
        mailer: Mailer,
        templates: Environment,
        base_url: str,
    ) -> None:
        self._sent = database["sent_messages"]
        self._orders = orders
        self._mailer = mailer
        self._templates = templates
        self._base_url = base_url
        self._domain = urlsplit(base_url).hostname or "localhost"

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to what shoppers are told about."""
        outbox.subscribe(ORDER_PAID, "mail.order_confirmation", self.confirm_order)

    def confirm_order(self, event: Event) -> None:
        """Send the order confirmation."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        self._send(
            key=f"order-confirmation-{order.id}",
            to=order.email,
            subject=f"Your order {order.number}",
            template="emails/order_confirmation",
            order=order,
            order_url=f"{self._base_url}/orders/{order.number}?token={order.access_token}",
        )

    def _send(self, *, key: str, to: str, subject: str, template: str, **context: Any) -> None:
        """Render and send, unless this very message went out before.

        A crash between sending and noting it sends it again, under the same Message-ID.
        """
        if self._sent.find_one({"_id": key}):
            return
        context = {"shop_name": SHOP_NAME, "base_url": self._base_url, **context}
        domain = self._domain if "." in self._domain else f"{self._domain}.invalid"
        message = compose(
            key=key,
            to=to,
            sender=f"orders@{domain}",
            shop=SHOP_NAME,
            subject=subject,
            text=self._templates.get_template(f"{template}.txt").render(**context),
            html=self._templates.get_template(f"{template}.html").render(**context),
            domain=domain,
        )
        self._mailer.send(key, message)
        self._sent.update_one({"_id": key}, {"$setOnInsert": {"at": now()}}, upsert=True)
