"""Prices of bundles worked out by hand, matched to the minor unit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from app.cart.models import Cart, CartLine, PricedCart
from app.cart.pricing import price_cart
from app.cart.promoting import items_of, with_discounts
from app.catalog.bundles import catalogue_of, first_choice
from app.catalog.models import BundleComponent, BundlePricing, FixedPricing, PercentOff, ProductKind
from app.checkout.parts import shares_of
from app.checkout.rules import quote_cart
from app.markets.models import Market
from app.promotions.models import Discounts
from app.promotions.stacking import Basket, choose
from app.shared.clock import now
from app.shared.ids import CartId, LineId, Sku
from app.shared.money import Money
from tests.promotions.test_price_examples import _promotion
from tests.support.catalog import make_product, make_variant
from tests.support.markets import find_market

_FILE = Path(__file__).with_name("price_examples.psv")
_ROWS = [row.split("|") for row in _FILE.read_text().splitlines() if not row.startswith("#")]


def _pricing(text: str, market: Market) -> BundlePricing:
    kind, figure = text.split(":")
    if kind == "pct":
        return PercentOff(basis_points=int(figure))
    return FixedPricing(prices={market.code: Money(int(figure), market.currency)})


def _cart(market: Market, parts: str, pricing: str, sets: int) -> PricedCart:
    given = [re.fullmatch(r"(\w)(?:\*(\d))?(\??)@(\d+)", part) for part in parts.split()]
    groups = [match.groups() for match in given if match]
    assert len(groups) == len(given)
    things = [
        make_product(sku, make_variant(sku, **{market.code: int(price)}))
        for sku, _, _, price in groups
    ]
    bundle = make_product(
        "Set",
        replace(make_variant("SET"), prices={}),
        kind=ProductKind.BUNDLE,
        components=tuple(
            BundleComponent(sku=Sku(sku), quantity=int(units or 1), optional=bool(optional))
            for sku, units, optional, _ in groups
        ),
        pricing=_pricing(pricing, market),
    )
    line = CartLine(
        id=LineId("SET"), sku=Sku("SET"), product_id=bundle.id, quantity=sets, seen_prices={},
        added_at=now(), parts=first_choice(bundle),
    )  # fmt: skip
    cart = Cart(id=CartId("c"), lines=(line,), version=1, updated_at=now())
    stock = {Sku(sku): 99 for sku, *_ in groups}
    return price_cart(cart, market, catalogue_of([*things, bundle]), stock, lambda *_: "")


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0])
def test_the_price_is_what_a_person_works_out(row: list[str]) -> None:
    market = find_market(row[1])
    assert market
    cart = _cart(market, row[3], row[4], int(row[5]))
    promotions = [_promotion(*each) for each in enumerate(row[6].split())]
    shipping = market.shipping[0].price_for(cart.subtotal).minor
    basket = Basket(items=items_of(cart), market=market.code, shipping=shipping)
    reductions = choose([(each, "") for each in promotions], basket)
    cart = with_discounts(cart, Discounts(reductions=reductions))
    quote = quote_cart(cart, market, row[2], "standard")
    (line,), totals = cart.lines, quote.totals
    worked = [line.unit_price, totals.discount, totals.shipping, totals.tax, totals.total]
    assert [money.minor for money in worked] == list(map(int, row[7:12]))
    shares = shares_of(line, quote.line_taxes[0])
    shown = " ".join(f"{each.sku}={each.net.minor}+{each.tax.minor}" for each in shares)
    assert shown == row[12]
    assert sum(each.net.minor for each in shares) == line.net.minor


def test_they_cover_every_market_and_both_ways_of_pricing() -> None:
    assert {row[1] for row in _ROWS} == {"US", "DE", "IN"}
    assert {row[4][:3] for row in _ROWS} == {"pct", "fix"}
    assert sum(bool(row[6]) for row in _ROWS) >= 5
