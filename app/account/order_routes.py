"""The account's orders, and ordering the same again."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.cart.context import current_cart_id
from app.cart.service import CartService
from app.identity.context import current_account
from app.markets.context import current_market
from app.orders.rules import FULFILMENT_LABELS, STATE_LABELS
from app.orders.service import OrderService
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page, private

blueprint = Blueprint("account_orders", __name__, url_prefix="/account/orders")


@blueprint.get("")
def history() -> Response:
    """Every order, the newest first; those of a guest with the account's proven address too."""
    account = current_account()
    orders = service(OrderService)
    orders.adopt(account.id, account.email if account.verified else "")
    shown = orders.of_account(account.id, whole(request.args.get("page", "1"), 1))
    return private(
        page(
            "account/orders.html",
            "content",
            account=account,
            orders=shown.orders,
            number=shown.number,
            has_more=shown.has_more,
            labels=STATE_LABELS,
            fulfilments=FULFILMENT_LABELS,
        )
    )


@blueprint.post("/<number>/reorder")
def reorder(number: str) -> BaseResponse:
    """Fill the cart up to what was ordered, and say what became of each line.

    What is in the cart already counts, so that pressing twice is pressing once.
    """
    order = service(OrderService).get_of_account(number, current_account().id)
    wishes = [(line.goods, line.quantity) for line in order.lines]
    _, entries = service(CartService).fill_up(current_cart_id(), wishes, current_market())
    leave_message(Text("From order %(number)s:", number=order.number))
    for entry in entries:
        leave_message(entry.text)
    if not entries:
        leave_message(Text("All of it is in your cart already."))
    return leave_to("/cart")
