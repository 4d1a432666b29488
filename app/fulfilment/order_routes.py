"""The order's page, what its shopper can do there, and the way to find it again."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.checkout.service import order_path
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.errors import NotReturnable
from app.fulfilment.forms import ReturnForm, quantities, return_form
from app.fulfilment.models import ReturnReason
from app.fulfilment.order_page import order_page, visible_order
from app.fulfilment.returns import GoodsReturns
from app.orders.forms import OrderForm
from app.orders.models import Order
from app.orders.service import OrderService
from app.shared.errors import Conflict
from app.shared.texts import Text
from app.web.csrf import confirmable
from app.web.limits import failed, limiter
from app.web.registry import service
from app.web.rendering import page, private, see_other, wants_fragment

blueprint = Blueprint("orders", __name__, url_prefix="/orders")


@blueprint.get("/<number>")
def show(number: str) -> Response:
    """The order, for whoever holds its secret link."""
    return order_page(visible_order(number))


@blueprint.post("/<number>/cancel")
def cancel(number: str) -> BaseResponse:
    """Cancel the order; pressing twice is pressing once."""
    order = visible_order(number)
    try:
        order = service(Cancelling).cancel(order.id)
    except Conflict as refusal:
        return order_page(service(OrderService).get(order.id), 409, warning=refusal.message)
    return _done(order)


@blueprint.post("/<number>/returns")
@confirmable
def ask_return(number: str) -> BaseResponse:
    """Ask for a return; the form's key makes pressing twice pressing once."""
    order = visible_order(number)
    returns, form = service(GoodsReturns), return_form(request.form)
    key = request.form.get("key", "")
    fit = form.validate()
    try:
        if not 8 <= len(key) <= 100:
            raise NotReturnable(Text("The form came without its key. Please send it again."), "key")
        # Not only what can be returned now: the same form sent again is to be recognised.
        every = {at: line.quantity for at, line in enumerate(order.lines, 1)}
        wanted = quantities(request.form, every)
        if not fit:
            returns.check(order, wanted)
            return _refuse_return(order, form, {}, key)
        reason = ReturnReason(form.reason.data)
        returns.ask(order.id, wanted, reason, form.comment.data or "", key=key)
    except NotReturnable as refusal:
        return _refuse_return(order, form, refusal.fields, key)
    return _done(order)


def _refuse_return(
    order: Order, form: ReturnForm, problems: dict[str, str], key: str
) -> BaseResponse:
    """The page again, with what was typed and what is wrong with it."""
    typed = {
        at: request.form.get(f"quantity-{at}", "")[:6] for at in range(1, len(order.lines) + 1)
    }
    return order_page(
        service(OrderService).get(order.id),
        422,
        form=form,
        problems={**problems, **_first_errors(form)},
        typed=typed,
        key=key if "key" not in problems else "",
    )


def _first_errors(form: ReturnForm) -> dict[str, str]:
    return {field.name: str(field.errors[0]) for field in form if field.errors}


def _done(order: Order) -> BaseResponse:
    if wants_fragment():
        return order_page(service(OrderService).get(order.id))
    return see_other(order_path(order.number, order.access_token))


@blueprint.get("/lookup")
def lookup() -> Response:
    """The form to find an order again."""
    return private(page("orders/lookup.html", "lookup", form=OrderForm(), message=""))


@blueprint.post("/lookup")
@confirmable
@limiter.limit("30 per 15 minutes", deduct_when=failed)
def find() -> BaseResponse:
    """Go to the order, or say that there is none, never which entry was wrong."""
    form = OrderForm(request.form)
    message = Text("Please check the fields below.")
    if form.validate():
        order = service(OrderService).look_up(form.number.data or "", form.email.data or "")
        if order is not None:
            return see_other(order_path(order.number, order.access_token))
        message = Text("We found no order with this number and e-mail address.")
    return private(page("orders/lookup.html", "lookup", 422, form=form, message=message))
