"""The checkout page and its button."""

from __future__ import annotations

from collections.abc import Container
from contextlib import suppress
from uuid import uuid4

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.cart.context import current_cart_id, current_customer
from app.cart.models import PricedCart
from app.cart.service import CartService
from app.checkout.errors import CartChanged, MaybePaidAlready, NotDelivered
from app.checkout.forms import (
    CheckoutForm,
    check_shipping,
    checkout_form,
    destination,
    known_email,
    offer_shipping,
)
from app.checkout.placing import Purchase
from app.checkout.rules import Quote, fingerprint, quote_cart, shown
from app.checkout.service import Answer, CheckoutService, replayed
from app.db.idempotency import Claimed, KeyReused, Replay
from app.identity.address_book import AddressBook
from app.identity.context import current_account, signed_in, signed_in_id
from app.identity.errors import AddressBookFull
from app.identity.models import SavedAddress
from app.markets.context import current_market, format_money
from app.payments.service import PaymentService
from app.shared.errors import Invalid
from app.web.csrf import FIELD as CSRF_FIELD
from app.web.errors import error_page
from app.web.registry import service
from app.web.rendering import leave_to, page, private, see_other, wants_fragment
from app.web.visitor import ensure_visitor

blueprint = Blueprint("checkout", __name__)
_KEY_FIELD = "idempotency_key"
_TWICE_FIELD = "twice"  # set by the page once it has warned of an order alike
_SEEN_FIELD = "seen_cart"
_KEY_HEADER = "Idempotency-Key"
_CHANGED = "changed"  # what was changed when the page asks for the sums


@blueprint.get("/checkout")
def show() -> BaseResponse:
    """The form with the cart's sums. With htmx it answers with the summary for what is chosen."""
    form = _form(request.args if "country" in request.args else None)
    if "country" not in request.args:
        _fill_in(form)
    cart = _cart(form)
    if not cart.lines or not cart.ready:
        return see_other("/cart")
    return _render(form, cart, fragment="summary")


@blueprint.post("/checkout")
def submit() -> BaseResponse:
    """Place the order and go to the gateway; the same key always gets the same answer."""
    key = request.form.get(_KEY_FIELD) or request.headers.get(_KEY_HEADER, "")
    if not 8 <= len(key) <= 200:
        return error_page(400, "The form came without its key. Please reload it and try again.")
    form = _form(request.form)
    if not form.validate():
        return _refuse(form, "Please check the fields below.", key)
    checkout = service(CheckoutService)
    try:
        begun = checkout.begin(ensure_visitor(), key, _payload_fingerprint())
    except KeyReused as reused:
        return _refuse(form, reused.message, str(uuid4()))
    if isinstance(begun, Replay):
        return _leave(replayed(begun))
    if begun.progress:
        return _leave(checkout.resume(begun))
    return _place(begun, form, key)


def _fill_in(form: CheckoutForm) -> None:
    """Enter what an account knows: the address that was chosen, else the one to offer first."""
    if signed_in() is None:
        return
    account = current_account()
    form.email.data, form.name.data = account.email, account.name
    wanted = request.args.get("address", "")
    chosen = next((each for each in account.addresses if each.id == wanted), None)
    entry = chosen or account.default_address
    if entry is not None and entry.address.country in current_market().countries:
        form.fill(entry.address)


def _addresses() -> tuple[SavedAddress, ...]:
    """What the account's address book has for this market."""
    if signed_in() is None:
        return ()
    countries = current_market().countries
    return tuple(each for each in current_account().addresses if each.address.country in countries)


def _keep_address(form: CheckoutForm) -> None:
    """Put the address into the account's book, if that was asked for and there is room."""
    account_id = signed_in_id()
    if account_id is not None and form.keep_address.data:
        with suppress(AddressBookFull):
            service(AddressBook).add(account_id, form.address())


def _place(claimed: Claimed, form: CheckoutForm, key: str) -> BaseResponse:
    market = current_market()
    checkout = service(CheckoutService)
    cart = _cart(form)
    quote = _quote(form, cart)
    try:
        _check_cart(cart)
        check_shipping(form, quote)
    except Invalid as refusal:
        checkout.release(claimed)
        _mark(form, refusal)
        return _refuse(form, refusal.message, key)
    purchase = Purchase(
        cart=cart,
        market=market,
        quote=quote,
        email=form.email.data or "",
        address=form.address(),
        gateway=form.gateway.data or "",
        wants_twice=bool(request.form.get(_TWICE_FIELD)),
        account_id=signed_in_id(),
        customer=current_customer(form.email.data or ""),
    )
    try:
        answer = checkout.place(claimed, purchase)
        _keep_address(form)
        return _leave(answer)
    except Invalid as refusal:
        _mark(form, refusal)
        twin = refusal.number if isinstance(refusal, MaybePaidAlready) else ""
        return _refuse(form, refusal.message, str(uuid4()), twin)


def _cart(form: CheckoutForm) -> PricedCart:
    """The cart as it is priced for whoever the form says is buying."""
    customer = current_customer(known_email(form))
    return service(CartService).view(current_cart_id(), current_market(), customer)


def _check_cart(cart: PricedCart) -> None:
    """Refuse an empty cart, one that cannot be sold, and one the shopper has not seen."""
    if not cart.lines:
        raise Invalid("Your cart is empty.")
    if not cart.ready:
        raise Invalid("Something in your cart can no longer be sold. Please look at your cart.")
    seen = request.form.get(_SEEN_FIELD, "")
    if seen and seen != shown(cart, current_market()):
        refused = [each for each in cart.discounts.coupons if not each.applied]
        raise CartChanged(" ".join(f"Code {each.code}: {each.note}" for each in refused))


def _payload_fingerprint() -> str:
    """What was posted, without the fields that differ between repeats of one request."""
    fields = sorted(request.form.items(multi=True))
    return fingerprint([pair for pair in fields if pair[0] not in {CSRF_FIELD, _KEY_FIELD}])


def _form(data: MultiDict[str, str] | None) -> CheckoutForm:
    market = current_market()
    return checkout_form(market, service(PaymentService).offered(market.gateways), data)


def _quote(form: CheckoutForm, cart: PricedCart) -> Quote:
    return quote_cart(cart, current_market(), destination(form), form.shipping_method.data or "")


def _mark(form: CheckoutForm, refusal: Invalid) -> None:
    for name, message in refusal.fields.items():
        if name in form:
            form[name].errors = [message]


def _refuse(form: CheckoutForm, warning: str, key: str, twin: str = "") -> Response:
    cart = _cart(form)
    return _render(form, cart, fragment="checkout", status=422, warning=warning, key=key, twin=twin)


def _render(
    form: CheckoutForm,
    cart: PricedCart,
    *,
    fragment: str,
    status: int = 200,
    warning: str = "",
    key: str = "",
    twin: str = "",
) -> Response:
    quote = _quote(form, cart)
    if status != 200 and not quote.is_deliverable:
        _mark(form, NotDelivered())
    offer_shipping(form, quote)
    too_small = _too_small(form, quote)
    if status == 200 and fragment == "summary" and "gateway" not in request.args:
        _prefer_gateway(form, too_small)
    response = page(
        "checkout/checkout.html",
        fragment,
        status,
        form=form,
        cart=cart,
        quote=quote,
        too_small=too_small,
        changed=request.args.get(_CHANGED, "") if wants_fragment() else "",
        seen_cart=shown(cart, current_market()),
        warning=warning,
        idempotency_key=key or str(uuid4()),
        twin=twin,
        signed_in=signed_in() is not None,
        addresses=_addresses(),
    )
    return private(response)


def _too_small(form: CheckoutForm, quote: Quote) -> dict[str, str]:
    """What to say beside each gateway that takes no total as small as this."""
    payments = service(PaymentService)
    return {
        name: f"Takes no less than {format_money(payments.minimum(name, quote.totals.total))}."
        for name in form.gateways
        if not payments.takes(name, quote.totals.total)
    }


def _prefer_gateway(form: CheckoutForm, too_small: Container[str]) -> None:
    """Choose the first gateway that can take the total."""
    able = [name for name in form.gateways if name not in too_small]
    if able and form.gateway.data not in able:
        form.gateway.data = able[0]


def _leave(answer: Answer) -> BaseResponse:
    response = leave_to(answer.location)
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    response.headers["Cache-Control"] = "no-store"
    return response
