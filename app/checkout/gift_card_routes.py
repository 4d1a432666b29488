"""Gift cards to pay with: entered and removed beside the cart or at the checkout."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, g, request
from flask_limiter import RateLimitExceeded
from werkzeug.wrappers import Response as BaseResponse

from app.cart.context import current_cart_id
from app.cart.models import PricedCart
from app.cart.page import CodeField, cart_page, changed, current_cart, guessed
from app.cart.service import CartService
from app.checkout.draft_routes import enter_draft
from app.checkout.page import (
    SUMMARY,
    TWICE_FIELD,
    CardsPart,
    check_cart,
    checkout_page,
    leave_checkout,
    make_bill,
    read_form,
)
from app.credit.errors import FIELD, UnknownGiftCard
from app.credit.rules import MOST_CARDS
from app.credit.service import CreditService
from app.markets.context import current_market, format_money
from app.shared.errors import Invalid, NotFound
from app.shared.ids import CreditId
from app.shared.texts import Text
from app.web.limits import limiter, until_next_try
from app.web.registry import service
from app.web.rendering import wants_fragment
from app.web.visitor import ensure_visitor

blueprint = Blueprint("gift_cards", __name__, url_prefix="/cart/gift-cards")
blueprint.before_request(enter_draft)
_GUESSES = "gift card codes"  # counted together, wherever they are typed
_PARTS = ("gift_cards", *SUMMARY)


@blueprint.post("")
def add() -> BaseResponse:
    """Enter a card's code. A refusal says why beside the field, and changes nothing."""
    typed = request.form.get(FIELD, "")
    if _at_checkout():
        return _entered_at_checkout(typed, _PARTS)
    refused = _enter(typed)
    if refused:
        return cart_page(current_cart(), status=422, gift_card=refused)
    return changed(current_cart())


@blueprint.post("/removal")
def remove() -> BaseResponse:
    """Take a card off the cart, again and again if asked."""
    card = CreditId(request.form.get("card", "")[:200])
    service(CartService).remove_gift_card(current_cart_id(), card)
    if not _at_checkout():
        return changed(current_cart(), gone=True)
    half_typed = CodeField(typed=request.form.get(FIELD, "")[:60])
    return _checkout_as_typed(_PARTS, CardsPart(code=half_typed, gone=True))


def card_before_order(typed: str) -> BaseResponse:
    """The answer to the order's button while a code is typed that was not applied: whoever did so
    means to pay with it."""
    way_on = Text("To go on without a gift card, leave the field empty.")
    return _entered_at_checkout(typed, "checkout", way_on)


@limiter.shared_limit("60 per 15 minutes", _GUESSES, deduct_when=guessed)
@limiter.shared_limit("10 per 15 minutes", _GUESSES, key_func=ensure_visitor, deduct_when=guessed)
def _enter(typed: str) -> CodeField | None:
    """Pay with the card that has this code, or say what is wrong with it."""
    try:
        card = service(CreditService).usable(typed, current_market().currency)
        service(CartService).add_gift_card(current_cart_id(), card.id, MOST_CARDS)
    except (Invalid, NotFound) as refusal:
        g.guessed = isinstance(refusal, UnknownGiftCard)
        empty = Text("Your cart is empty. Please put something in it first.")
        error = empty if isinstance(refusal, NotFound) else refusal.message
        return CodeField(typed=typed[:60], error=error)
    return None


def _entered_at_checkout(
    typed: str, fragment: str | tuple[str, ...], way_on: str = ""
) -> BaseResponse:
    status, wait = 422, 0
    try:
        refused = _enter(typed)
    except RateLimitExceeded:
        if wants_fragment() or not current_cart().lines:
            raise  # above a page that stays, or where there is nothing to lose
        message, wait = until_next_try()
        refused, status = CodeField(typed=typed[:60], error=message), 429
    if refused is None:
        return _checkout_as_typed(fragment, CardsPart())
    refused = replace(refused, error=f"{refused.error} {way_on}".rstrip())
    response = _checkout_as_typed(fragment, CardsPart(code=refused), status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _checkout_as_typed(
    fragment: str | tuple[str, ...], cards: CardsPart, status: int = 200
) -> BaseResponse:
    """The checkout with everything that was typed, its new sums and a key that is new: nothing was
    ordered."""
    form = read_form(request.form)
    bill = make_bill(form)
    if not bill.cart.lines:
        return leave_checkout()
    warning = _objection(bill.cart)
    if status == 200 and warning:
        status = 422
    if status == 200 and not wants_fragment():
        due = format_money(bill.plan.due)
        news = Text("Now to pay: %(amount)s. Nothing is ordered yet.", amount=due)
        cards = replace(cards, news=news)
    return checkout_page(
        form,
        bill,
        fragment=fragment,
        status=status,
        warning=warning,
        twin=request.form.get(TWICE_FIELD, ""),
        cards=cards,
    )


def _objection(cart: PricedCart) -> str:
    """What is to be said of the cart before anything is ordered."""
    try:
        check_cart(cart)
    except Invalid as refusal:
        return refusal.message
    return ""


def _at_checkout() -> bool:
    return request.form.get("at") == "checkout"
