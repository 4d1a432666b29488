"""The end of a claim whose payment ended without money.

Somebody voided the payment at the gateway, or it lapsed before the shop could capture it. The
capture stays, void: no other payment can ever be taken for this order, and the shopper orders anew.
"""

from __future__ import annotations

from app.checkout.events import PAYMENT_RETURNED
from app.credit.holds import CreditHolds
from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.inventory.service import InventoryService
from app.orders.service import OrderService
from app.payments.events import ALERT
from app.payments.models import Attempt, SeenPayment
from app.payments.service import PaymentService
from app.promotions.usage import UsageService
from app.shared.texts import Text, to_words

_WITHDRAWN = Text("The payment was withdrawn before it was taken; nothing was charged")
_SENT_BACK = Text("The payment was sent back in full before the order was booked")


class Voids:
    """Claims without money."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        orders: OrderService,
        inventory: InventoryService,
        usage: UsageService,
        credit: CreditHolds,
        payments: PaymentService,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = orders
        self._inventory = inventory
        self._usage = usage
        self._credit = credit
        self._payments = payments

    def end(self, attempt: Attempt, payment: SeenPayment) -> None:
        """End the claim on a payment that is over, if it has one, and cancel its order.

        All or nothing, once, however often and by however many it is called; a claim that was
        booked meanwhile stays.
        """
        reason = _SENT_BACK if payment.captured else _WITHDRAWN

        def work(session: Session) -> None:
            if not self._payments.void_capture(attempt, payment, session):
                return
            order = self._orders.get(attempt.order_id, session)
            self._orders.cancel(order, reason, session, even_claimed=True)
            self._inventory.release(order.id, session)
            self._usage.release(order.id, session)
            self._credit.release(order.id, session)
            message = Text("%(reason)s. The order is cancelled.", reason=reason)
            payload = {
                "order_id": order.id,
                "payment_id": payment.id,
                "message": message,
                "words": to_words(message),
            }
            for topic in (ALERT, PAYMENT_RETURNED):
                self._outbox.publish(topic, payload, session, key=f"{topic}:void:{order.id}")

        self._database.in_transaction(work)
