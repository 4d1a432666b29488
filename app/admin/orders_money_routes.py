"""The money of orders: looking at gateways, paying back, cancelling. Each may be sent twice."""

from __future__ import annotations

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.admin.guard import area, needs, note, only_looked, staff
from app.admin.orders_forms import REASON_LENGTH, Typed, refund_wish, request_key, typed
from app.admin.orders_page import order_changed, order_of, order_page, path_of, settle_all
from app.admin.permissions import Permission
from app.checkout.errors import RefundChanged
from app.checkout.refund_preview import agreed_on, explain
from app.checkout.refund_rules import everything
from app.checkout.refunding import Refunding
from app.checkout.sold_cards import has_good_cards
from app.credit.service import CreditService
from app.fulfilment.cancelling import Cancelling
from app.fulfilment.invoicing import Invoicing
from app.orders.models import Order
from app.orders.service import OrderService
from app.payments.disputes import DisputeService
from app.payments.models import Refund, RefundState
from app.payments.service import PaymentService
from app.shared.errors import Conflict, Invalid
from app.shared.money import Money
from app.shared.texts import Text
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import leave_to, page

blueprint = area("order_money", __name__, "/orders/<number>")
_TOLD = {
    RefundState.SUCCEEDED: Text("The money is on its way back."),
    RefundState.FAILED: Text("The gateway refused the refund: nothing was paid back."),
}
_OPEN = Text("The gateway has not confirmed the refund yet. It is carried on by itself.")


@blueprint.post("/settlement")
@needs(Permission.MONEY)
def settle(number: str) -> BaseResponse:
    """Ask the gateways how the order's payments are, and capture one that waits for it."""
    order = order_of(number)
    after = settle_all(order)
    if after.is_paid and not order.is_paid:
        leave_message(Text("A payment was found and taken: the order is paid."))
    else:
        leave_message(Text("The gateways have nothing new about this order."))
    order_changed(order)
    return leave_to(path_of(order))


# --- refunds --------------------------------------------------------------------------------------


@blueprint.get("/refunds/new")
@needs(Permission.MONEY)
def refund_form(number: str) -> Response:
    """The form of a refund; with ``all`` everything that is left is filled in."""
    order = order_of(number)
    balance = service(Refunding).balance(order)
    wish = everything(balance) if request.args.get("all") else None
    values = {f"quantity-{at}": str(units) for at, units in wish.quantities.items()} if wish else {}
    if wish:
        parts = wish.parts.items()
        values |= {f"quantity-{at}-{part}": str(units) for (at, part), units in parts}
        values |= {"shipping": "y", "amount": str(balance.refundable.to_major())}
    return _refund_page(order, Typed(values=values))


@blueprint.post("/refunds")
@needs(Permission.MONEY)
def refund(number: str) -> BaseResponse:
    """Show what a refund would be, to the minor unit; and once that was seen, pay it back."""
    order, refunding = order_of(number), service(Refunding)
    form, agreed = request.form, request.form.get("agreed", "")
    try:
        key = request_key(form)
        known = refunding.find_requested(order.id, key)
        if known is None:
            wish = refund_wish(form, order, refunding.balance(order))
            if not agreed or form.get("do") == "preview":
                only_looked()
                return _refund_page(order, typed(form), refunding.preview(order.id, wish))
            known = refunding.request(
                order.id,
                wish,
                key=key,
                reason=form.get("reason", "").strip()[:REASON_LENGTH],
                restock=bool(form.get("restock")),
                by=staff().email,
                agreed=agreed,
            )
    except RefundChanged as meanwhile:
        shown = refunding.preview(order.id, wish)
        return _refund_page(order, typed(form, message=meanwhile.message), shown, 409)
    except Invalid as refusal:
        return _refund_page(order, typed(form, refusal), None, 422)
    order_changed(order, {"refund": known.id, "amount": str(known.amount.to_major())})
    leave_message(_TOLD.get(known.state, _OPEN))
    return leave_to(path_of(order))


def _refund_page(
    order: Order, form: Typed, seen: Refund | None = None, status: int = 200
) -> Response:
    balance = service(Refunding).balance(order)
    return page(
        "admin/orders/refund.html",
        "content",
        status,
        order=order,
        balance=balance,
        claimed=_claimed(order),
        form=form,
        seen=seen,
        agreed=agreed_on(seen) if seen else "",
        shares=[explain(order, balance, each) for each in seen.parts.lines] if seen else [],
        taxes=service(Invoicing).taxes_in(order, seen.parts) if seen else (),
        leaves_cards=seen is not None and _leaves_cards(order, seen),
    )


def _leaves_cards(order: Order, seen: Refund) -> bool:
    """Whether an amount goes back and gift cards that the order sold stay good."""
    by_amount = bool(seen.parts.adjustment) and not seen.voided
    return by_amount and has_good_cards(service(CreditService), order)


def _claimed(order: Order) -> Money | None:
    """What the customer's bank has, or claims, of the order's payment; None for nothing."""
    capture = service(PaymentService).find_capture(order.id)
    return (capture and service(DisputeService).claimed_of(capture)) or None


# --- cancelling -----------------------------------------------------------------------------------


@blueprint.get("/cancellation")
@needs(Permission.MONEY)
def cancel_form(number: str) -> Response:
    """What cancelling would do."""
    return _cancel_page(order_of(number))


@blueprint.post("/cancellation")
@needs(Permission.MONEY)
def cancel(number: str) -> BaseResponse:
    """Cancel the order; all of its money goes back."""
    order = order_of(number)
    restock = bool(request.form.get("restock"))
    try:
        service(Cancelling).cancel(order.id, by=staff().email, restock=restock)
    except Conflict as refusal:
        return _cancel_page(service(OrderService).get(order.id), 409, refusal.message)
    note(request.form.get("reason", "").strip()[:REASON_LENGTH])
    order_changed(order, {"restocked": restock})
    leave_message(Text("The order is cancelled."))
    return leave_to(path_of(order))


def _cancel_page(order: Order, status: int = 200, message: str = "") -> Response:
    possible = service(Cancelling).is_possible_for_staff(order)
    if not possible and status == 200:
        return order_page(order)
    return page(
        "admin/orders/cancel.html",
        "content",
        status,
        order=order,
        possible=possible,
        message=message,
        left=service(Refunding).balance(order).refundable if order.is_paid else None,
        claimed=_claimed(order) if order.is_paid else None,
    )
