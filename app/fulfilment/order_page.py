"""What the order's page shows, for whoever may see the order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from flask import Response, request

from app.cart.context import current_cart_id
from app.cart.service import CartService
from app.checkout.money_back import MoneyBack
from app.checkout.service import order_path, payment_path
from app.checkout.settlement import Settlement
from app.checkout.sold_cards import sold_cards
from app.credit.models import CreditAccount
from app.credit.service import CreditService
from app.drafts.service import DraftService
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.carriers import carrier_name, tracking_url
from app.fulfilment.forms import ReturnForm, return_form
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.models import Shipment
from app.fulfilment.returns import GoodsReturns
from app.fulfilment.rules import RETURN_LABELS
from app.fulfilment.shipping import Shipping
from app.identity.context import signed_in_id
from app.orders.models import Order, OrderState
from app.orders.rules import FULFILMENT_LABELS, STATE_LABELS
from app.orders.service import OrderService
from app.payments.models import Attempt, AttemptState
from app.payments.service import PaymentService
from app.shared.texts import Text
from app.web.registry import service
from app.web.rendering import page, private


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """A shipment as the page shows it."""

    shipment: Shipment
    carrier: str
    url: str


def visible_order(number: str) -> Order:
    """The order, if this visitor holds its secret link or its account. Raises ``NotFound``."""
    return service(OrderService).get_for(number, request.values.get("token", ""), signed_in_id())


def order_page(
    order: Order,
    status: int = 200,
    *,
    warning: str = "",
    form: ReturnForm | None = None,
    problems: Mapping[str, str] | None = None,
    typed: Mapping[int, str] | None = None,
    key: str = "",
) -> Response:
    """The page; ``problems`` and ``typed`` are of a return form that was refused."""
    attempt = service(PaymentService).find_open(order.id) if _unpaid(order) else None
    look = service(Settlement).look(attempt.id) if attempt else None
    order = service(OrderService).get(order.id) if look else order
    checking = _unpaid(order) and look is not None and look.uncertain
    pay_url = "" if checking else _pay_url(order, look.attempt if look else None)
    returns = service(GoodsReturns)
    return private(
        page(
            "orders/order.html",
            "order",
            status,
            order=order,
            order_url=order_path(order.number, order.access_token),
            events=service(OrderService).timeline(order.id),
            state_label=Text("Cancelled") if order.withdrawn else STATE_LABELS[order.state],
            fulfilment_label=FULFILMENT_LABELS[order.fulfilment] if _is_sent(order) else "",
            money_words=service(MoneyBack).told(order),
            checking=checking,
            can_pay=bool(pay_url),
            pay_url=pay_url,
            warning=warning,
            can_cancel=service(Cancelling).is_possible(order) and not checking,
            parcels=_parcels(order),
            returns=returns.of_order(order.id) if order.returns else (),
            return_labels=RETURN_LABELS,
            returnable=returns.returnable(order),
            return_form=form or return_form(),
            return_key=key or str(uuid4()),
            gift_cards=_gift_cards(order),
            problems=problems or {},
            typed=typed or {},
            credit_notes=service(Invoicing).notes_of(order) if order.is_paid else (),
        )
    )


def _gift_cards(order: Order) -> dict[int, list[CreditAccount]]:
    """The gift cards that were issued for each line of the order, by position."""
    ids = {at: list(sold_cards(order, at)) for at in range(1, len(order.lines) + 1)}
    every = [each for group in ids.values() for each in group]
    found = service(CreditService).find_many(every) if every else {}
    return {at: [found[each] for each in group if each in found] for at, group in ids.items()}


def _parcels(order: Order) -> list[Parcel]:
    shipments = service(Shipping).of_order(order.id) if order.shipments else []
    return [
        Parcel(
            shipment=each,
            carrier=carrier_name(each.carrier),
            url=tracking_url(each.carrier, each.tracking),
        )
        for each in shipments
    ]


def _is_sent(order: Order) -> bool:
    """Whether the goods are a matter: something was shipped or is to be."""
    to_ship = order.state is OrderState.PAID and any(each.open for each in order.units)
    return bool(order.shipments) or to_ship


def _unpaid(order: Order) -> bool:
    return order.state is OrderState.PENDING


def _pay_url(order: Order, attempt: Attempt | None) -> str:
    """Where an unpaid order can be paid: its open page, else the checkout of the same cart."""
    if not _unpaid(order):
        return ""
    if attempt and attempt.state is AttemptState.OPEN:
        return payment_path(attempt)
    draft = service(DraftService).find_of_cart(order.cart_id)
    if draft is not None:
        return "" if draft.is_over else draft.path
    cart_id = current_cart_id()
    return "/checkout" if cart_id == order.cart_id and service(CartService).count(cart_id) else ""
