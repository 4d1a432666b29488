"""The signed cookie that names a guest's cart."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer

from app.cart.rules import is_account_cart
from app.identity.context import may_be_signed_in
from app.shared.ids import CartId
from app.shared.shop_keys import ShopKeys
from app.web.page_cache import is_shared, shared_cart_hint
from app.web.registry import service

COOKIE = "mossx_cart"
LIFETIME = 60 * 24 * 3600


def _serializer(keys: list[str]) -> URLSafeSerializer:
    return URLSafeSerializer(keys, salt="cart")


def _is_old(sent: str) -> bool:
    """Whether a good cookie is to be replaced, before its key is gone."""
    newest = _serializer([service(ShopKeys).newest])
    return not newest.loads_unsafe(sent)[0]


def sent_cart_id() -> CartId | None:
    """The guest's cart that the browser named, or None. A forged cookie is no cookie."""
    try:
        value = _serializer(service(ShopKeys).for_signer()).loads(request.cookies.get(COOKIE, ""))
    except BadSignature:
        return None
    return CartId(value) if isinstance(value, str) and value else None


def guest_cart_id() -> CartId | None:
    """The guest's cart that the browser holds once it has this answer, or None."""
    if "guest_cart_id" not in g:
        g.guest_cart_id = sent_cart_id()
        if g.guest_cart_id and _is_old(request.cookies[COOKIE]):
            remember_cart(g.guest_cart_id)
    return CartId(g.guest_cart_id) if g.guest_cart_id else None


def remember_cart(cart_id: CartId) -> None:
    """Name a guest's cart in the browser, with this answer, for as long as the cart lives."""
    if not is_account_cart(cart_id):
        g.guest_cart_id = g.cart_to_name = cart_id


def forget_cart() -> None:
    """Take the name from the browser with this answer."""
    g.guest_cart_id, g.cart_to_name = None, ""


def _send(response: Response) -> Response:
    if g.get("cart_to_name"):
        response.set_cookie(
            COOKIE,
            str(_serializer(service(ShopKeys).for_signer()).dumps(g.cart_to_name)),
            max_age=LIFETIME,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    elif "cart_to_name" in g:
        response.delete_cookie(
            COOKIE,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return response


def _has_cart() -> dict[str, bool]:
    if is_shared():
        return {"has_cart": shared_cart_hint()}
    return {"has_cart": may_be_signed_in() or guest_cart_id() is not None}


def init_app(app: Flask) -> None:
    """Tell templates whether there may be a cart to show a badge for, and send the cookie."""
    app.context_processor(_has_cart)
    app.after_request(_send)
