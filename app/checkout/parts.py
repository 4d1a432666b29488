"""A bundle's line by its parts: what they take from stock, and what each is worth in it."""

from __future__ import annotations

from app.cart.models import PricedLine
from app.cart.taxing import LineTax
from app.inventory.models import Demand
from app.orders.models import LineWait, OrderPart
from app.shared.clock import now


def demands_of(line: PricedLine) -> tuple[Demand, ...]:
    """What a line takes from stock: a gift card nothing, there are as many as are sold."""
    if line.gift_card:
        return ()
    if not line.parts:
        return (Demand(sku=line.sku, quantity=line.quantity, limited=line.stock_limited),)
    return tuple(
        Demand(sku=part.sku, quantity=part.quantity * line.quantity, limited=part.stock_limited)
        for part in line.parts
    )


def wait_of(line: PricedLine) -> LineWait | None:
    """What of a line is sent later, as its shopper was told; None if nothing is."""
    if not line.wait_text or line.promise is None:
        return None
    return LineWait(
        units=line.waits,
        ships_on=line.promise.day_from(now()),
        about=line.promise.days is not None,
    )


def shares_of(line: PricedLine, tax: LineTax) -> tuple[OrderPart, ...]:
    """A bundle's parts, each with its share of what is paid for the line and of its tax.

    The shares are in proportion to what the parts cost on their own, and add up exactly.
    """
    return tuple(
        OrderPart(
            position=part.position,
            sku=part.sku,
            title=part.title,
            variant_title=part.variant_title,
            quantity=part.quantity,
            net=share.net,
            tax=share.tax,
            tax_rate=share.rate,
        )
        for part, share in zip(line.parts, tax.parts, strict=True)
    )
