"""Choices, allotment and shares for any bundle and any cart."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product as every_way

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cart.allotting import allot, demand_of, room_beside, units_in
from app.cart.models import CartLine
from app.catalog.bundles import (
    catalogue_of,
    check_bundle,
    choose,
    first_choice,
    is_choice,
    limited_stock,
    makeable_choice,
    price_of,
    units_of,
    unrounded,
    with_prices,
)
from app.catalog.models import (
    BundleComponent,
    ChosenPart,
    FixedPricing,
    PercentOff,
    Policy,
    PolicyKind,
    Product,
    ProductKind,
)
from app.shared.dividing import divide
from app.shared.errors import Invalid
from app.shared.ids import LineId, ProductId, Sku
from app.shared.money import Money
from tests.support.catalog import make_product, make_variant

SKUS = [Sku(name) for name in "ABCDE"]
_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def make_bundle(*components: BundleComponent, pricing: object = None) -> Product:
    return make_product(
        "Set",
        replace(make_variant("SET"), prices={}),
        kind=ProductKind.BUNDLE,
        components=components,
        pricing=pricing or PercentOff(basis_points=1000),
    )


@st.composite
def components(draw: st.DrawFn) -> tuple[BundleComponent, ...]:
    found = []
    for _ in range(draw(st.integers(1, 4))):
        first, *others = draw(st.lists(st.sampled_from(SKUS), min_size=1, max_size=3, unique=True))
        found.append(
            BundleComponent(
                sku=first,
                quantity=draw(st.integers(1, 3)),
                optional=draw(st.booleans()),
                alternatives=tuple(others),
            )
        )
    return tuple(found)


STOCK = st.dictionaries(st.sampled_from(SKUS), st.integers(-2, 9))


@st.composite
def lines(draw: st.DrawFn) -> tuple[CartLine, ...]:
    """Plain lines and sets of any parts, in any order."""
    made = []
    for number in range(draw(st.integers(0, 6))):
        parts = tuple(
            ChosenPart(position=place, sku=sku, quantity=draw(st.integers(1, 3)))
            for place, sku in enumerate(draw(st.lists(st.sampled_from(SKUS), max_size=3)), 1)
        )
        made.append(
            CartLine(
                id=LineId(f"line_{number}"),
                sku=Sku("SET") if parts else draw(st.sampled_from(SKUS)),
                product_id=ProductId("p"),
                quantity=draw(st.integers(1, 9)),
                seen_prices={},
                added_at=_NOW,
                parts=parts,
            )
        )
    return tuple(made)


@given(lines(), STOCK)
def test_lines_together_never_get_more_than_there_is(
    cart: tuple[CartLine, ...], stock: dict[Sku, int]
) -> None:
    limits = allot(cart, stock)
    given_out: Counter[Sku] = Counter()
    for line in cart:
        limit = limits[line.id]
        got = line.quantity if limit is None else min(line.quantity, limit)
        assert got >= 0
        for sku, count in units_in(line.goods).items():
            given_out[sku] += got * count
    for sku, units in stock.items():
        assert given_out[sku] <= max(units, 0)


@given(lines(), STOCK)
def test_a_line_is_cut_only_where_a_part_is_short(
    cart: tuple[CartLine, ...], stock: dict[Sku, int]
) -> None:
    left = dict(stock)
    for line in cart:
        limit = allot(cart, stock)[line.id]
        units = units_in(line.goods)
        if limit is None:
            assert not units.keys() & stock.keys()
            continue
        assert any((limit + 1) * count > left[sku] for sku, count in units.items() if sku in left)
        for sku in units.keys() & left.keys():
            left[sku] -= min(line.quantity, limit) * units[sku]


@given(lines(), STOCK)
def test_what_there_is_room_for_beside_the_others_needs_no_more_than_the_stock(
    cart: tuple[CartLine, ...], stock: dict[Sku, int]
) -> None:
    for line in cart:
        others = [each for each in cart if each is not line]
        room = room_beside(units_in(line.goods), stock, others)
        if room:
            demand = demand_of([*others, replace(line, quantity=room)])
            assert all(demand[sku] <= stock[sku] for sku in units_in(line.goods) if sku in stock)


@given(components(), st.lists(st.sampled_from([*SKUS, Sku("")]), max_size=4))
def test_every_choice_that_can_be_made_is_one_and_no_other(
    parts: tuple[BundleComponent, ...], wanted: list[Sku]
) -> None:
    bundle = make_bundle(*parts)
    assert is_choice(bundle, first_choice(bundle))
    fields = dict(enumerate(wanted, 1))
    allowed = all(
        place <= len(parts)
        and (sku in parts[place - 1].choices or (not sku and parts[place - 1].optional))
        for place, sku in fields.items()
    )
    if not allowed:
        with pytest.raises(Invalid) as refusal:
            choose(bundle, fields)
        assert all(name.startswith("part.") for name in refusal.value.fields)
        return
    choice = choose(bundle, fields)
    assert is_choice(bundle, choice)
    assert all(fields.get(part.position, part.sku) == part.sku for part in choice)
    if choice:
        other = replace(choice[0], quantity=choice[0].quantity + 1)
        assert not is_choice(bundle, (other, *choice[1:]))
        assert not is_choice(bundle, (*choice, choice[0]))


@given(components(), STOCK)
def test_a_set_can_be_made_if_any_way_of_making_it_fits_the_stock(
    parts: tuple[BundleComponent, ...], stock: dict[Sku, int]
) -> None:
    bundle = make_bundle(*parts)
    found = makeable_choice(bundle, SKUS, stock)
    ways = every_way(*(each.choices for each in parts if not each.optional))
    needed = [each.quantity for each in parts if not each.optional]
    possible = False
    for way in ways:
        units: Counter[Sku] = Counter()
        for sku, count in zip(way, needed, strict=True):
            units[sku] += count
        possible |= all(units[sku] <= stock[sku] for sku in units if sku in stock)
    assert (found is not None) is possible
    if found is not None:
        assert is_choice(bundle, found)
        units = units_of(found)
        assert all(units[sku] <= stock[sku] for sku in units if sku in stock)


@given(
    st.integers(0, 10**6),
    st.dictionaries(st.sampled_from(SKUS), st.integers(0, 10**5), min_size=1),
)
def test_a_price_is_divided_without_a_rest(amount: int, weights: dict[str, int]) -> None:
    shares = divide(amount, weights)
    assert shares.keys() == weights.keys()
    assert sum(shares.values()) == amount
    whole = sum(weights.values())
    if whole:
        assert all(abs(shares[key] * whole - amount * weights[key]) < whole for key in weights)


def test_what_sells_when_out_limits_nothing() -> None:
    endless = replace(make_variant("A"), policy=Policy(kind=PolicyKind.BACK_ORDER))
    found = catalogue_of([make_product("A", endless), make_product("B", make_variant("B"))])
    assert limited_stock({Sku("A"): 0}, found) == {"B": 0}
    assert room_beside(Counter({Sku("A"): 3}), {}, ()) is None


def _priced(pricing: object, *, market: str = "US", leave_out: int = 0) -> Money | None:
    found = catalogue_of(
        [
            make_product("A", make_variant("A", US=999)),
            make_product("B", make_variant("B", US=500, DE=400)),
        ]
    )
    bundle = make_bundle(
        BundleComponent(sku=Sku("A"), quantity=3),
        BundleComponent(sku=Sku("B"), quantity=2, optional=True),
        pricing=pricing,
    )
    choice = tuple(part for part in first_choice(bundle) if part.position != leave_out)
    price = price_of(bundle, choice, found, market)
    return price.amount if price else None


def test_a_share_is_off_the_sum_of_the_parts_half_up() -> None:
    assert _priced(PercentOff(basis_points=1250)) == Money(3497, "USD")  # 3997·0.875 = 3497.375
    assert _priced(PercentOff(basis_points=5000)) == Money(1999, "USD")  # 1998.5
    assert _priced(PercentOff(basis_points=5000), leave_out=2) == Money(1499, "USD")  # 1498.5
    assert _priced(PercentOff(basis_points=5000), market="DE") is None  # A is not sold there


def test_a_fixed_price_is_for_what_is_required() -> None:
    fixed = FixedPricing(prices={"US": Money(2500, "USD")})
    assert _priced(fixed) == Money(3500, "USD")
    assert _priced(fixed, leave_out=2) == Money(2500, "USD")
    assert _priced(FixedPricing(prices={})) is None


def test_the_first_choice_is_what_listings_show() -> None:
    found = catalogue_of([make_product("A", make_variant("A", US=1000, DE=900))])
    bundle = make_bundle(BundleComponent(sku=Sku("A"), quantity=1))
    priced = with_prices(bundle, found, unrounded)
    prices = priced.variants[0].prices
    assert {code: price.amount.minor for code, price in prices.items()} == {"US": 900, "DE": 810}
    assert prices["US"].compare_at == Money(1000, "USD")
    assert with_prices(priced, found, unrounded) is priced


@pytest.mark.parametrize(
    ("parts", "pricing"),
    [
        ((), PercentOff(basis_points=1000)),
        ((BundleComponent(sku=SKUS[0], quantity=1, optional=True),), PercentOff(basis_points=1)),
        ((BundleComponent(sku=SKUS[0], quantity=0),), PercentOff(basis_points=1)),
        ((BundleComponent(sku=SKUS[0], quantity=1),), PercentOff(basis_points=10_000)),
        (
            (BundleComponent(sku=SKUS[0], quantity=1, alternatives=(SKUS[0],)),),
            PercentOff(basis_points=1),
        ),
    ],
)
def test_a_bundle_that_cannot_be_sold_is_refused(
    parts: tuple[BundleComponent, ...], pricing: PercentOff
) -> None:
    with pytest.raises(ValueError, match=r".+"):
        check_bundle(make_bundle(*parts, pricing=pricing))
