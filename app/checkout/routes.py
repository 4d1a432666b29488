"""The checkout's form and its button."""

from __future__ import annotations

from contextlib import suppress
from uuid import uuid4

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.cart.context import current_customer
from app.checkout.draft_routes import current_draft, enter_draft
from app.checkout.errors import MaybePaidAlready
from app.checkout.forms import CheckoutForm
from app.checkout.gift_card_routes import card_before_order
from app.checkout.page import (
    SUMMARY,
    TWICE_FIELD,
    Bill,
    check_cart,
    checkout_page,
    leave_checkout,
    make_bill,
    read_form,
)
from app.checkout.purchase import Purchase
from app.checkout.rules import fingerprint
from app.checkout.service import Answer, CheckoutService, replayed
from app.credit.errors import FIELD as CODE_FIELD
from app.db.idempotency import Claimed, KeyReused, Replay
from app.identity.address_book import AddressBook
from app.identity.context import signed_in_id
from app.identity.errors import AddressBookFull
from app.markets.context import current_market
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.web.csrf import FIELD as CSRF_FIELD
from app.web.errors import error_page
from app.web.registry import service
from app.web.rendering import leave_to
from app.web.visitor import ensure_visitor

blueprint = Blueprint("checkout", __name__)
blueprint.before_request(enter_draft)
_KEY_FIELD = "idempotency_key"
_SEEN_CREDIT_FIELD = "seen_credit"
_KEY_HEADER = "Idempotency-Key"


@blueprint.get("/checkout")
def show() -> BaseResponse:
    """The form with the cart's sums. With htmx it answers with the summary for what is chosen."""
    form = read_form(request.args)
    bill = make_bill(form)
    if not bill.cart.lines or not bill.cart.ready:
        return leave_checkout()
    return checkout_page(form, bill, fragment=SUMMARY)


@blueprint.post("/checkout")
def submit() -> BaseResponse:
    """Place the order and go to the gateway; the same key always gets the same answer."""
    key = request.form.get(_KEY_FIELD) or request.headers.get(_KEY_HEADER, "")
    if not 8 <= len(key) <= 200:
        return error_page(
            400, Text("The form came without its key. Please reload it and try again.")
        )
    code = request.form.get(CODE_FIELD, "")
    if code.strip():  # the key stays unclaimed: a repeat of this enters the same card again
        return card_before_order(code)
    return _order(key)


def _order(key: str) -> BaseResponse:
    checkout = service(CheckoutService)
    form = read_form(request.form, posted=True)
    try:
        market = current_market().code
        begun = checkout.begin(ensure_visitor(), key, _payload_fingerprint(), market)
    except KeyReused as reused:
        return _refuse(form, make_bill(form), reused.message, str(uuid4()))
    if isinstance(begun, Replay):
        return _leave(replayed(begun))
    if begun.progress:
        return _leave(checkout.resume(begun))
    bill = make_bill(form)
    if not form.validate():
        checkout.release(begun)
        return _refuse(form, bill, Text("Please check the fields below."), key)
    return _place(begun, form, bill, key)


def _keep_address(form: CheckoutForm) -> None:
    """Put the address into the account's book, if that was asked for and there is room."""
    account_id = signed_in_id()
    if account_id is not None and form.keep_address.data:
        with suppress(AddressBookFull):
            service(AddressBook).add(account_id, form.address())


def _place(claimed: Claimed, form: CheckoutForm, bill: Bill, key: str) -> BaseResponse:
    checkout = service(CheckoutService)
    try:
        check_cart(bill.cart)
        _check_credit(bill)
    except Invalid as refusal:
        checkout.release(claimed)
        return _refuse(form, bill, refusal.message, key)
    draft = current_draft()
    purchase = Purchase(
        cart=bill.cart,
        market=current_market(),
        quote=bill.quote,
        credit=bill.plan,
        email=form.email.data or "",
        address=form.address(),
        gateway=form.gateway.data or "" if bill.plan.due else "",
        wants_twice=bool(request.form.get(TWICE_FIELD)),
        account_id=signed_in_id(),
        customer=current_customer(form.email.data or ""),
        draft_id=draft.id if draft else "",
    )
    try:
        answer = checkout.place(claimed, purchase)
        _keep_address(form)
        return _leave(answer)
    except Invalid as refusal:
        twin = refusal.number if isinstance(refusal, MaybePaidAlready) else ""
        form = read_form(request.form, posted=True)
        bill = make_bill(form)  # what was refused may have changed what there is to pay
        _mark(form, refusal)
        return _refuse(form, bill, refusal.message, str(uuid4()), twin)


def _check_credit(bill: Bill) -> None:
    """Refuse to pay with gift cards or store credit that has changed since it was shown."""
    seen = request.form.get(_SEEN_CREDIT_FIELD, "")
    if seen and seen != bill.sources.seen:
        raise Invalid(
            Text(
                "What is left on your gift cards or of your store credit has changed since you "
                "opened this page. Please check what is left to pay."
            )
        )


def _payload_fingerprint() -> str:
    """What was posted, without the fields that differ between repeats of one request."""
    fields = sorted(request.form.items(multi=True))
    return fingerprint([pair for pair in fields if pair[0] not in {CSRF_FIELD, _KEY_FIELD}])


def _mark(form: CheckoutForm, refusal: Invalid) -> None:
    for name, message in refusal.fields.items():
        if name in form:
            form[name].errors = [message]


def _refuse(form: CheckoutForm, bill: Bill, warning: str, key: str, twin: str = "") -> Response:
    return checkout_page(
        form, bill, fragment="checkout", status=422, warning=warning, key=key, twin=twin
    )


def _leave(answer: Answer) -> BaseResponse:
    response = leave_to(answer.location)
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Cache-Control"] = "no-store"
    return response
