"""The mails about what happens to an order after it is paid."""

from __future__ import annotations

from app.checkout.money_back import MoneyBack
from app.checkout.refunding import Refunding
from app.db.outbox import Event, Outbox
from app.fulfilment.cancelling import REFUND_KEY
from app.fulfilment.carriers import carrier_name, tracking_url
from app.fulfilment.events import DELIVERED, RETURN_MOVED, SHIPPED
from app.fulfilment.models import ReturnState, UnitLine
from app.fulfilment.returns import GoodsReturns
from app.fulfilment.shipping import Shipping
from app.notifications.service import NotificationService
from app.orders.events import ORDER_WITHDRAWN
from app.orders.models import Order
from app.orders.service import OrderService
from app.payments.models import RefundState
from app.shared.ids import OrderId
from app.shared.texts import Text

_RETURN_SUBJECTS = {
    ReturnState.REQUESTED: Text("We have your wish to return something"),
    ReturnState.APPROVED: Text("Please send it back: your return"),
    ReturnState.RECEIVED: Text("Your return has arrived"),
    ReturnState.REFUSED: Text("About your return"),
}


class OrderMails:
    """Handlers of shipments, cancelled orders and returns."""

    def __init__(
        self,
        mails: NotificationService,
        orders: OrderService,
        shipping: Shipping,
        returns: GoodsReturns,
        refunding: Refunding,
        money_back: MoneyBack,
    ) -> None:
        self._mails = mails
        self._orders = orders
        self._shipping = shipping
        self._returns = returns
        self._refunding = refunding
        self._money_back = money_back

    def subscribe(self, outbox: Outbox) -> None:
        """Listen to everything that a shopper is told of an order."""
        outbox.subscribe(SHIPPED, "mail.shipped", self.tell_shipped)
        outbox.subscribe(DELIVERED, "mail.delivered", self.tell_delivered)
        outbox.subscribe(ORDER_WITHDRAWN, "mail.cancelled", self.tell_cancelled)
        outbox.subscribe(RETURN_MOVED, "mail.return", self.tell_return)

    def tell_shipped(self, event: Event) -> None:
        """What is on its way, and how to follow it."""
        order = self._order(event)
        shipment = self._shipping.get(event.payload["shipment_id"])
        self._mails.send_about(
            order,
            key=f"shipped-{shipment.id}",
            subject=Text("On its way: your order %(number)s", number=order.number),
            template="emails/shipped",
            shipment=shipment,
            goods=goods_of(order, shipment.lines),
            carrier=carrier_name(shipment.carrier),
            tracking_url=tracking_url(shipment.carrier, shipment.tracking),
            rest=event.payload["rest"],
        )

    def tell_delivered(self, event: Event) -> None:
        """That a parcel arrived."""
        order = self._order(event)
        shipment = self._shipping.get(event.payload["shipment_id"])
        self._mails.send_about(
            order,
            key=f"delivered-{shipment.id}",
            subject=Text("Delivered: your order %(number)s", number=order.number),
            template="emails/delivered",
            goods=goods_of(order, shipment.lines),
        )

    def tell_cancelled(self, event: Event) -> None:
        """That the order is cancelled, and what becomes of the money."""
        order = self._order(event)
        refund = self._refunding.find_requested(order.id, REFUND_KEY)
        failed = RefundState.FAILED
        self._mails.send_about(
            order,
            key=f"cancelled-{order.id}",
            subject=Text("Cancelled: your order %(number)s", number=order.number),
            template="emails/cancelled",
            by_shop=event.payload.get("by_shop", False),
            going_back=refund.amount if refund and refund.state is not failed else None,
            money_words=self._money_back.told(order),
        )

    def tell_return(self, event: Event) -> None:
        """Where a return stands; each step is told as it was, whenever its mail is sent."""
        order = self._order(event)
        known = self._returns.get(event.payload["return_id"])
        state = ReturnState(event.payload["state"])
        self._mails.send_about(
            order,
            key=f"return-{known.id}-{state}",
            subject=return_subject(state, known.id),
            template="emails/return",
            kind=f"return_{state}",
            returned=known,
            step=state.value,
            answer=event.payload["answer"],
            goods=goods_of(order, known.lines),
        )

    def _order(self, event: Event) -> Order:
        return self._orders.get(OrderId(event.payload["order_id"]))


def return_subject(state: ReturnState, return_id: str) -> Text:
    """The subject of what is told of a return that got there."""
    return Text("%(subject)s (%(number)s)", subject=_RETURN_SUBJECTS[state], number=return_id)


def goods_of(order: Order, lines: tuple[UnitLine, ...]) -> list[tuple[int, str]]:
    """Quantities and names of some units."""
    found = []
    for each in lines:
        line = order.lines[each.position - 1]
        variant = f", {line.variant_title}" if line.variant_title else ""
        found.append((each.quantity, f"{line.title}{variant}"))
    return found
