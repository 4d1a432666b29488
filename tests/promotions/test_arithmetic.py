"""The arithmetic of discounts: exact, never negative, and the same whatever the order."""

from __future__ import annotations

import random
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from app.cart.models import PricedCart
from app.cart.promoting import items_of, with_discounts
from app.checkout.errors import NothingToRefund
from app.checkout.refund_rules import Balance, RefundWish, balance_of, everything, parts_of
from app.checkout.rules import Quote, quote_cart
from app.markets.models import Market
from app.markets.service import GERMANY, INDIA, UNITED_STATES
from app.orders.models import Order
from app.promotions.apportioning import apportion
from app.promotions.kinds import (
    Benefit,
    BundleSet,
    BuyGet,
    FixedAmount,
    FreeShipping,
    Level,
    Part,
    Percentage,
    Scope,
    Stacking,
)
from app.promotions.models import Discounts, Promotion, Reduction
from app.promotions.stacking import Basket, choose
from app.shared.money import Money
from tests.support.promotions import make_cart, make_promotion
from tests.support.quoted import order_of
from tests.unit.test_refund_rules import as_refund

SKUS = [f"S{number}" for number in range(5)]
MARKETS = st.sampled_from([UNITED_STATES, INDIA, GERMANY])
LINES = st.lists(
    st.tuples(st.sampled_from(SKUS), st.integers(1, 20), st.integers(1, 200_000)),
    min_size=1,
    max_size=5,
    unique_by=lambda line: line[0],
)
SHARES = st.integers(1, 10_000)
SCOPES = st.builds(Scope, skus=st.lists(st.sampled_from(SKUS), max_size=3, unique=True).map(tuple))
PARTS = st.lists(
    st.builds(Part, sku=st.sampled_from(SKUS), quantity=st.integers(1, 3)),
    min_size=1,
    max_size=3,
    unique_by=lambda part: part.sku,
).map(tuple)


def _everywhere(minor: int) -> dict[str, int]:
    return dict.fromkeys(("US", "IN", "DE"), minor)


AMOUNTS = st.integers(1, 500_000).map(_everywhere)
BENEFITS: st.SearchStrategy[Benefit] = st.one_of(
    st.builds(Percentage, basis_points=SHARES),
    st.builds(FixedAmount, amounts=AMOUNTS),
    st.builds(FreeShipping, methods=st.sampled_from([(), ("standard",), ("express",)])),
    st.builds(
        BuyGet,
        buy=st.integers(1, 3),
        get=st.integers(1, 2),
        basis_points=SHARES,
        get_scope=st.none() | SCOPES,
        times=st.integers(0, 2),
    ),
    st.builds(BundleSet, parts=PARTS, prices=AMOUNTS),
    st.builds(BundleSet, parts=PARTS, basis_points=SHARES, times=st.integers(0, 2)),
)


@st.composite
def promotion_lists(draw: st.DrawFn) -> list[Promotion]:
    benefits = draw(st.lists(BENEFITS, max_size=5))
    return [
        make_promotion(
            benefit,
            id=f"prm_{place}",
            scope=draw(SCOPES),
            stacking=draw(st.sampled_from(Stacking)),
            priority=draw(st.integers(0, 2)),
        )
        for place, benefit in enumerate(benefits)
    ]


PROMOTIONS = promotion_lists()


def _basket(cart: PricedCart, market: Market) -> Basket:
    shipping = market.shipping_estimate(cart.subtotal).minor
    return Basket(items=items_of(cart), market=market.code, shipping=shipping)


def _choose(promotions: list[Promotion], cart: PricedCart, market: Market) -> tuple[Reduction, ...]:
    return choose([(each, "") for each in promotions], _basket(cart, market))


def _quoted(
    lines: list[tuple[str, int, int]], promotions: list[Promotion], market: Market, method: str
) -> tuple[PricedCart, Quote]:
    cart = make_cart(market, lines)
    cart = with_discounts(cart, Discounts(reductions=_choose(promotions, cart, market)))
    return cart, quote_cart(cart, market, "CA", method)


@given(st.integers(0, 10**9), st.dictionaries(st.text("abc", max_size=3), st.integers(0, 10**8)))
def test_an_amount_is_divided_to_the_last_unit(amount: int, weights: dict[str, int]) -> None:
    shares = apportion(amount, weights)
    assert sum(shares.values()) == min(amount, sum(weights.values()))
    assert all(0 < share <= weights[key] for key, share in shares.items())
    whole = sum(weights.values())
    for key, weight in weights.items():  # no share is a whole unit away from the exact one
        exact = min(amount, whole) * weight
        assert abs(shares.get(key, 0) * whole - exact) < max(whole, 1)
    backwards = dict(reversed(weights.items()))
    assert apportion(amount, backwards) == shares


@given(LINES, PROMOTIONS, MARKETS, st.sampled_from(["standard", "express"]))
@settings(max_examples=300)
def test_lines_less_discounts_and_shipping_and_tax_are_the_total(
    lines: list[tuple[str, int, int]], promotions: list[Promotion], market: Market, method: str
) -> None:
    cart, quote = _quoted(lines, promotions, market, method)
    totals = quote.totals
    added = Money.zero(market.currency) if totals.tax_included else totals.tax
    assert totals.total == totals.subtotal - totals.discount + totals.shipping + added
    discounts = [line.discount.minor for line in cart.lines]
    assert sum(discounts) == totals.discount.minor
    goods = [each for each in quote.reductions if each.level is not Level.SHIPPING]
    assert sum(each.amount.minor for each in goods) == totals.discount.minor
    for line, tax in zip(cart.lines, quote.line_taxes, strict=True):
        assert 0 <= line.discount.minor <= line.total.minor
        assert line.net.minor >= 0
        assert tax.tax.minor <= line.net.minor
    assert totals.shipping.minor >= 0
    assert totals.total.minor >= 0


@given(LINES, PROMOTIONS, MARKETS)
@settings(max_examples=200)
def test_the_result_does_not_depend_on_the_order_of_lines_or_promotions(
    lines: list[tuple[str, int, int]], promotions: list[Promotion], market: Market
) -> None:
    once = _choose(promotions, make_cart(market, lines), market)
    random.Random(1).shuffle(lines)
    again = _choose(promotions[::-1], make_cart(market, lines), market)
    assert again == once


@given(LINES, PROMOTIONS, MARKETS)
@settings(max_examples=200)
def test_the_choice_is_the_best_of_all_that_are_allowed(
    lines: list[tuple[str, int, int]], promotions: list[Promotion], market: Market
) -> None:
    cart = make_cart(market, lines)
    shipping = _basket(cart, market).shipping

    def saved(chosen: list[Promotion]) -> int:
        reductions = _choose(chosen, cart, market)
        free = any(each.level is Level.SHIPPING for each in reductions)
        return sum(each.amount for each in reductions) + (shipping if free else 0)

    tried = [
        [promotion for part in parts for promotion in part]
        for parts in product(*(_allowed_in(level, promotions) for level in Level))
    ]
    tried += [[each] for each in promotions if each.stacking is Stacking.EXCLUSIVE]
    assert saved(promotions) == max(map(saved, tried))


def _allowed_in(level: Level, promotions: list[Promotion]) -> list[list[Promotion]]:
    """What may be used together in a level: all that combine, or one by itself."""
    here = [each for each in promotions if each.level is level]
    together = [each for each in here if each.stacking is Stacking.COMBINABLE]
    return [together, *([each] for each in here if each.stacking is Stacking.ALONE_IN_LEVEL)]


@given(LINES, PROMOTIONS, MARKETS)
@settings(max_examples=200)
def test_what_is_used_together_may_be(
    lines: list[tuple[str, int, int]], promotions: list[Promotion], market: Market
) -> None:
    cart = make_cart(market, lines)
    used = {each.promotion_id for each in _choose(promotions, cart, market)}
    stacking = [each for each in promotions if each.id in used]
    if any(each.stacking is Stacking.EXCLUSIVE for each in stacking):
        assert len(stacking) == 1
    for level in Level:
        together = [each for each in stacking if each.level is level]
        if any(each.stacking is Stacking.ALONE_IN_LEVEL for each in together):
            assert len(together) == 1


@given(LINES, PROMOTIONS, MARKETS, st.data())
@settings(max_examples=200)
def test_any_partial_refunds_add_up_to_the_discounted_order(
    lines: list[tuple[str, int, int]],
    promotions: list[Promotion],
    market: Market,
    data: st.DataObject,
) -> None:
    cart, quote = _quoted(lines, promotions, market, "standard")
    order = order_of(cart, quote)
    refunds, left = [], order.totals.total
    for _ in range(4):
        balance = balance_of(order, refunds, left)
        wish = RefundWish(
            quantities={
                each.position: data.draw(st.integers(0, each.quantity)) for each in balance.lines
            },
            shipping=data.draw(st.booleans()),
        )
        computed = _worth(order, balance, wish)
        if not computed:
            continue
        parts = parts_of(order, balance, wish)
        assert parts.adjustment.minor == 0
        refunds.append(as_refund(parts))
        left -= parts.amount
        assert left.minor >= 0
    balance = balance_of(order, refunds, left)
    if left:
        parts = parts_of(order, balance, everything(balance))
        assert parts.adjustment.minor == 0
        assert parts.amount == left


def _worth(order: Order, balance: Balance, wish: RefundWish) -> bool:
    """Whether the wish is for more than nothing."""
    try:
        parts_of(order, balance, wish)
    except NothingToRefund:
        return False
    return True


@given(LINES, PROMOTIONS, MARKETS)
@settings(max_examples=200)
def test_a_promotion_never_makes_an_order_dearer(
    lines: list[tuple[str, int, int]], promotions: list[Promotion], market: Market
) -> None:
    _, plain = _quoted(lines, [], market, "standard")
    _, quote = _quoted(lines, promotions, market, "standard")
    assert quote.totals.total.minor <= plain.totals.total.minor
