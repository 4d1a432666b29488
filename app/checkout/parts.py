"""A bundle's line by its parts: what they take from stock, and what each is worth in it."""

from __future__ import annotations

from app.cart.models import PricedLine
from app.inventory.models import Demand
from app.orders.models import LineWait, OrderPart
from app.promotions.apportioning import divide
from app.shared.clock import now
from app.shared.money import Money


def demands_of(line: PricedLine) -> tuple[Demand, ...]:
    """What a line takes from stock."""
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


def shares_of(line: PricedLine, tax: Money) -> tuple[OrderPart, ...]:
    """A bundle's parts, each with its share of what is paid for the line and of its tax.

    The shares are in proportion to what the parts cost on their own, and add up exactly.
    """
    weights = {f"{part.position:03}": part.apart.minor for part in line.parts}
    net, of_tax = divide(line.net.minor, weights), divide(tax.minor, weights)
    return tuple(
        OrderPart(
            position=part.position,
            sku=part.sku,
            title=part.title,
            variant_title=part.variant_title,
            quantity=part.quantity,
            net=Money(net[key], tax.currency),
            tax=Money(of_tax[key], tax.currency),
        )
        for key, part in zip(weights, line.parts, strict=True)
    )
