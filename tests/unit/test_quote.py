"""What an order costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.cart.models import PricedCart, PricedLine
from app.checkout.rules import quote_cart
from app.markets.models import Market, TaxMode
from app.markets.service import GERMANY, INDIA, UNITED_STATES
from app.markets.taxing import tax_on
from app.shared.ids import CartId, LineId, ProductId, Sku
from app.shared.money import Money, total


def _cart(market: Market, prices: list[tuple[int, int]]) -> PricedCart:
    lines = tuple(
        PricedLine(
            id=LineId(str(place)),
            sku=Sku(str(place)),
            product_id=ProductId("p"),
            slug="s",
            title="t",
            variant_title="",
            image=None,
            quantity=quantity,
            unit_price=Money(price, market.currency),
            compare_at=None,
            total=Money(price * quantity, market.currency),
            max_quantity=99,
            weight_grams=0,
            taxable=True,
            notice="",
            sellable=True,
        )
        for place, (price, quantity) in enumerate(prices)
    )
    subtotal = total((line.total for line in lines), market.currency)
    return PricedCart(
        id=CartId("c"), version=1, market=market.code, currency=market.currency, lines=lines,
        subtotal=subtotal, count=0,
    )  # fmt: skip


LINES = st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 99)), min_size=1, max_size=8)


@given(LINES, st.sampled_from([UNITED_STATES, INDIA, GERMANY]), st.sampled_from(["CA", "", "xx"]))
def test_the_parts_add_up_to_the_total(
    prices: list[tuple[int, int]], market: Market, state: str
) -> None:
    totals = quote_cart(_cart(market, prices), market, state, "standard").totals
    added = Money.zero(market.currency) if totals.tax_included else totals.tax
    assert totals.total == totals.subtotal + totals.shipping - totals.discount + added
    assert not totals.tax < Money.zero(market.currency)


@given(st.integers(0, 10**9), st.integers(0, 3000))
def test_inclusive_tax_is_what_a_net_price_would_bear(gross: int, rate: int) -> None:
    tax = tax_on(Money(gross, "EUR"), rate, TaxMode.INCLUSIVE).minor
    net = gross - tax
    assert abs(net * rate - tax * 10_000) <= (10_000 + rate) // 2 + 1


def test_us_tax_depends_on_the_state_and_is_added() -> None:
    cart = _cart(UNITED_STATES, [(10_000, 1)])
    assert quote_cart(cart, UNITED_STATES, "CA", "standard").totals.tax == Money(725, "USD")
    assert quote_cart(cart, UNITED_STATES, "OR", "standard").totals.tax == Money(0, "USD")


def test_shipping_is_free_from_the_threshold_on() -> None:
    below, above = _cart(UNITED_STATES, [(7499, 1)]), _cart(UNITED_STATES, [(7500, 1)])
    assert quote_cart(below, UNITED_STATES, "", "standard").totals.shipping == Money(600, "USD")
    assert quote_cart(above, UNITED_STATES, "", "standard").totals.shipping == Money(0, "USD")
    assert quote_cart(above, UNITED_STATES, "", "express").totals.shipping == Money(1500, "USD")
