"""Prices over tax classes, modes, shipping and currencies, worked out by hand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from app.cart.models import PricedCart
from app.cart.promoting import items_of, with_discounts
from app.checkout.rules import Destination, quote_cart
from app.markets.models import Market
from app.markets.taxing import halves
from app.promotions.kinds import FixedAmount, Percentage
from app.promotions.models import Discounts, Promotion
from app.promotions.stacking import Basket, choose
from app.shared.money import Money, total
from tests.support.markets import TRIED
from tests.support.promotions import make_cart, make_promotion

_FILE = Path(__file__).with_name("price_examples.psv")
_ROWS = [row.split("|") for row in _FILE.read_text().splitlines() if not row.startswith("#")]
_LINE = re.compile(r"(?P<sku>\w+):(?P<many>\d+)@(?P<price>\d+)/(?P<tax>\w+)(?:\*(?P<grams>\d+))?")


def _cart(market: Market, text: str) -> PricedCart:
    found = [_LINE.fullmatch(each).groupdict() for each in text.split()]
    cart = make_cart(market, [(f["sku"], int(f["many"]), int(f["price"])) for f in found])
    lines = tuple(
        replace(line, tax_class=f["tax"], weight_grams=int(f["grams"] or 0))
        for line, f in zip(cart.lines, found, strict=True)
    )
    return replace(cart, lines=lines)


def _promotion(text: str, market: Market) -> Promotion:
    kind, value = text.split(":")
    if kind == "pct":
        return make_promotion(Percentage(basis_points=int(value)), name=text)
    return make_promotion(FixedAmount(amounts={market.code: int(value)}), name=text)


def _discounted(cart: PricedCart, market: Market, text: str) -> PricedCart:
    basket = Basket(items=items_of(cart), market=market.code, shipping=0)
    promotions = [(_promotion(each, market), "") for each in text.split()]
    return with_discounts(cart, Discounts(reductions=choose(promotions, basket)))


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row[0])
def test_the_price_is_what_a_person_works_out(row: list[str]) -> None:
    _, code, region, method, lines, promotions, way, *sums = row
    market = TRIED[code]
    cart = _discounted(_cart(market, lines), market, promotions)
    place = Destination(region=region, country=market.countries[0])
    quote = quote_cart(cart, market, place, method)
    totals, zero = quote.totals, Money.zero(market.currency)
    parts = quote.tax_parts or ("tax",)
    taxes = " ".join(
        f"{each.rate}={'+'.join(str(share.minor) for share in halves(each.tax, parts))}"
        for each in quote.taxes
    )
    worked = [totals.discount, totals.shipping, totals.rounding or zero, totals.total]
    assert quote.method is not None
    assert quote.method.code == way
    assert [each.minor for each in worked] == [int(sums[at]) for at in (0, 1, 3, 4)]
    assert taxes == sums[2]
    assert total((each.gross for each in quote.taxes), market.currency) == totals.total


def test_they_cover_every_market_class_and_way_of_shipping() -> None:
    assert len(_ROWS) >= 25
    assert {row[1] for row in _ROWS} == set(TRIED)
    text = _FILE.read_text()
    assert all(f"/{tax_class}" in text for tax_class in ("standard", "reduced", "zero"))
    assert {"standard", "express", "parcel", "pickup", "value"} == {row[6] for row in _ROWS}
