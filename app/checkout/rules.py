"""What an order costs: pure arithmetic in integer minor units."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.cart.models import PricedCart, PricedLine
from app.cart.taxing import LineTax, line_tax, taxed_of
from app.markets.models import Market, ShippingTax, TaxRule
from app.markets.shipping import ShippingKind, ShippingMethod
from app.markets.taxing import RateTax, Taxed, by_rate, in_proportion, tax_all
from app.orders.models import OrderReduction, Totals
from app.promotions.models import Reduction
from app.shared.ids import LineId
from app.shared.money import Money, total
from app.shared.texts import Text

# Gift cards alone go by e-mail, which is no method of a market.
_BY_MAIL = ShippingMethod(code="", name="", kind=ShippingKind.PICKUP, min_days=0, max_days=0)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippingChoice:
    """A shipping method with its price for this cart."""

    code: str
    name: str
    price: Money
    days_text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where a cart is sent, as far as it is known; the home zone as long as no country is."""

    region: str = ""
    country: str = ""
    postal_code: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """The sums of a cart shipped in one way to one place, with the tax of each line and of all by
    rate.

    ``method`` is None where nothing is delivered there: then shipping is not in the sums, and
    nothing can be ordered. ``tax_parts`` names the taxes that each tax is made of, if several.
    ``uses`` are the promotions that take something off, ``reductions`` what each takes.
    """

    method: ShippingMethod | None
    shipping_choices: tuple[ShippingChoice, ...]
    totals: Totals
    line_taxes: tuple[LineTax, ...]
    taxes: tuple[RateTax, ...]
    shipping_rate: int | None
    tax_parts: tuple[str, ...] = ()
    uses: tuple[Reduction, ...] = ()
    reductions: tuple[OrderReduction, ...] = ()


def quote_cart(
    cart: PricedCart, market: Market, where: str | Destination, shipping_code: str
) -> Quote:
    """Price a cart: lines, discounts, shipping, tax. ``where`` may be a region of the home zone.

    An unknown shipping code means the first method. The tax is of what discounts leave; the tax of
    a rate is worked out of all that bears it, shipping included, and divided over that. The total
    is one that gateways take: where a currency's last digit is not paid, it is rounded here.
    """
    place = where if isinstance(where, Destination) else Destination(region=where)
    offered = _offered(cart, market, place)
    chosen = next((each for each in offered if each.code == shipping_code), None)
    method = chosen or next(iter(offered), None)
    full_price = _shipping_price(method, cart) if method else None
    shipping = full_price or Money.zero(market.currency)
    code = method.code if method else ""
    off_shipping = cart.discounts.on_shipping(code, shipping.minor) if method else ()
    shipping -= Money(sum(minor for _, minor in off_shipping), market.currency)
    taxes = _Taxes(cart, market, place.region, shipping)
    totals = _totals(cart, market, shipping, taxes.whole)
    off_goods = tuple((each, each.amount) for each in cart.discounts.reductions if each.amount)
    applied = (*off_goods, *off_shipping)
    return Quote(
        method=method,
        shipping_choices=tuple(_choice(each, cart) for each in offered if cart.ships),
        totals=totals,
        line_taxes=taxes.of_lines,
        taxes=_with_rounding(taxes.by_rate, totals),
        shipping_rate=taxes.shipping_rate,
        tax_parts=market.tax.parts_in(place.region),
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


# --- shipping -------------------------------------------------------------------------------------


def _offered(cart: PricedCart, market: Market, place: Destination) -> tuple[ShippingMethod, ...]:
    """The methods of the place that can take what is in the cart."""
    if not cart.ships:
        return (_BY_MAIL,)
    methods = market.shipping_to(place.country, place.region, place.postal_code)
    return tuple(each for each in methods if _shipping_price(each, cart) is not None)


def _shipping_price(method: ShippingMethod, cart: PricedCart) -> Money | None:
    goods = cart.subtotal - cart.gift_card_total
    return method.price_for(goods, left=goods - cart.discount, grams=cart.weight_grams)


def _choice(method: ShippingMethod, cart: PricedCart) -> ShippingChoice:
    price = _shipping_price(method, cart) or Money.zero(cart.currency)
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
        name=method.shown_name,
        price=price - Money(off, price.currency),
        days_text=days,
    )


# --- tax ------------------------------------------------------------------------------------------


class _Taxes:
    """The taxes of a cart's lines and its shipping, worked out together."""

    def __init__(self, cart: PricedCart, market: Market, region: str, shipping: Money) -> None:
        rule = market.tax
        of_lines = [taxed_of(line, rule, region) for line in cart.lines]
        shipped = [of for line, of in zip(cart.lines, of_lines, strict=True) if not line.gift_card]
        of_shipping = _taxed_shipping(rule, region, shipping, shipped)
        things = [*(thing for line in of_lines for thing in line), *of_shipping]
        taxes = tax_all(things, rule.mode)
        places = iter(taxes)
        self.of_lines = tuple(
            line_tax(line, here, [next(places) for _ in here], rule, region)
            for line, here in zip(cart.lines, of_lines, strict=True)
        )
        self.whole = total(taxes, market.currency)
        self.by_rate = by_rate(things, taxes, rule.mode)
        rates = {each.rate for each in of_shipping}
        self.shipping_rate = rates.pop() if len(rates) == 1 else None if rates else 0


def _taxed_shipping(
    rule: TaxRule, region: str, shipping: Money, of_lines: Sequence[Sequence[Taxed]]
) -> tuple[Taxed, ...]:
    match rule.shipping:
        case ShippingTax.NONE:
            return (Taxed(amount=shipping, rate=0),)
        case ShippingTax.CLASS:
            return (Taxed(amount=shipping, rate=rule.rate_in(region, rule.shipping_class)),)
        case ShippingTax.PROPORTIONAL:
            goods: Counter[int] = Counter()
            for thing in (thing for line in of_lines for thing in line):
                goods[thing.rate] += thing.amount.minor
            return in_proportion(shipping, goods)


def _totals(cart: PricedCart, market: Market, shipping: Money, tax: Money) -> Totals:
    inclusive = market.tax.is_inclusive
    added = Money.zero(market.currency) if inclusive else tax
    exact = cart.subtotal - cart.discount + shipping + added
    payable = exact.to_payable()
    return Totals(
        subtotal=cart.subtotal,
        discount=cart.discount,
        shipping=shipping,
        tax=tax,
        tax_included=inclusive,
        tax_name=market.tax.name,
        total=payable,
        rounding=payable - exact if payable != exact else None,
    )


def _with_rounding(taxes: tuple[RateTax, ...], totals: Totals) -> tuple[RateTax, ...]:
    """Net amounts and taxes that add up to the total: what it is rounded by bears no tax, and is
    counted with the rate of which there is most."""
    if not totals.rounding or not taxes:
        return taxes
    most = max(taxes, key=lambda each: each.gross.minor)
    rounded = replace(most, net=most.net + totals.rounding)
    return tuple(rounded if each is most else each for each in taxes)


# --- telling one cart from another ----------------------------------------------------------------


def shown(cart: PricedCart, market: Market) -> str:
    """What a page showed of a cart, to tell whether the next one would show the same, wherever it
    is sent: the market's rules are part of it, and all that shipping and tax go by."""
    lines = sorted(
        (line.content, line.quantity, line.unit_price.minor, *_bearing(line)) for line in cart.lines
    )
    ways = [each.methods for each in cart.discounts.reductions]
    return fingerprint(market.key, lines, agreed_discounts(cart), ways)


def _bearing(line: PricedLine) -> tuple[int, list[tuple[bool, str, int]]]:
    """What its shipping and its tax go by: its weight, and the tax class of all it is made of."""
    parts = [(part.taxable, part.tax_class, part.apart.minor) for part in line.parts]
    return line.weight_grams, parts or [(line.taxable, line.tax_class, 0)]


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
