"""Orders as checkout would place them, of carts that were never in a shop."""

from __future__ import annotations

from dataclasses import replace

from app.cart.models import PricedCart
from app.checkout.rules import Quote
from app.orders.models import Order, OrderLine
from tests.unit.test_refund_rules import make_order


def order_of(cart: PricedCart, quote: Quote) -> Order:
    """The order of a cart at what it was quoted."""
    made = make_order([(1, 1, 0)], 0, included=quote.totals.tax_included)
    lines = tuple(
        OrderLine(
            sku=line.sku,
            product_id=line.product_id,
            slug="s",
            title="t",
            variant_title="",
            image_src="",
            quantity=line.quantity,
            unit_price=line.unit_price,
            total=line.total,
            tax=tax.tax,
            tax_rate=tax.rate,
            reductions=line.reductions,
        )
        for line, tax in zip(cart.lines, quote.line_taxes, strict=True)
    )
    return replace(
        made,
        lines=lines,
        totals=quote.totals,
        currency=cart.currency,
        taxes=quote.taxes,
        shipping_tax_rate=quote.shipping_rate,
        reductions=quote.reductions,
    )
