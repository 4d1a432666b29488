"""Gift cards to pay with: entered and removed beside the cart or at the checkout."""

from __future__ import annotations

from flask import Blueprint, g, request
from werkzeug.wrappers import Response as BaseResponse

from app.cart.context import current_cart_id
from app.cart.page import CodeField, cart_page, changed, current_cart, guessed
from app.cart.service import CartService
from app.checkout.draft_routes import checkout_path, enter_draft
from app.checkout.page import gift_cards_changed
from app.credit.errors import FIELD, UnknownGiftCard
from app.credit.rules import MOST_CARDS
from app.credit.service import CreditService
from app.markets.context import current_market
from app.shared.errors import Invalid, NotFound
from app.shared.ids import CreditId
from app.shared.texts import Text
from app.web.limits import limiter
from app.web.registry import service
from app.web.rendering import see_other, wants_fragment
from app.web.visitor import ensure_visitor

blueprint = Blueprint("gift_cards", __name__, url_prefix="/cart/gift-cards")
blueprint.before_request(enter_draft)


@blueprint.post("")
@limiter.limit("60 per 15 minutes", deduct_when=guessed)
@limiter.limit("10 per 15 minutes", key_func=ensure_visitor, deduct_when=guessed)
def add() -> BaseResponse:
    """Enter a card's code. A refusal says why beside the field, and changes nothing."""
    typed = request.form.get(FIELD, "")
    try:
        card = service(CreditService).usable(typed, current_market().currency)
        service(CartService).add_gift_card(current_cart_id(), card.id, MOST_CARDS)
    except (Invalid, NotFound) as refusal:
        g.guessed = isinstance(refusal, UnknownGiftCard)
        empty = Text("Your cart is empty. Please put something in it first.")
        error = empty if isinstance(refusal, NotFound) else refusal.message
        entry = CodeField(typed=typed[:60], error=error)
        if _at_checkout():
            return gift_cards_changed(entry)
        return cart_page(current_cart(), status=422, gift_card=entry)
    return _done()


@blueprint.post("/removal")
def remove() -> BaseResponse:
    """Take a card off the cart, again and again if asked."""
    card = CreditId(request.form.get("card", "")[:200])
    service(CartService).remove_gift_card(current_cart_id(), card)
    return _done(gone=True)


def _at_checkout() -> bool:
    return request.form.get("at") == "checkout"


def _done(*, gone: bool = False) -> BaseResponse:
    if not _at_checkout():
        return changed(current_cart(), gone=gone)
    return gift_cards_changed(gone=gone) if wants_fragment() else see_other(checkout_path())
