"""Recommendations for one shopper: fragments of pages, and pages of their own."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.cart.context import current_cart_id
from app.cart.service import CartService
from app.identity.context import signed_in_id
from app.markets.context import current_market
from app.orders.models import Order, OrderState
from app.orders.service import OrderService
from app.recommendations.models import Ground, Recommended, Tastes
from app.recommendations.service import RecommendationService
from app.shared.ids import ProductId
from app.shared.texts import Text
from app.web.memory import recently_viewed
from app.web.registry import service
from app.web.rendering import page, private

blueprint = Blueprint("recommendations", __name__, url_prefix="/recommendations")
_MOST_BOUGHT = 12  # products of past orders that are looked at
_HEADINGS = {
    Ground.BESTSELLING: Text("Bestsellers"),
    Ground.FEATURED: Text("Featured"),
    Ground.NEW: Text("New in the shop"),
}
_MORE = Text("More to discover")


@blueprint.get("/for-you")
def for_you() -> Response:
    """What this visitor may like; ``besides=cart`` leaves out what stands beside the cart."""
    cart = _cart()
    recommendations = service(RecommendationService)
    beside: Recommended | None = None
    if cart and request.args.get("besides") == "cart":
        beside = recommendations.for_cart(cart, current_market())
    tastes = Tastes(
        cart=cart, viewed=tuple(ProductId(each) for each in recently_viewed()), bought=_bought()
    )
    besides = beside.product_ids if beside else ()
    found = recommendations.for_shopper(tastes, current_market(), besides)
    is_more = beside is not None and beside.ground is found.ground  # no two shelves of one name
    return _answer(found, Text("For you"), "for-you", is_more=is_more)


@blueprint.get("/for-cart")
def for_cart() -> Response:
    """What goes well with the things in this visitor's cart; nothing for an empty one."""
    cart = _cart()
    if not cart:
        return for_you()
    found = service(RecommendationService).for_cart(cart, current_market())
    return _answer(found, Text("Goes well with what is in your cart"), "for-cart")


def _answer(found: Recommended, personal: str, name: str, *, is_more: bool = False) -> Response:
    heading = _HEADINGS.get(found.ground, personal)
    if is_more and found.ground in _HEADINGS:
        heading = _MORE
    return private(
        page(
            "recommendations/for_you.html",
            "recommended",
            heading=heading,
            cards=found.cards,
            name=name,
        )
    )


def _cart() -> tuple[ProductId, ...]:
    """The products in the visitor's cart, the last one added first."""
    cart = service(CartService).find(current_cart_id())
    lines = cart.lines if cart else ()
    return tuple(dict.fromkeys(line.product_id for line in reversed(lines)))


def _bought() -> tuple[ProductId, ...]:
    """What a signed-in shopper bought and kept, the latest first."""
    account_id = signed_in_id()
    if account_id is None:
        return ()
    orders = service(OrderService).of_account(account_id, 1).orders
    names = (
        ProductId(line.product_id) for order in filter(_is_kept, orders) for line in order.lines
    )
    return tuple(dict.fromkeys(names))[:_MOST_BOUGHT]


def _is_kept(order: Order) -> bool:
    return order.state is OrderState.PAID
