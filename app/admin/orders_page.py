"""What the page of an order shows to staff, and what the log keeps of an order."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from flask import Response

from app.admin.given_up import MOST
from app.admin.guard import changed
from app.admin.orders_forms import Typed
from app.checkout.refunding import Refunding
from app.checkout.service import order_path
from app.checkout.settlement import Settlement
from app.db.outbox import Outbox
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.carriers import carrier_name, tracking_url
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.returns import GoodsReturns
from app.fulfilment.rules import RETURN_LABELS, open_units
from app.fulfilment.shipping import Shipping
from app.orders.models import Order, OrderState
from app.orders.rules import FULFILMENT_LABELS, STATE_LABELS
from app.orders.service import OrderService
from app.payments.disputes import DisputeService
from app.payments.models import AttemptState, AuthorisationState, CaptureState
from app.payments.service import PaymentService
from app.shared.emails import is_erased
from app.shared.texts import Text
from app.web.registry import service
from app.web.rendering import page

_GOOD, _WARN, _BAD = "good", "warn", "bad"


def order_of(number: str) -> Order:
    """The order with this number. Raises ``NotFound``."""
    return service(OrderService).get_by_number(number)


def path_of(order: Order, part: str = "") -> str:
    """An address of the order in the panel."""
    return f"/admin/orders/{order.number}{part}"


def payment_status(order: Order) -> tuple[str, str]:
    """How far the money is, in a word, with its look."""
    if order.withdrawn or order.state is OrderState.CANCELLED:
        return Text("Cancelled"), _BAD
    if order.state is OrderState.PAID and order.refunded:
        return Text("Partly refunded"), _WARN
    look = {OrderState.PENDING: _WARN, OrderState.PAID: _GOOD}.get(order.state, "")
    return STATE_LABELS[order.state], look


def goods_status(order: Order) -> tuple[str, str]:
    """How far the goods are; "" where nothing is to be sent."""
    if not order.shipments and not (order.state is OrderState.PAID and open_units(order)):
        return "", ""
    label = FULFILMENT_LABELS[order.fulfilment]
    return (Text("To ship"), _WARN) if not order.shipments else (label, _GOOD)


def facts(order: Order) -> dict[str, Any]:
    """What the log keeps of an order before and after a change."""
    return {
        "state": order.state.value,
        "withdrawn": order.withdrawn,
        "fulfilment": order.fulfilment.value,
        "units": [asdict(units) for units in order.units],
        "shipments": order.shipments,
        "delivered": order.delivered,
        "refunded": str(order.refunded.to_major()),
        "address": asdict(order.address),
    }


def order_changed(before: Order, more: dict[str, Any] | None = None) -> Order:
    """Tell the log what this request made of an order, with ``more`` that is new; the order as it
    is now."""
    after = service(OrderService).get(before.id)
    changed(
        f"order:{before.number}", before.number, facts(before), {**facts(after), **(more or {})}
    )
    return after


def order_page(
    order: Order,
    status: int = 200,
    note: Typed | None = None,
    said: str = "",
    email: Typed | None = None,
) -> Response:
    """The page; ``note`` is a note that was refused, ``email`` a mail address that was, ``said`` is
    read out."""
    payments, refunding = service(PaymentService), service(Refunding)
    capture = payments.find_capture(order.id)
    attempts = payments.attempts_of(order.id)
    refunds = refunding.of_order(order.id)
    left = refunding.balance(order).refundable if _can_pay_back(order, capture) else None
    return page(
        "admin/orders/order.html",
        "order",
        status,
        said=said,
        order=order,
        shop_url=order_path(order.number, order.access_token),
        payment=payment_status(order),
        goods=goods_status(order),
        events=service(OrderService).timeline(order.id, public_only=False),
        attempts=attempts,
        seen=payments.authorisations_of(order.id),
        capture=capture,
        waits=capture is None and any(_may_have_money(each.state) for each in attempts),
        refunds=refunds,
        disputes=service(DisputeService).of_order(order.id),
        left=left,
        can_cancel=service(Cancelling).is_possible_for_staff(order),
        open_units=open_units(order) if order.state is OrderState.PAID else {},
        parcels=[
            (each, carrier_name(each.carrier), tracking_url(each.carrier, each.tracking))
            for each in service(Shipping).of_order(order.id)
        ],
        owed=service(Shipping).owed(order) if order.is_paid else {},
        returns=service(GoodsReturns).of_order(order.id) if order.returns else [],
        return_labels=RETURN_LABELS,
        given_up=service(Outbox).given_up(MOST, order_id=order.id),
        notes=service(Invoicing).notes_of(order) if order.is_paid else [],
        note=note or Typed(),
        email=email or Typed(values={"email": order.email}),
        is_erased=is_erased(order.email),
        looks={AuthorisationState.CAPTURED: _GOOD, CaptureState.CAPTURED: _GOOD},
    )


def _can_pay_back(order: Order, capture: Any) -> bool:
    if order.is_paid and not order.due:
        return True
    return capture is not None and capture.state is CaptureState.CAPTURED


def _may_have_money(state: AttemptState) -> bool:
    return state in {AttemptState.OPEN, AttemptState.AUTHORISED, AttemptState.CREATED}


def settle_all(order: Order) -> Order:
    """Ask the gateways what became of each attempt of an order, and take what waits to be taken.
    The order as it is then."""
    for attempt in service(PaymentService).attempts_of(order.id):
        service(Settlement).settle(attempt.id)
    return service(OrderService).get(order.id)
