"""Sixty prices worked out by hand, matched to the minor unit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cart.promoting import items_of, with_discounts
from app.checkout.rules import quote_cart
from app.promotions.kinds import (
    Benefit,
    BundleSet,
    BuyGet,
    FixedAmount,
    FreeShipping,
    Part,
    Percentage,
    Scope,
    Stacking,
)
from app.promotions.models import Discounts, Promotion
from app.promotions.stacking import Basket, choose
from tests.support.markets import find_market
from tests.support.promotions import make_cart, make_promotion

_FILE = Path(__file__).with_name("price_examples.psv")
_STACKING = {"!": Stacking.EXCLUSIVE, "^": Stacking.ALONE_IN_LEVEL, "": Stacking.COMBINABLE}
_MARKETS = ("US", "DE", "IN")


@dataclass
class Example:
    number: str
    market: str
    state: str
    method: str
    lines: str
    promotions: str
    off: str
    discount: int
    shipping: int
    tax: int
    total: int


def _examples() -> list[Example]:
    rows = [row.split("|") for row in _FILE.read_text().splitlines() if not row.startswith("#")]
    return [Example(*row[:7], *map(int, row[7:11])) for row in rows]


def _scope(skus: str | None) -> Scope:
    return Scope(skus=tuple(skus.split(","))) if skus else Scope()


def _promotion(place: int, text: str) -> Promotion:
    match = re.fullmatch(r"([!^]?)(\w+):?([^@]*)(?:@([^>]+)(?:>(.+))?)?", text)
    assert match, text
    mark, kind, value, skus, get_skus = match.groups()
    return make_promotion(
        _benefit(kind, value, get_skus),
        id=f"{place:02}",
        name=text,
        scope=_scope(skus),
        stacking=_STACKING[mark],
        priority=place,
    )


def _benefit(kind: str, value: str, get_skus: str | None) -> Benefit:
    if kind == "pct":
        return Percentage(basis_points=int(value))
    if kind == "fix":
        return FixedAmount(amounts=dict.fromkeys(_MARKETS, int(value)))
    if kind == "ship":
        return FreeShipping(methods=(value,) if value else ())
    if kind == "buy":
        counts, _, share = value.partition("/")
        buy, get = map(int, counts.split("+"))
        of = _scope(get_skus) if get_skus else None
        return BuyGet(buy=buy, get=get, basis_points=int(share or 10_000), get_scope=of)
    assert kind == "set", kind
    names, sign, figure = re.split(r"([=~])", value)
    parts = tuple(
        Part(sku=name.split("*")[0], quantity=int(([*name.split("*"), "1"])[1]))
        for name in names.split("+")
    )
    if sign == "=":
        return BundleSet(parts=parts, prices=dict.fromkeys(_MARKETS, int(figure)))
    return BundleSet(parts=parts, basis_points=int(figure))


def test_they_are_of_all_three_markets() -> None:
    examples = _examples()
    assert len(examples) == 61
    assert {each.market for each in examples} == set(_MARKETS)


@pytest.mark.parametrize("example", _examples(), ids=lambda each: each.number)
def test_the_price_is_what_a_person_works_out(example: Example) -> None:
    market = find_market(example.market)
    assert market
    lines = [re.fullmatch(r"(\w+):(\d+)@(\d+)", text).groups() for text in example.lines.split()]
    cart = make_cart(market, [(sku, int(many), int(price)) for sku, many, price in lines])
    promotions = [_promotion(*each) for each in enumerate(example.promotions.split())]
    shipping = market.shipping_estimate(cart.subtotal).minor
    basket = Basket(items=items_of(cart), market=market.code, shipping=shipping)
    reductions = choose([(each, "") for each in promotions], basket)
    cart = with_discounts(cart, Discounts(reductions=reductions))
    quote = quote_cart(cart, market, example.state, example.method)
    off = " ".join(f"{line.sku}={line.discount.minor}" for line in cart.lines)
    totals = quote.totals
    assert (off, totals.discount.minor, totals.shipping.minor, totals.tax.minor, totals.total.minor) == (
        example.off, example.discount, example.shipping, example.tax, example.total,
    )  # fmt: skip
