"""What is left on a gift card."""

from __future__ import annotations

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from app.cart.page import CodeField, guessed
from app.credit.errors import FIELD, GiftCardRefused, UnknownGiftCard
from app.credit.service import CreditService
from app.markets.context import format_day, format_money
from app.shared.texts import Text
from app.web.limits import limiter
from app.web.memory import leave_message
from app.web.registry import service
from app.web.rendering import page, private, see_other
from app.web.visitor import ensure_visitor

blueprint = Blueprint("credit", __name__, url_prefix="/gift-cards")


@blueprint.get("")
def show() -> Response:
    """The form to ask."""
    return _page(CodeField())


@blueprint.post("/balance")
@limiter.limit("60 per 15 minutes", deduct_when=guessed)
@limiter.limit("10 per 15 minutes", key_func=ensure_visitor, deduct_when=guessed)
def balance() -> BaseResponse:
    """Say what is left on the card with this code."""
    typed = request.form.get(FIELD, "")
    try:
        card = service(CreditService).look_up(typed)
    except GiftCardRefused as refusal:
        g.guessed = isinstance(refusal, UnknownGiftCard)
        return _page(CodeField(typed=typed[:60], error=refusal.message), 422)
    left, held = format_money(card.available), format_money(card.held)
    if card.held:
        text = Text(
            "%(card)s has %(left)s left, %(held)s more are set aside for an order.",
            card=card.label,
            left=left,
            held=held,
        )
    else:
        text = Text("%(card)s has %(left)s left.", card=card.label, left=left)
    leave_message(text)
    if card.good_until is not None:
        leave_message(Text("It can be spent until %(day)s.", day=format_day(card.good_until)))
    return see_other("/gift-cards")


def _page(entry: CodeField, status: int = 200) -> Response:
    return private(page("credit/balance.html", "content", status, gift_card=entry))
