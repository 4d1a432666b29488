"""What promotions see of a cart, and the cart as they leave it."""

from __future__ import annotations

from dataclasses import replace

from app.cart.models import PricedCart, PricedLine
from app.promotions.models import Discounts, Item, LineReduction


def items_of(cart: PricedCart) -> tuple[Item, ...]:
    """The lines that can be sold; nothing makes a gift card cheaper."""
    return tuple(
        Item(
            key=line.id,
            sku=line.sku,
            product_id=line.product_id,
            slug=line.slug,
            quantity=line.quantity,
            unit_price=line.unit_price.minor,
            vendor=line.vendor,
            type=line.type,
            tags=line.tags,
            weight_grams=line.weight_grams,
        )
        for line in cart.lines
        if line.sellable and not line.gift_card
    )


def with_discounts(cart: PricedCart, discounts: Discounts) -> PricedCart:
    """The cart with each line's share of every discount."""
    lines = tuple(_reduced(line, discounts) for line in cart.lines)
    return replace(cart, lines=lines, discounts=discounts)


def _reduced(line: PricedLine, discounts: Discounts) -> PricedLine:
    reductions = tuple(
        LineReduction(name=each.name, level=each.level, amount=replace(line.total, minor=minor))
        for each, minor in discounts.on_line(line.id)
    )
    return replace(line, reductions=reductions) if reductions else line
