"""Gift cards that were bought are issued once their order is paid. Runs in the worker."""

from __future__ import annotations

from app.checkout.sold_cards import recipient_of, sold_cards
from app.credit.service import CreditService
from app.db.database import Database, Session
from app.db.outbox import Event, Outbox
from app.orders.events import ORDER_PAID
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.ids import OrderId
from app.shared.texts import speaking

_BY = "order"


class CardIssuing:
    """One card for each unit, named after it: repeating it issues nothing twice, and not what a
    refund has taken the money off."""

    def __init__(self, database: Database, orders: OrderService, credit: CreditService) -> None:
        self._database = database
        self._orders = orders
        self._credit = credit

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to orders that are paid."""
        outbox.subscribe(ORDER_PAID, "credit.issue", self.on_paid)

    def on_paid(self, event: Event) -> None:
        """Issue what the order bought."""
        order = self._orders.get(OrderId(event.payload["order_id"]))
        if any(line.gift_card for line in order.lines):
            with speaking(order.language):  # so that the cards' mails are in it
                self._database.in_transaction(lambda session: self._issue(order, session))

    def _issue(self, order: Order, session: Session) -> None:
        for position, line in enumerate(order.lines, 1):
            recipient = recipient_of(order, line)
            for credit_id in sold_cards(order, position):
                self._credit.issue(
                    line.unit_price,
                    by=_BY,
                    session=session,
                    credit_id=credit_id,
                    order_id=order.id,
                    recipient=recipient,
                )
