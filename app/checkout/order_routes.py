"""The order's page and the way to find it again."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse
from wtforms import Form, StringField
from wtforms.validators import DataRequired, Length

from app.cart.context import current_cart_id
from app.cart.service import CartService
from app.checkout.service import order_path, payment_path
from app.checkout.settlement import Settlement
from app.identity.context import signed_in_id
from app.orders.models import Order, OrderState
from app.orders.rules import STATE_LABELS
from app.orders.service import OrderService
from app.payments.models import Attempt, AttemptState
from app.payments.service import PaymentService
from app.web.limits import failed, limiter
from app.web.registry import service
from app.web.rendering import page, private, see_other

blueprint = Blueprint("orders", __name__, url_prefix="/orders")


class LookupForm(Form):
    """What a guest knows of an order."""

    number = StringField(
        "Order number", validators=[DataRequired("Please enter the order number."), Length(max=40)]
    )
    email = StringField(
        "E-mail", validators=[DataRequired("Please enter your e-mail address."), Length(max=254)]
    )


@blueprint.get("/<number>")
def show(number: str) -> Response:
    """The order, for whoever holds its secret link."""
    order = service(OrderService).get_for(number, request.args.get("token", ""), signed_in_id())
    attempt = service(PaymentService).find_open(order.id) if _unpaid(order) else None
    look = service(Settlement).look(attempt.id) if attempt else None
    order = service(OrderService).get(order.id) if look else order
    checking = _unpaid(order) and look is not None and look.uncertain
    pay_url = "" if checking else _pay_url(order, look.attempt if look else None)
    return private(
        page(
            "orders/order.html",
            "order",
            order=order,
            order_url=order_path(order.number, order.access_token),
            events=service(OrderService).timeline(order.id),
            state_label=STATE_LABELS[order.state],
            checking=checking,
            can_pay=bool(pay_url),
            pay_url=pay_url,
        )
    )


def _unpaid(order: Order) -> bool:
    return order.state is OrderState.PENDING


def _pay_url(order: Order, attempt: Attempt | None) -> str:
    """Where an unpaid order can be paid: its open page, else the checkout of the same cart."""
    if not _unpaid(order):
        return ""
    if attempt and attempt.state is AttemptState.OPEN:
        return payment_path(attempt)
    cart_id = current_cart_id()
    return "/checkout" if cart_id == order.cart_id and service(CartService).count(cart_id) else ""


@blueprint.get("/lookup")
def lookup() -> Response:
    """The form to find an order again."""
    return private(page("orders/lookup.html", "lookup", form=LookupForm(), message=""))


@blueprint.post("/lookup")
@limiter.limit("30 per 15 minutes", deduct_when=failed)
def find() -> BaseResponse:
    """Go to the order, or say that there is none, never which entry was wrong."""
    form = LookupForm(request.form)
    message = "Please check the fields below."
    if form.validate():
        order = service(OrderService).look_up(form.number.data or "", form.email.data or "")
        if order is not None:
            return see_other(order_path(order.number, order.access_token))
        message = "We found no order with this number and e-mail address."
    return private(page("orders/lookup.html", "lookup", 422, form=form, message=message))
