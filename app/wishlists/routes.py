"""The wishlist's pages and forms."""

from __future__ import annotations

from urllib.parse import urljoin

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.config import Settings
from app.identity.context import current_principal, signed_in_id
from app.markets.context import current_market
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.texts import Text
from app.web.limits import limiter
from app.web.registry import service
from app.web.rendering import page, private, see_other, wants_fragment
from app.wishlists.context import current_list_id
from app.wishlists.models import Wishlist
from app.wishlists.rules import WishlistFull
from app.wishlists.service import WishlistService

blueprint = Blueprint("wishlists", __name__, url_prefix="/wishlist")


@blueprint.get("")
def show() -> Response:
    """What somebody would like to have."""
    return _list_page()


@blueprint.post("/items")
@limiter.limit("300 per hour")
def add() -> BaseResponse:
    """Put a variant on the list; again changes nothing."""
    try:
        title = service(WishlistService).add(current_list_id(), _sku())
    except WishlistFull as refusal:
        return _added(422, refusal=refusal)
    return _added(title=title) if wants_fragment() else see_other("/wishlist")


def _added(status: int = 200, title: str = "", refusal: Invalid | None = None) -> Response:
    message = refusal.message if refusal else ""
    return private(page("wishlists/add.html", "added", status, title=title, refusal=message))


@blueprint.post("/items/removal")
def remove() -> BaseResponse:
    """Take a variant off the list."""
    service(WishlistService).remove(current_list_id(), _sku())
    return _changed()


@blueprint.post("/sharing")
def share() -> BaseResponse:
    """Give the account's list an address for others (``shared`` 1), or take it back (0)."""
    account_id = current_principal().account_id
    service(WishlistService).share(account_id, shared=request.form.get("shared") == "1")
    return _changed()


@blueprint.get("/shared/<token>")
def shared(token: str) -> Response:
    """Somebody's list, to look at."""
    wishlist = service(WishlistService).find_shared(token)
    return private(_page("wishlists/shared.html", wishlist))


def _sku() -> Sku:
    return Sku(request.form.get("sku", "").strip()[:200])


def _changed() -> BaseResponse:
    if not wants_fragment():
        return see_other("/wishlist")
    return _list_page(Text("Your wishlist is changed."))


def _list_page(said: str = "") -> Response:
    wishlist = service(WishlistService).find(current_list_id())
    return private(_page("wishlists/wishlist.html", wishlist, said))


def _page(template: str, wishlist: Wishlist, said: str = "") -> Response:
    path = f"/wishlist/shared/{wishlist.share_token}" if wishlist.share_token else ""
    return page(
        template,
        "wishlist",
        said=said,
        wishes=service(WishlistService).wishes(wishlist, current_market()),
        in_account=signed_in_id() is not None,
        share_url=urljoin(service(Settings).base_url, path) if path else "",
    )
