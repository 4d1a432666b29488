"""The cart's pages and forms."""

from __future__ import annotations

import re

from flask import Blueprint, Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from app.cart.context import current_cart_id, current_customer, make_room_for
from app.cart.cookie import remember_cart
from app.cart.gift_notes import read_gift_note, typed_gift_note
from app.cart.page import CodeField, cart_page, changed, current_cart, guessed
from app.cart.rules import parse_quantity
from app.cart.service import CartService
from app.catalog.bundles import PART
from app.catalog.pages import CatalogPages
from app.identity.context import signed_in_id
from app.markets.context import current_market
from app.promotions.errors import FIELD, CouponRefused, UnknownCode
from app.shared.errors import Invalid, NotFound
from app.shared.ids import AccountId, LineId, Sku
from app.shared.texts import Text
from app.web.csrf import confirmable
from app.web.limits import limiter
from app.web.registry import service
from app.web.rendering import page, private, see_other, wants_fragment
from app.web.visitor import ensure_visitor

blueprint = Blueprint("cart", __name__, url_prefix="/cart")
_PLACE = re.compile(r"[0-9]{1,3}")


@blueprint.get("")
def show() -> Response:
    """The cart with today's prices; what changed since it was filled is said once."""
    carts = service(CartService)
    cart = carts.view(current_cart_id(), current_market(), current_customer())
    response = cart_page(cart)
    if cart.id is not None:
        remember_cart(cart.id)
    if cart.lines:
        carts.accept_prices(cart)
    return response


@blueprint.get("/badge")
def badge() -> Response:
    """How many units are in the cart, for the header."""
    count = service(CartService).count(current_cart_id())
    return private(page("cart/badge.html", "badge", count=count))


# --- lines ----------------------------------------------------------------------------------------


@blueprint.post("/items")
@confirmable
def add_item() -> BaseResponse:
    """Add a variant. Refusals keep what was typed and change nothing."""
    typed = request.form.get("quantity", "1")
    sku = Sku(request.form.get("sku", "").strip()[:200])
    carts = service(CartService)
    chosen = _chosen_parts()
    try:
        quantity = parse_quantity(typed, least=1)
        note = read_gift_note(sku, request.form)
        cart_id, line, cart = carts.add(
            current_cart_id(), sku, quantity, current_market(), chosen, note
        )
    except Invalid as refusal:
        return _refuse(sku, typed, chosen, refusal)
    remember_cart(cart_id)
    if not wants_fragment():
        return see_other("/cart")
    return private(
        page(
            "cart/add.html",
            ("added", "badge_oob"),
            line=line,
            cart=cart,
            count=cart.count,
            product_title=line.title,
            sku=sku,
            quantity=typed,
            parts=(),
            gift=None,
            errors={},
        )
    )


def _chosen_parts() -> dict[int, str]:
    """What the form says of a bundle's parts, by position."""
    fields = (
        (name.removeprefix(PART), value)
        for name, value in request.form.items()
        if name.startswith(PART)
    )
    return {int(place): sku.strip()[:200] for place, sku in fields if _PLACE.fullmatch(place)}


def _refuse(sku: Sku, typed: str, chosen: dict[int, str], refusal: Invalid) -> Response:
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
            parts=service(CatalogPages).bundle_parts(sku, chosen, current_market()),
            gift=typed_gift_note(request.form),
            errors=refusal.fields or {"quantity": refusal.message},
        )
    )


@blueprint.post("/items/<line_id>")
def change_item(line_id: str) -> BaseResponse:
    """Set a line's quantity; 0 removes the line."""
    carts = service(CartService)
    try:
        quantity = parse_quantity(request.form.get("quantity", ""), least=0)
        cart = carts.set_quantity(
            current_cart_id(), LineId(line_id), quantity, current_market(), current_customer()
        )
    except Invalid as refusal:
        return _refuse_line(line_id, refusal)
    return changed(cart, gone=quantity == 0)


# --- for later ------------------------------------------------------------------------------------


@blueprint.post("/items/<line_id>/saved")
def save_item(line_id: str) -> BaseResponse:
    """Put a line aside for later."""
    try:
        cart = service(CartService).save(
            current_cart_id(), LineId(line_id), current_market(), current_customer()
        )
    except Invalid as refusal:
        return _refuse_line(line_id, refusal)
    return changed(cart, gone=True)


@blueprint.post("/saved/<line_id>/cart")
def take_up_item(line_id: str) -> BaseResponse:
    """Move a saved line back into the cart."""
    try:
        cart = service(CartService).take_up(
            current_cart_id(), LineId(line_id), current_market(), current_customer()
        )
    except Invalid as refusal:
        return _refuse_line(line_id, refusal)
    return changed(cart, gone=True)


@blueprint.post("/saved/<line_id>")
def remove_saved_item(line_id: str) -> BaseResponse:
    """Take a saved line off the list: its quantity can only be set to 0."""
    if request.form.get("quantity", "").strip() != "0":
        return _refuse_line(
            line_id, Invalid(Text("Move it to the cart to change how many you want."))
        )
    cart = service(CartService).remove_saved(
        current_cart_id(), LineId(line_id), current_market(), current_customer()
    )
    return changed(cart, gone=True)


def _refuse_line(line_id: str, refusal: Invalid) -> Response:
    """The cart with the refusal beside its line."""
    cart = current_cart()
    ids = {line.id for line in cart.lines} | {line.id for line in cart.saved}
    if line_id not in ids:
        raise NotFound(Text("This line is no longer in your cart.")) from refusal
    return cart_page(cart, {line_id: refusal.message}, 422)


# --- coupons --------------------------------------------------------------------------------------


@blueprint.post("/coupons")
@limiter.limit("60 per 15 minutes", deduct_when=guessed)
@limiter.limit("10 per 15 minutes", key_func=ensure_visitor, deduct_when=guessed)
def add_coupon() -> BaseResponse:
    """Enter a code. A refusal says why beside the field, and changes nothing."""
    typed = request.form.get(FIELD, "")
    try:
        cart = service(CartService).add_coupon(
            current_cart_id(), typed, current_market(), current_customer()
        )
    except CouponRefused as refusal:
        g.guessed = isinstance(refusal, UnknownCode)
        entry = CodeField(typed=typed[:40], error=refusal.message)
        return cart_page(current_cart(), status=422, coupon=entry)
    return changed(cart)


@blueprint.post("/coupons/removal")
def remove_coupon() -> BaseResponse:
    """Take a code off the cart, again and again if asked."""
    cart = service(CartService).remove_coupon(
        current_cart_id(), request.form.get(FIELD, ""), current_market(), current_customer()
    )
    return changed(cart, gone=True)


# --- merged carts ---------------------------------------------------------------------------------


@blueprint.post("/merges/<receipt_id>/undo")
def undo_merge(receipt_id: str) -> BaseResponse:
    """Take a merge back: the browser holds the guest's cart again."""
    account_id = _account_id()
    carts = service(CartService)
    make_room_for(receipt_id, account_id)
    try:
        receipt = carts.undo_merge(receipt_id, account_id)
    except Invalid as refusal:
        return cart_page(current_cart(), status=422, notice=refusal.message)
    remember_cart(receipt.guest_cart_id)
    return changed(current_cart(), gone=True)


@blueprint.post("/merges/<receipt_id>/receipt")
def close_receipt(receipt_id: str) -> BaseResponse:
    """Put the receipt of a merge away."""
    service(CartService).close_receipt(receipt_id, _account_id())
    return changed(current_cart(), gone=True)


def _account_id() -> AccountId:
    account_id = signed_in_id()
    if account_id is None:
        raise NotFound(Text("Please log in to see your account's cart."))
    return account_id
