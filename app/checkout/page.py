"""The checkout page, as its form says, for whoever changes what is on it."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from flask import Response, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from app.cart.context import current_cart_id, current_customer
from app.cart.models import PricedCart
from app.cart.page import CodeField
from app.cart.service import CartService
from app.checkout.crediting import Crediting, Sources
from app.checkout.draft_routes import checkout_path, current_draft
from app.checkout.errors import CartChanged
from app.checkout.forms import (
    CheckoutForm,
    checkout_form,
    destination,
    known_email,
    offer_shipping,
)
from app.checkout.rules import Quote, fingerprint, quote_cart, shown
from app.checkout.service import CheckoutService
from app.credit.rules import CreditPlan
from app.identity.context import current_account, signed_in, signed_in_id
from app.identity.models import SavedAddress
from app.markets.context import current_market, format_money
from app.payments.service import PaymentService
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.web.errors import error_page
from app.web.registry import service
from app.web.rendering import leave_to, page, private, wants_fragment

_COUNTRY, _GATEWAY = "country", "gateway"
_CHANGED = "changed"  # what was changed when the page asks for the sums
_SEEN_PAYMENT, _SEEN_SHIPPING = "seen_payment", "seen_shipping"
_SEEN_CART = "seen_cart"
TWICE_FIELD = "twice"  # set by the page once it has warned of an order alike
SUMMARY = ("summary", "payment", "go")


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What a form's shopper is to pay, and with what."""

    cart: PricedCart
    quote: Quote
    sources: Sources
    plan: CreditPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class CardsPart:
    """What the part of gift cards shows beside them. ``gone``: the one whose button was pressed is
    no longer there."""

    code: CodeField = field(default_factory=CodeField)
    gone: bool = False
    news: str = ""


def read_form(data: MultiDict[str, str], *, posted: bool = False) -> CheckoutForm:
    """The form as filled in; a new one, with what an account knows, if it was neither ``posted``
    nor filled in."""
    market = current_market()
    offered = service(PaymentService).offered(market.gateways)
    if posted or _COUNTRY in data:
        return checkout_form(market, offered, data)
    form = checkout_form(market, offered)
    _fill_in(form)
    return form


def _fill_in(form: CheckoutForm) -> None:
    """Enter what a draft order says, or what an account knows: the address that was chosen, else
    the one to offer first."""
    draft = current_draft()
    if draft is not None and (draft.email or draft.address) and "address" not in request.args:
        form.email.data = draft.email
        if draft.address is not None:
            form.fill(draft.address)
        return
    if signed_in() is None:
        return
    account = current_account()
    form.email.data, form.name.data = account.email, account.name
    wanted = request.args.get("address", "")
    chosen = next((each for each in account.addresses if each.id == wanted), None)
    entry = chosen or account.default_address
    if entry is not None and entry.address.country in current_market().countries:
        form.fill(entry.address)


def make_bill(form: CheckoutForm) -> Bill:
    """Price the cart for whoever the form says is buying, and leave out of the form what this
    order does not need: shipping where nothing is shipped, a gateway where nothing is due."""
    market = current_market()
    customer = current_customer(known_email(form))
    cart = service(CartService).view(current_cart_id(), market, customer)
    quote = quote_cart(cart, market, destination(form), form.shipping_method.data or "")
    crediting = service(Crediting)
    sources = crediting.sources(cart, signed_in_id())
    plan = crediting.plan(
        cart, quote.totals.total, sources, market, with_store=bool(form.use_store_credit.data)
    )
    form.quote = quote
    if not cart.ships:
        del form.shipping_method
    if not plan.due:
        del form.gateway
    return Bill(cart=cart, quote=quote, sources=sources, plan=plan)


def checkout_page(
    form: CheckoutForm,
    bill: Bill,
    *,
    fragment: str | tuple[str, ...],
    status: int = 200,
    warning: str = "",
    key: str = "",
    twin: str = "",
    cards: CardsPart | None = None,
) -> Response:
    """The page; for htmx its ``fragment``."""
    cards = cards or CardsPart()
    if bill.cart.ships:
        offer_shipping(form, bill.quote)
    too_small = _too_small(form, bill)
    if status == 200 and _GATEWAY not in request.values:
        _prefer_gateway(form, too_small)
    ways, sent = _ways_to_pay(form, bill, too_small), _ways_to_send(bill)
    # A part that says the same is left alone: whoever is choosing there at this moment would lose
    # the choice by a late answer.
    pays_otherwise = request.values.get(_SEEN_PAYMENT) != ways
    if fragment == SUMMARY and not pays_otherwise:
        fragment = "summary"
    response = page(
        "checkout/checkout.html",
        fragment,
        status,
        said=_to_pay(bill) if status == 200 else "",
        form=form,
        cart=bill.cart,
        quote=bill.quote,
        sources=bill.sources,
        plan=bill.plan,
        too_small=too_small,
        seen_payment=ways,
        seen_shipping=sent,
        **_news(sent),
        seen_cart=shown(bill.cart, current_market()),
        warning=warning,
        idempotency_key=key or str(uuid4()),
        twin=twin,
        draft=current_draft(),
        checkout_url=checkout_path(),
        gift_card=cards.code,
        card_news=cards.news,
        gone=cards.gone,
        signed_in=signed_in() is not None,
        addresses=_addresses(),
        # What is beside the target of a change is swapped as well.
        beside=wants_fragment() and fragment != "checkout",
        renewed=wants_fragment() and "gift_cards" in fragment,
    )
    return private(response)


def _to_pay(bill: Bill) -> str:
    """What a change comes to, to be read out."""
    return Text("Now to pay: %(amount)s", amount=format_money(bill.plan.due))


def _news(sent: str) -> dict[str, bool]:
    """Which parts beside the one that was asked for a change has made another."""
    changed = request.args.get(_CHANGED) if wants_fragment() else None
    return {
        "new_places": changed == _COUNTRY,
        "new_shipping": changed is not None and request.args.get(_SEEN_SHIPPING) != sent,
    }


def _ways_to_pay(form: CheckoutForm, bill: Bill, too_small: Mapping[str, str]) -> str:
    """What the page offers to pay with, to tell whether the next one would offer the same."""
    store = [(each.id, each.free.minor) for each in bill.sources.store]
    return fingerprint(store, bool(bill.plan.due), form.gateways, sorted(too_small))


def _ways_to_send(bill: Bill) -> str:
    """The same of shipping."""
    return fingerprint([(each.code, each.price.minor) for each in bill.quote.shipping_choices])


def _too_small(form: CheckoutForm, bill: Bill) -> dict[str, str]:
    """What to say beside each gateway that takes no amount as small as is due."""
    payments, due = service(PaymentService), bill.plan.due
    return {
        name: Text(
            "Takes no less than %(amount)s.", amount=format_money(payments.minimum(name, due))
        )
        for name in (form.gateways if due else ())
        if not payments.takes(name, due)
    }


def _prefer_gateway(form: CheckoutForm, too_small: Container[str]) -> None:
    """Choose the first gateway that can take what is due."""
    able = [name for name in form.gateways if name not in too_small]
    if _GATEWAY in form and able and form.gateway.data not in able:
        form.gateway.data = able[0]


def check_cart(cart: PricedCart) -> None:
    """Refuse an empty cart, one that cannot be sold, and one the shopper has not seen."""
    if not cart.lines:
        raise Invalid(service(CheckoutService).why_empty(cart))
    if not cart.ready:
        raise Invalid(
            Text("Something in your cart can no longer be sold. Please look at your cart.")
        )
    seen = request.form.get(_SEEN_CART, "")
    if seen and seen != shown(cart, current_market()):
        refused = [each for each in cart.discounts.coupons if not each.applied]
        raise CartChanged(
            " ".join(
                str(Text("Code %(code)s: %(note)s", code=each.code, note=each.note))
                for each in refused
            )
        )


def leave_checkout() -> BaseResponse:
    """Away from where nothing can be ordered: the cart says why. A draft's cannot be changed."""
    if current_draft() is None:
        return leave_to("/cart")
    return error_page(
        409,
        Text(
            "Something of this offer can no longer be sold like this. Please ask us for a new one."
        ),
    )


def _addresses() -> tuple[SavedAddress, ...]:
    """What the account's address book has for this market."""
    if signed_in() is None:
        return ()
    countries = current_market().countries
    return tuple(each for each in current_account().addresses if each.address.country in countries)
