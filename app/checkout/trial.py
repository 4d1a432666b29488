"""What the checkout would say of a made-up parcel: for whoever sets a market up."""

from __future__ import annotations

from dataclasses import dataclass

from app.cart.models import PricedCart, PricedLine
from app.checkout.rules import Destination, Quote, quote_cart
from app.markets.models import STANDARD, Market
from app.shared.ids import LineId, ProductId, Sku
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Parcel:
    """Goods of one tax class, by their value and weight."""

    value: Money
    grams: int
    tax_class: str = STANDARD


def try_market(market: Market, parcel: Parcel, place: Destination) -> tuple[Quote, ...]:
    """The sums for each way to send the parcel to a place; none where nothing is delivered."""
    cart = PricedCart(
        id=None,
        version=0,
        market=market.code,
        currency=market.currency,
        lines=(_line(parcel),),
        subtotal=parcel.value,
        count=1,
    )
    choices = quote_cart(cart, market, place, "").shipping_choices
    return tuple(quote_cart(cart, market, place, each.code) for each in choices)


def _line(parcel: Parcel) -> PricedLine:
    return PricedLine(
        id=LineId("trial"),
        sku=Sku("TRIAL"),
        product_id=ProductId("trial"),
        slug="trial",
        title="",
        variant_title="",
        image=None,
        quantity=1,
        unit_price=parcel.value,
        compare_at=None,
        total=parcel.value,
        max_quantity=1,
        weight_grams=parcel.grams,
        taxable=True,
        notice="",
        sellable=True,
        tax_class=parcel.tax_class,
    )
