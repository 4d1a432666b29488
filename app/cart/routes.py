"""The cart's pages and forms."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from app.cart.cookie import current_cart_id, remember_cart
from app.cart.models import PricedCart
from app.cart.rules import parse_quantity
from app.cart.service import CartService
from app.markets.context import current_market
from app.shared.errors import Invalid, NotFound
from app.shared.ids import LineId, Sku
from app.web.registry import service
from app.web.rendering import page, private, see_other, wants_fragment

blueprint = Blueprint("cart", __name__, url_prefix="/cart")


@blueprint.get("")
def show() -> Response:
    """The cart with today's prices; what changed since it was filled is said once."""
    carts = service(CartService)
    cart = carts.view(current_cart_id(), current_market())
    response = _cart_page(cart)
    if cart.lines:
        carts.accept_prices(cart)
    return response


@blueprint.get("/badge")
def badge() -> Response:
    """How many units are in the cart, for the header."""
    count = service(CartService).count(current_cart_id())
    return private(page("cart/badge.html", "badge", count=count))


@blueprint.post("/items")
def add_item() -> BaseResponse:
    """Add a variant. Refusals keep what was typed and change nothing."""
    typed = request.form.get("quantity", "1")
    sku = Sku(request.form.get("sku", "").strip()[:200])
    carts = service(CartService)
    try:
        quantity = parse_quantity(typed, least=1)
        cart_id, line, cart = carts.add(current_cart_id(), sku, quantity, current_market())
    except Invalid as refusal:
        return _refuse(sku, typed, refusal)
    response: BaseResponse = (
        private(
            page(
                "cart/add.html",
                ("added", "badge_oob"),
                line=line,
                cart=cart,
                count=cart.count,
                product_title=line.title,
                sku=sku,
                quantity=typed,
                errors={},
            )
        )
        if wants_fragment()
        else see_other("/cart")
    )
    remember_cart(response, cart_id)
    return response


def _refuse(sku: Sku, typed: str, refusal: Invalid) -> Response:
    title = service(CartService).title_of(sku)
    return private(
        page(
            "cart/add.html",
            "form",
            422,
            line=None,
            cart=None,
            count=0,
            product_title=title,
            sku=sku,
            quantity=typed[:20],
            errors=refusal.fields or {"quantity": refusal.message},
        )
    )


@blueprint.post("/items/<line_id>")
def change_item(line_id: str) -> BaseResponse:
    """Set a line's quantity; 0 removes the line."""
    carts = service(CartService)
    typed = request.form.get("quantity", "")
    try:
        quantity = parse_quantity(typed, least=0)
        cart = carts.set_quantity(current_cart_id(), LineId(line_id), quantity, current_market())
    except Invalid as refusal:
        cart = carts.view(current_cart_id(), current_market())
        if all(line.id != line_id for line in cart.lines):
            raise NotFound("This line is no longer in your cart.") from refusal
        return _cart_page(cart, {line_id: refusal.message}, 422)
    return _cart_page(cart) if wants_fragment() else see_other("/cart")


def _cart_page(
    cart: PricedCart, errors: dict[str, str] | None = None, status: int = 200
) -> Response:
    response = page(
        "cart/cart.html",
        ("cart", "badge_oob"),
        status,
        cart=cart,
        count=cart.count,
        errors=errors or {},
        notice="",
    )
    return private(response)
