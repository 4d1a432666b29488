"""Pure changes of a cart: what is added, altered, put aside and taken out again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.cart.models import Cart, CartLine, GiftNote, Goods
from app.cart.offers import Offer
from app.cart.rules import MAX_LINES, MAX_QUANTITY, MAX_SAVED, check_stock
from app.markets.models import Market
from app.promotions.codes import MOST_IN_CART
from app.promotions.errors import CouponRefused
from app.shared.clock import now
from app.shared.errors import Invalid, NotFound
from app.shared.ids import CreditId, LineId, new_id
from app.shared.texts import Text

Lines = tuple[CartLine, ...]


def with_added(cart: Cart, offer: Offer, quantity: int, market: Market) -> Cart:
    """The cart with ``quantity`` more. Raises ``Invalid`` beyond stock or limit."""
    price = offer.prices[market.code]
    known = find_goods(cart.lines, offer.goods)
    offer.check_room(quantity, known.quantity if known else 0, others(cart.lines, known))
    if known:
        seen = {**known.seen_prices, market.code: price}
        grown = replace(known, quantity=known.quantity + quantity, seen_prices=seen)
        return replace(cart, lines=swapped(cart.lines, known, grown))
    if len(cart.lines) >= MAX_LINES:
        raise Invalid(Text("A cart holds up to %(most)s different items.", most=MAX_LINES))
    line = CartLine(
        id=LineId(new_id("line")),
        sku=offer.sku,
        product_id=offer.product_id,
        quantity=quantity,
        seen_prices={market.code: price},
        added_at=now(),
        parts=offer.parts,
    )
    return replace(cart, lines=(*cart.lines, line))


def with_quantity(cart: Cart, line: CartLine, quantity: int) -> Cart:
    """The cart with this line changed, or removed for 0."""
    if quantity == line.quantity:
        return cart
    if quantity == 0:
        return replace(cart, lines=others(cart.lines, line))
    changed = replace(line, quantity=min(quantity, MAX_QUANTITY))
    return replace(cart, lines=swapped(cart.lines, line, changed))


def put_aside(cart: Cart, line_id: LineId) -> Cart:
    """Move a line to the list for later; one that is there already stays.

    It keeps its id, so a repeat finds it. Raises ``NotFound`` and ``Invalid``.
    """
    line = find_line(cart.lines, line_id)
    if line is None:
        if find_line(cart.saved, line_id):
            return cart
        raise NotFound(Text("This line is no longer in your cart."))
    twin = find_goods(cart.saved, line.goods)
    if twin is None and len(cart.saved) >= MAX_SAVED:
        raise Invalid(Text("You can save up to %(most)s different items.", most=MAX_SAVED))
    check_stock(line.quantity, twin.quantity if twin else 0, None)
    saved = swapped(cart.saved, twin, _together(line, twin)) if twin else (*cart.saved, line)
    return replace(cart, lines=others(cart.lines, line), saved=saved)


def take_up(cart: Cart, line_id: LineId, offer: Offer | None) -> Cart:
    """Move a line from the list for later into the cart; one that is there already stays.

    ``offer`` is the line's, None if there is no such line.

    Raises ``NotFound``, and ``Invalid`` beyond stock or limit.
    """
    line = find_line(cart.saved, line_id)
    if line is None or offer is None:
        if find_line(cart.lines, line_id):
            return cart
        raise NotFound(Text("This line is no longer on your list."))
    twin = find_goods(cart.lines, line.goods)
    offer.check_room(line.quantity, twin.quantity if twin else 0, others(cart.lines, twin))
    if twin is None and len(cart.lines) >= MAX_LINES:
        raise Invalid(Text("A cart holds up to %(most)s different items.", most=MAX_LINES))
    lines = swapped(cart.lines, twin, _together(line, twin)) if twin else (*cart.lines, line)
    return replace(cart, lines=lines, saved=others(cart.saved, line))


def without_saved(cart: Cart, line_id: LineId) -> Cart:
    """The cart without this line on the list for later, again and again if asked."""
    line = find_line(cart.saved, line_id)
    return replace(cart, saved=others(cart.saved, line)) if line else cart


def with_coupon(cart: Cart, code: str) -> Cart:
    """The cart with this code, once. Raises ``CouponRefused`` if it holds enough of them."""
    if code in cart.coupons:
        return cart
    if len(cart.coupons) >= MOST_IN_CART:
        raise CouponRefused(Text("A cart holds up to %(most)s codes.", most=MOST_IN_CART))
    return replace(cart, coupons=(*cart.coupons, code))


def without_coupon(cart: Cart, code: str) -> Cart:
    """The cart without this code, again and again if asked."""
    kept = tuple(each for each in cart.coupons if each != code)
    return replace(cart, coupons=kept) if kept != cart.coupons else cart


def with_gift_card(cart: Cart, credit_id: CreditId, most: int) -> Cart:
    """The cart to be paid with this card, once. Raises ``Invalid`` if it has ``most`` of them."""
    if credit_id in cart.gift_cards:
        return cart
    if len(cart.gift_cards) >= most:
        raise Invalid(
            Text.counted(
                "You can pay with up to %(num)s gift card at once.",
                "You can pay with up to %(num)s gift cards at once.",
                most,
            )
        )
    return replace(cart, gift_cards=(*cart.gift_cards, credit_id))


def without_gift_card(cart: Cart, credit_id: CreditId) -> Cart:
    """The cart without this card, again and again if asked."""
    kept = tuple(each for each in cart.gift_cards if each != credit_id)
    return replace(cart, gift_cards=kept) if kept != cart.gift_cards else cart


def with_gift_note(cart: Cart, note: GiftNote) -> Cart:
    """The cart with what is said of a gift card it buys; the last word counts.

    All cards of a SKU go to one address: raises ``Invalid`` beside it if they are for another.
    """
    others_ = tuple(each for each in cart.gift_notes if each.sku != note.sku)
    receiver = next((each.email for each in cart.gift_notes if each.sku == note.sku), "")
    if receiver != note.email and any(each.sku == note.sku for each in (*cart.lines, *cart.saved)):
        message = (
            Text(
                "Your cart has this card for %(email)s. Please take it out first, or buy the cards "
                "one after the other.",
                email=receiver,
            )
            if receiver
            else Text(
                "Your cart has this card for yourself. Please take it out first, or buy the cards "
                "one after the other."
            )
        )
        raise Invalid(message, {"gift_email": message})
    notes = (*others_, note) if note.email or note.message else others_
    return replace(cart, gift_notes=notes) if notes != cart.gift_notes else cart


def without(lines: Lines, units: Mapping[Goods, int]) -> tuple[Lines, dict[Goods, int]]:
    """The lines with these units taken out, and the units that were not there to take."""
    missing = dict(units)
    left = []
    for line in lines:
        taken = min(line.quantity, missing.get(line.goods, 0))
        missing[line.goods] = missing.get(line.goods, 0) - taken
        if line.quantity > taken:
            left.append(replace(line, quantity=line.quantity - taken))
    return tuple(left), {goods: rest for goods, rest in missing.items() if rest > 0}


def find_line(lines: Lines, line_id: LineId) -> CartLine | None:
    """The line with this id, or None."""
    return next((line for line in lines if line.id == line_id), None)


def find_goods(lines: Lines, goods: Goods) -> CartLine | None:
    """The line of this variant, or of this choice of a bundle, or None."""
    return next((line for line in lines if line.goods == goods), None)


def shape(lines: Lines) -> list[tuple[LineId, Goods, int]]:
    """What somebody changes of lines, as against the prices they were shown."""
    return [(line.id, line.goods, line.quantity) for line in lines]


def prices_seen(
    first: CartLine, second: CartLine, prices: Mapping[str, int] | None = None
) -> dict[str, int]:
    """What two lines of a variant have seen, for one line in their place: the older line's prices,
    but never today's where the other saw another one, so that a change is still told."""
    old, young = sorted((first, second), key=lambda line: line.added_at)
    seen = {**young.seen_prices, **old.seen_prices}
    for market, price in (prices or {}).items():
        if seen.get(market) == price and market in young.seen_prices:
            seen[market] = young.seen_prices[market]
    return seen


def swapped(lines: Lines, old: CartLine, new: CartLine) -> Lines:
    """The lines with ``new`` in the place of ``old``."""
    return tuple(new if line is old else line for line in lines)


def _together(moved: CartLine, twin: CartLine) -> CartLine:
    quantity = moved.quantity + twin.quantity
    return replace(moved, quantity=quantity, seen_prices=prices_seen(moved, twin))


def others(lines: Lines, line: CartLine | None) -> Lines:
    """The lines without this one."""
    return tuple(each for each in lines if each is not line)
