"""What somebody sees of a refund before it is made, and agrees to: pure rules."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from app.checkout.refund_rules import Balance, left_of
from app.orders.models import Order
from app.payments.models import Refund, RefundedLine
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Explained:
    """What the amount of some units is made of: their price, less their share of the discounts, and
    their share of the tax where it is not in the price."""

    refunded: RefundedLine
    title: str
    price: Money
    discount: Money
    tax: Money


def explain(order: Order, balance: Balance, refunded: RefundedLine) -> Explained:
    """Where the amount comes from, exactly; ``balance`` is from before the refund."""
    of = balance.lines[refunded.position - 1]
    part = next((each for each in of.parts if each.part.position == refunded.part), None)
    thing = part.part if part else of.line
    _, sold, left = left_of(order, of, refunded.part) or (None, 1, 1)
    before = sold - left
    after = before + refunded.quantity
    tax = Money(thing.tax.minor * after // sold - thing.tax.minor * before // sold, order.currency)
    beside = Money.zero(order.currency) if order.totals.tax_included else tax
    price = of.line.unit_price * refunded.quantity if part is None else refunded.amount - beside
    return Explained(
        refunded=refunded,
        title=", ".join(filter(None, (thing.title, thing.variant_title))),
        price=price,
        discount=price + beside - refunded.amount,
        tax=tax,
    )


def agreed_on(refund: Refund) -> str:
    """What somebody who saw a refund agreed to: its place in the order's refunds, so that none came
    in between, and every amount."""
    parts = refund.parts
    said = (
        refund.id,
        [(each.position, each.part, each.quantity, each.amount.minor) for each in parts.lines],
        parts.shipping.minor,
        parts.adjustment.minor,
        [(each.kind, each.last4, each.amount.minor) for each in refund.credit],
    )
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
