"""Coming back from a gateway, and waiting for its word."""

from __future__ import annotations

import json

from flask import Blueprint, request
from werkzeug.wrappers import Response as BaseResponse

from app.checkout.service import order_path, payment_path
from app.checkout.settlement import Look, Settlement
from app.drafts.service import DraftService
from app.orders.service import OrderService
from app.payments.errors import BadSignature
from app.payments.models import Attempt, AttemptState
from app.payments.service import Customer, PaymentService
from app.shared.errors import NotFound
from app.shared.ids import AttemptId
from app.shared.texts import Text
from app.shop.context import shop_profile
from app.web.csrf import exempt
from app.web.errors import error_page
from app.web.registry import service
from app.web.rendering import page, private, see_other

blueprint = Blueprint("payments", __name__, url_prefix="/payments")
_CHECKOUT = "/checkout"


@blueprint.get("/stripe/return")
def stripe_return() -> BaseResponse:
    """Stripe sent the shopper back; what happened only Stripe's API says."""
    attempt = service(PaymentService).find_by_session("stripe", request.args.get("session_id", ""))
    if attempt is None:
        raise NotFound(Text("This payment does not exist."))
    return _settled(attempt)


@blueprint.post("/razorpay/callback")
@exempt
def razorpay_callback() -> BaseResponse:
    """Razorpay's page posted the shopper back, from another site and so without our cookies."""
    form = request.form
    payments = service(PaymentService)
    if "razorpay_signature" not in form:
        return _failed_callback()
    try:
        attempt = payments.verify_razorpay_callback(
            form.get("razorpay_order_id", ""),
            form.get("razorpay_payment_id", ""),
            form.get("razorpay_signature", ""),
        )
    except BadSignature:
        return error_page(400, Text("This answer was not signed by the payment service."))
    return _settled(attempt)


def _failed_callback() -> BaseResponse:
    """A payment failed. The fields are unsigned, so they only say where to look."""
    try:
        metadata = json.loads(request.form.get("error[metadata]", ""))
        session_id = str(metadata["order_id"])
        session_id.encode()  # JSON can say half a character, which no database can look for
    except (ValueError, KeyError, TypeError, RecursionError):
        return error_page(400, Text("The payment service's answer could not be understood."))
    attempt = service(PaymentService).find_by_session("razorpay", session_id)
    if attempt is None:
        raise NotFound(Text("This payment does not exist."))
    return _settled(attempt)


@blueprint.get("/<attempt_id>/cancelled")
def cancelled(attempt_id: str) -> BaseResponse:
    """The shopper turned back on the gateway's page; they may still have paid in another tab."""
    return _settled(service(PaymentService).get(AttemptId(attempt_id)))


def _settled(attempt: Attempt) -> BaseResponse:
    service(Settlement).settle_patiently(attempt.id)
    return see_other(_order_url(attempt))


def _order_url(attempt: Attempt) -> str:
    """The order's link as it is now: staff who correct its mail address renew it."""
    order = service(OrderService).get(attempt.order_id)
    return order_path(order.number, order.access_token)


@blueprint.get("/<attempt_id>")
def status(attempt_id: str) -> BaseResponse:
    """What is known of a payment; the page refreshes itself until it is certain."""
    look = service(Settlement).look(AttemptId(attempt_id))
    attempt = look.attempt
    order_url = _order_url(attempt)
    if attempt.state is AttemptState.CAPTURED:
        return see_other(order_url)
    kind, message, retry_url = _describe(look)
    if retry_url == _CHECKOUT:
        retry_url = _checkout_of(attempt)
    return private(
        page(
            "payments/status.html",
            "status",
            attempt=attempt,
            status=kind,
            message=message,
            order_url=order_url,
            retry_url=retry_url,
        )
    )


def _checkout_of(attempt: Attempt) -> str:
    """Where the same goods can be paid in another way: of a draft order behind its link."""
    cart_id = service(OrderService).get(attempt.order_id).cart_id
    draft = service(DraftService).find_of_cart(cart_id)
    return draft.path if draft else _CHECKOUT


_ENDED = {
    AttemptState.FAILED: ("failed", Text("The payment service did not accept this payment.")),
    AttemptState.EXPIRED: (
        "expired",
        Text("It was not completed in time, and nothing was charged."),
    ),
    AttemptState.LOST: ("lost", Text("This payment was not taken; the money is being released.")),
}
_UNDER_WAY = Text(
    "A payment is under way. Finish it where you began it, or wait here while we are "
    "checking. Please do not pay again."
)


def _describe(look: Look) -> tuple[str, str, str]:
    """What to say, and where to go on, if the shopper can."""
    attempt = look.attempt
    if attempt.state in _ENDED:
        kind, message = _ENDED[attempt.state]
        if attempt.state is AttemptState.EXPIRED and _is_sent_back(attempt):
            message = Text("The payment was sent back in full before the order was booked")
        return kind, message, "" if attempt.state is AttemptState.LOST else _CHECKOUT
    if attempt.state is AttemptState.CREATED:
        message = Text(
            "The payment service is not answering. Nothing was charged, and we keep trying."
        )
        return "unavailable", message, _CHECKOUT
    if attempt.state is AttemptState.OPEN and look.under_way:
        return "checking", _UNDER_WAY, payment_path(attempt)
    if attempt.state is AttemptState.OPEN and look.answered:
        return "open", Text("This order is not paid yet."), payment_path(attempt)
    return "checking", Text("We are checking your payment. Please do not pay again."), ""


def _is_sent_back(attempt: Attempt) -> bool:
    capture = service(PaymentService).find_capture(attempt.order_id)
    return capture is not None and capture.sent_back and capture.attempt_id == attempt.id


@blueprint.get("/<attempt_id>/razorpay")
def razorpay_page(attempt_id: str) -> BaseResponse:
    """The plain form that takes the shopper to Razorpay's hosted checkout."""
    payments = service(PaymentService)
    attempt = payments.get(AttemptId(attempt_id))
    if attempt.gateway != "razorpay":
        raise NotFound(Text("This payment does not exist."))
    if attempt.state is not AttemptState.OPEN:
        return see_other(f"/payments/{attempt.id}")
    order = service(OrderService).get(attempt.order_id)
    customer = Customer(name=order.address.name, email=order.email, phone=order.address.phone)
    shop_name = shop_profile().name
    form = payments.razorpay_form(attempt, shop_name, customer)
    return private(
        page(
            "payments/razorpay.html",
            "content",
            attempt=attempt,
            action=form.action,
            fields=form.fields,
            shop_name=shop_name,
            amount=attempt.amount,
            cancel_url=f"/payments/{attempt.id}/cancelled",
        )
    )
