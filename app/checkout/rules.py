"""What an order costs: pure arithmetic in integer minor units."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from app.cart.models import PricedCart, PricedLine
from app.markets.models import Market, ShippingMethod, TaxMode
from app.orders.models import OrderReduction, Totals
from app.promotions.models import Reduction
from app.shared.ids import LineId
from app.shared.money import Money, total
from app.shared.texts import Text

_FULL = 10_000  # basis points


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippingChoice:
    """A shipping method with its price for this cart."""

    code: str
    name: str
    price: Money
    days_text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """The sums of a cart shipped in one way to one region, with each line's tax and its rate
    (basis points, 0 for what is not taxed).

    ``uses`` are the promotions that take something off, ``reductions`` what each takes.
    """

    method: ShippingMethod
    shipping_choices: tuple[ShippingChoice, ...]
    totals: Totals
    line_taxes: tuple[Money, ...]
    line_rates: tuple[int, ...]
    shipping_rate: int
    uses: tuple[Reduction, ...] = ()
    reductions: tuple[OrderReduction, ...] = ()


def tax_on(amount: Money, rate: int, mode: TaxMode) -> Money:
    """The tax in (inclusive) or on (exclusive) ``amount`` at ``rate`` basis points, half up."""
    base = _FULL + rate if mode is TaxMode.INCLUSIVE else _FULL
    return Money((2 * amount.minor * rate + base) // (2 * base), amount.currency)


def quote_cart(cart: PricedCart, market: Market, region: str, shipping_code: str) -> Quote:
    """Price a cart: lines, discounts, shipping, tax. An unknown shipping code means the first
    method.

    Whether shipping is free is a matter of the lines before discounts, so that a coupon never
    makes an order dearer. The tax is of what discounts leave. Inclusive tax covers goods and
    shipping (EU and Indian rules for ancillary supplies); exclusive tax covers goods only.
    """
    method = market.shipping_method(shipping_code) or market.shipping[0]
    rate = market.tax.rate_in(region)
    line_taxes = tuple(_line_tax(line, rate, market.tax.mode) for line in cart.lines)
    full_price = method.price_for(cart.subtotal)
    off_shipping = cart.discounts.on_shipping(method.code, full_price.minor)
    shipping = full_price - Money(sum(minor for _, minor in off_shipping), market.currency)
    inclusive = market.tax.mode is TaxMode.INCLUSIVE
    tax = total(line_taxes, market.currency)
    if inclusive:
        tax += tax_on(shipping, rate, market.tax.mode)
    added = Money.zero(market.currency) if inclusive else tax
    off_goods = tuple((each, each.amount) for each in cart.discounts.reductions if each.amount)
    applied = (*off_goods, *off_shipping)
    return Quote(
        method=method,
        shipping_choices=tuple(_choice(each, cart) for each in market.shipping),
        totals=Totals(
            subtotal=cart.subtotal,
            discount=cart.discount,
            shipping=shipping,
            tax=tax,
            tax_included=inclusive,
            tax_name=market.tax.name,
            total=cart.subtotal - cart.discount + shipping + added,
        ),
        line_taxes=line_taxes,
        line_rates=tuple(rate if _is_taxed(line) else 0 for line in cart.lines),
        shipping_rate=rate if inclusive else 0,
        uses=tuple(each for each, _ in applied),
        reductions=tuple(
            OrderReduction(
                promotion_id=each.promotion_id,
                name=each.name,
                code=each.code,
                level=each.level,
                amount=Money(minor, market.currency),
            )
            for each, minor in applied
        ),
    )


def _line_tax(line: PricedLine, rate: int, mode: TaxMode) -> Money:
    return tax_on(line.net, rate if _is_taxed(line) else 0, mode)


def _is_taxed(line: PricedLine) -> bool:
    return line.taxable and line.sellable


def _choice(method: ShippingMethod, cart: PricedCart) -> ShippingChoice:
    price = method.price_for(cart.subtotal)
    off = sum(minor for _, minor in cart.discounts.on_shipping(method.code, price.minor))
    days = (
        Text.counted("%(num)s working day", "%(num)s working days", method.min_days)
        if method.min_days == method.max_days
        else Text(
            "%(min_days)s to %(max_days)s working days",
            min_days=method.min_days,
            max_days=method.max_days,
        )
    )
    return ShippingChoice(
        code=method.code,
        name=method.name,
        price=price - Money(off, price.currency),
        days_text=days,
    )


def shown(cart: PricedCart) -> str:
    """What a page showed of a cart, to tell whether the next one would show the same."""
    lines = sorted((line.content, line.quantity, line.unit_price.minor) for line in cart.lines)
    return fingerprint(cart.market, lines, agreed_discounts(cart))


def agreed_discounts(cart: PricedCart) -> list[tuple[str, str, list[tuple[str, int]]]]:
    """Every discount on a cart with its share of each line, to tell whether any has changed."""
    content = {line.id: line.content for line in cart.lines}
    return [
        (
            each.promotion_id,
            each.code,
            sorted((content[LineId(k)], v) for k, v in each.amounts.items()),
        )
        for each in cart.discounts.reductions
    ]


def fingerprint(*parts: object) -> str:
    """A stable hash of what was agreed, to tell the same request from another."""
    text = json.dumps(parts, sort_keys=True, default=str, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
