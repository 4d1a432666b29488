"""Orders: the list, an order's page, notes, the address, and its mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, replace

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.csv_download import csv_file
from app.admin.differences import differences
from app.admin.given_up import try_again
from app.admin.guard import area, changed, needs, only_looked, staff
from app.admin.lists import ListState, Slice, list_state
from app.admin.orders_forms import new_email, order_filter, request_key, typed
from app.admin.orders_page import (
    goods_status,
    order_changed,
    order_of,
    order_page,
    path_of,
    payment_status,
)
from app.admin.permissions import Permission
from app.markets.address_form import AddressForm
from app.markets.service import MarketService
from app.orders.desk import OrderDesk, within_period
from app.orders.errors import AddressChanged, EmailChanged
from app.orders.finding import OrderSort, Payment
from app.orders.models import FulfilmentState, Order, OrderState
from app.orders.rules import FULFILMENT_LABELS
from app.shared.errors import Invalid
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page, wants_fragment

blueprint = area("orders", __name__, "/orders")
_PAGE = 50
_PAYMENT_LABELS = {
    Payment.UNPAID: Text("Unpaid"),
    Payment.PAID: Text("Paid"),
    Payment.PARTLY_REFUNDED: Text("Partly refunded"),
    Payment.REFUNDED: Text("Refunded"),
}
_COLUMNS = (
    "number", "placed_at", "state", "fulfilment", "email", "name", "country", "postal_code",
    "market", "gateway", "currency", "subtotal", "discount", "shipping", "tax", "total",
    "refunded", "items", "paid_by_credit",
)  # fmt: skip
_GATEWAYS = [("stripe", "Stripe"), ("razorpay", "Razorpay")]


def _state() -> ListState:
    return list_state(
        sorts=[each.value for each in OrderSort],
        filters={
            "state": [each.value for each in OrderState],
            "payment": [each.value for each in Payment],
            "fulfilment": [each.value for each in FulfilmentState],
            "gateway": [code for code, _ in _GATEWAYS],
            "market": (),
            "from": (),
            "to": (),
            "returned": ["1"],
            "noted": ["1"],
        },
    )


@blueprint.get("")
@needs(Permission.ORDERS_VIEW)
def orders() -> Response:
    """The order book, narrowed by words and filters."""
    state = _state()
    wanted = order_filter(state)
    found = service(OrderDesk).find(wanted, _PAGE, state.after)
    markets = [(each.code, each.name) for each in service(MarketService).every()]
    return page(
        "admin/orders/list.html",
        "list",
        state=state,
        found=Slice(items=found.orders, older=found.older),
        until=found.until,
        period=within_period(wanted) if wanted.sort is OrderSort.TOTAL else None,
        payment_status=payment_status,
        goods_status=goods_status,
        filters=[
            ("payment", Text("Any payment"), list(_PAYMENT_LABELS.items())),
            ("fulfilment", Text("Any fulfilment"), list(FULFILMENT_LABELS.items())),
            ("gateway", Text("Any gateway"), _GATEWAYS),
            ("market", Text("Any market"), markets),
            ("returned", Text("With and without returns"), [("1", Text("With a return"))]),
            ("noted", Text("With and without notes"), [("1", Text("With a note"))]),
        ],
    )


@blueprint.get("/export")
@needs(Permission.ORDERS_VIEW)
def export() -> Response:
    """The chosen orders, or all that the filters leave, as CSV."""
    desk, numbers = service(OrderDesk), request.args.getlist("number")
    found = desk.many(numbers) if numbers else desk.every(order_filter(_state()))
    return csv_file("orders.csv", _COLUMNS, map(_row, found))


def _row(order: Order) -> tuple[object, ...]:
    totals = order.totals
    sums = (totals.subtotal, totals.discount, totals.shipping, totals.tax, totals.total)
    return (
        order.number,
        order.placed_at.isoformat(),
        order.state.value,
        order.fulfilment.value,
        order.email,
        order.address.name,
        order.address.country,
        order.address.postal_code,
        order.market,
        order.gateway,
        order.currency,
        *(each.to_major() for each in (*sums, order.refunded)),
        "; ".join(f"{line.quantity} x {line.sku}" for line in order.lines),
        (totals.total - order.due).to_major(),
    )


@blueprint.get("/<number>")
@needs(Permission.ORDERS_VIEW)
def show(number: str) -> Response:
    """Everything about one order."""
    return order_page(order_of(number))


@blueprint.post("/<number>/notes")
@needs(Permission.ORDERS_EDIT)
def add_note(number: str) -> BaseResponse:
    """Add a private note."""
    order, text = order_of(number), request.form.get("note", "")
    try:
        key = request_key(request.form)
        service(OrderDesk).note(order.id, text, by=staff().email, key=key)
    except Invalid as refusal:
        return order_page(order, 422, typed(request.form, refusal))
    changed(f"order:{order.number}", order.number, {}, {"note": text.strip()})
    if wants_fragment():
        return order_page(order, said=Text("The note is added."))
    return leave_to(path_of(order, "#timeline"))


@blueprint.post("/<number>/confirmation")
@needs(Permission.ORDERS_EDIT)
def send_confirmation(number: str) -> BaseResponse:
    """Send the confirmation once more."""
    order, key = order_of(number), request_key(request.form)
    service(OrderDesk).confirm_again(order, by=staff().email, key=key)
    changed(f"order:{order.number}", order.number, {}, {"confirmation sent to": order.email})
    leave_message(Text("The confirmation is on its way to %(email)s.", email=order.email))
    return leave_to(path_of(order))


@blueprint.post("/<number>/email")
@needs(Permission.ORDERS_EDIT)
def correct_email(number: str) -> BaseResponse:
    """Have mails about an order go to another address, over the one that was read."""
    order, form = order_of(number), request.form
    try:
        email = new_email(form)
        after = service(OrderDesk).correct_email(
            order.id, email, seen=form.get("seen", ""), by=staff().email
        )
    except Invalid as refusal:
        return order_page(order, 422, email=typed(form, refusal))
    except EmailChanged as meanwhile:
        return order_page(meanwhile.order, 409, email=typed(form, message=meanwhile.message))
    if after is None:
        only_looked()
    else:
        changed(f"order:{order.number}", order.number, _whose(order), _whose(after))
    leave_message(Text("Mails about this order go to %(email)s.", email=email))
    if after and after.is_paid:
        leave_message(Text("The confirmation is on its way to %(email)s.", email=email))
    return leave_to(path_of(order))


def _whose(order: Order) -> dict[str, str | None]:
    return {"email": order.email, "account_id": order.account_id}


@blueprint.post("/<number>/given-up")
@needs(Permission.ORDERS_EDIT)
def send_again(number: str) -> BaseResponse:
    """Try once more what was given up about an order: a mail that nobody took."""
    order = order_of(number)
    try_again(
        request.form.get("event", ""),
        subject=f"order:{order.number}",
        label=order.number,
        order_id=order.id,
    )
    return leave_to(path_of(order))


# --- the address ----------------------------------------------------------------------------------


@blueprint.get("/<number>/address")
@needs(Permission.ORDERS_EDIT)
def address(number: str) -> Response:
    """The form to send an order elsewhere."""
    order = order_of(number)
    form = AddressForm()
    form.offer_countries(service(MarketService).get(order.market))
    form.fill(order.address)
    return _address_page(order, form)


@blueprint.post("/<number>/address")
@needs(Permission.ORDERS_EDIT)
def change_address(number: str) -> BaseResponse:
    """Send an order elsewhere, over the version that was read."""
    order, form = order_of(number), AddressForm(request.form)
    form.offer_countries(service(MarketService).get(order.market))
    read = replace(order, address_version=whole(request.form.get("version", ""), -1))
    if not form.validate():
        return _address_page(read, form, 422, Text("Please check the fields below."))
    try:
        service(OrderDesk).change_address(read, form.address(), by=staff().email)
    except AddressChanged as meanwhile:
        theirs = differences(asdict(meanwhile.order.address), asdict(form.address()))
        return _address_page(meanwhile.order, form, 409, meanwhile.message, theirs)
    except Invalid as refusal:
        for name, problem in refusal.fields.items():
            form[name].errors = [problem]
        return _address_page(read, form, 422, refusal.message)
    order_changed(order)
    leave_message(Text("The address is changed."))
    return leave_to(path_of(order))


def _address_page(
    order: Order,
    form: AddressForm,
    status: int = 200,
    message: str = "",
    theirs: Iterable[object] = (),
) -> Response:
    return page(
        "admin/orders/address.html",
        "content",
        status,
        order=order,
        form=form,
        message=message,
        theirs=theirs,
    )
