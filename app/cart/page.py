"""The cart's page, for whoever changes the cart."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, g
from werkzeug.wrappers import Response as BaseResponse

from app.cart.context import current_cart_id, current_customer, hand_back
from app.cart.models import PricedCart
from app.cart.service import CartService
from app.cart.taxing import contained_tax
from app.identity.context import signed_in_id
from app.markets.context import current_market, format_money
from app.shared.texts import Text
from app.web.registry import service
from app.web.rendering import page, private, see_other, wants_fragment


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeField:
    """A field for a code as it was typed, and what is wrong with it."""

    typed: str = ""
    error: str = ""


def guessed(_: Response) -> bool:
    """Whether a request counts as guessing: there is no such code."""
    return bool(g.get("guessed"))


def current_cart() -> PricedCart:
    """The cart of this request, with today's prices."""
    return service(CartService).view(current_cart_id(), current_market(), current_customer())


def changed(cart: PricedCart, *, gone: bool = False) -> BaseResponse:
    """The answer to a change that was made. ``gone``: what was pressed is no longer there, so that
    the page's heading takes the focus."""
    if not wants_fragment():
        return see_other("/cart")
    return cart_page(cart, gone=gone, said=_in_short(cart))


def _in_short(cart: PricedCart) -> str:
    if not cart.lines:
        return Text("Your cart is empty.")
    return Text(
        "Your cart is changed: %(num)s in all, %(sum)s",
        num=cart.count,
        sum=format_money(cart.subtotal - cart.discount),
    )


def cart_page(
    cart: PricedCart,
    errors: dict[str, str] | None = None,
    status: int = 200,
    *,
    notice: str = "",
    coupon: CodeField | None = None,
    gift_card: CodeField | None = None,
    gone: bool = False,
    said: str = "",
) -> Response:
    """The page; ``errors`` are beside lines, by their ids, ``said`` is read out."""
    account_id = signed_in_id()
    receipt = service(CartService).open_receipt(account_id) if account_id else None
    response = page(
        "cart/cart.html",
        ("cart", "badge_oob"),
        status,
        said=said,
        gone=gone,
        cart=cart,
        count=cart.count,
        errors=errors or {},
        notice=notice,
        coupon=coupon or CodeField(),
        gift_card=gift_card or CodeField(),
        in_account=account_id is not None,
        receipt=receipt,
        contained=contained_tax(cart, current_market()),
    )
    if receipt and receipt.undone_at:
        hand_back(receipt)
    return private(response)
