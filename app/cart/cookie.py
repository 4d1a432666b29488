"""The signed cookie that names a guest's cart."""

from __future__ import annotations

from flask import Flask, current_app, g, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response as BaseResponse

from app.shared.ids import CartId

COOKIE = "mossx_cart"
LIFETIME = 60 * 24 * 3600


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="cart")


def current_cart_id() -> CartId | None:
    """The cart this browser holds, or None. A forged cookie is no cookie."""
    if "cart_id" not in g:
        try:
            value = _serializer().loads(request.cookies.get(COOKIE, ""))
        except BadSignature:
            value = None
        g.cart_id = value if isinstance(value, str) else None
    return CartId(g.cart_id) if g.cart_id else None


def remember_cart(response: BaseResponse, cart_id: CartId) -> None:
    """Name the cart in the browser for as long as it lives after its last use."""
    response.set_cookie(
        COOKIE,
        str(_serializer().dumps(cart_id)),
        max_age=LIFETIME,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )


def _has_cart() -> dict[str, bool]:
    return {"has_cart": current_cart_id() is not None}


def init_app(app: Flask) -> None:
    """Tell templates whether there is a cart to show a badge for."""
    app.context_processor(_has_cart)
