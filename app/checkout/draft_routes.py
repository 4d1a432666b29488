"""The link of a draft order, and the checkout of its cart.

The link's token goes along as a field of every form of that checkout. It names the cart in the
place of the browser's own, which stays as it is.
"""

from __future__ import annotations

from flask import Blueprint, g, request
from werkzeug.wrappers import Response as BaseResponse

from app.drafts.errors import DraftOver
from app.drafts.models import Draft, DraftState
from app.drafts.service import DraftService
from app.markets.service import MarketService
from app.shared.errors import NotFound
from app.shared.texts import Text
from app.web.errors import error_page
from app.web.registry import service
from app.web.rendering import see_other

blueprint = Blueprint("drafts", __name__, url_prefix="/checkout/draft")
FIELD = "draft"


@blueprint.get("/<token>")
def show(token: str) -> BaseResponse:
    """The checkout of the draft's cart."""
    response = see_other(f"/checkout?{FIELD}={_draft(token).token}")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def current_draft() -> Draft | None:
    """The draft order that this request is about, or None."""
    draft: Draft | None = g.get("draft")
    return draft


def enter_draft() -> BaseResponse | None:
    """Before each request of the checkout: take the cart and the market of the draft that it
    names. One that is over says so."""
    token = request.values.get(FIELD, "")
    if not token:
        return None
    draft = _draft(token)
    if draft.state is DraftState.PAID:
        return error_page(
            409, Text("This order has been placed and paid. Its confirmation came by e-mail.")
        )
    if draft.is_over:
        return error_page(409, DraftOver().message)
    g.draft, g.cart_id = draft, draft.cart_id
    g.market = service(MarketService).get(draft.market)
    return None


def checkout_path() -> str:
    """The address of the checkout that this request is about."""
    draft = current_draft()
    return f"/checkout?{FIELD}={draft.token}" if draft else "/checkout"


def _draft(token: str) -> Draft:
    draft = service(DraftService).find_by_token(token)
    if draft is None:
        raise NotFound(Text("There is no offer behind this link. Please check it, or ask us."))
    return draft
