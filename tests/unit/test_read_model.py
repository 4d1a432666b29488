"""The read model after any writes: the same as one made anew, and as the slow and plain way."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap

from app.catalog.models import Collection, ProductStatus
from app.catalog.query import parse_query
from app.catalog.readmodel import packing
from app.catalog.readmodel.bits import bitmap, members, where
from app.catalog.readmodel.entries import is_published
from app.catalog.readmodel.market import MarketEdit, empty_market
from app.catalog.readmodel.model import CatalogModel, empty_model
from app.catalog.readmodel.orders import Order, pick
from app.catalog.readmodel.pricing import PriceSpan
from app.catalog.readmodel.selection import Selector
from app.shared.ids import ProductId
from tests.support.readmodel import (
    CATEGORIES,
    MARKETS,
    Shop,
    belongs,
    described,
    expect,
    random_product,
    random_query,
    random_rule,
)


def _write(dice: random.Random, shop: Shop) -> tuple[list[ProductId], list[ProductId]]:
    """A few changes at random; the products changed, and those that sold."""
    changed, sold = [], []
    for _ in range(dice.randrange(1, 12)):
        name = ProductId(f"prd_{dice.randrange(150):03}")
        known = shop.products.get(name)
        step = dice.random()
        if known is None or step < 0.4:
            shop.products[name] = random_product(dice, name)
        elif step < 0.5:
            shop.products[name] = replace(known, category=dice.choice(CATEGORIES))
        elif step < 0.6:
            del shop.products[name]
        elif step < 0.9:
            sku = dice.choice(known.variants).sku
            shop.stock[sku] = dice.choice((0, 0, 1, 5))
        else:
            shop.sales[name] = shop.sales.get(name, 0) + dice.randrange(4)
            sold.append(name)
        changed.append(name)
    if dice.random() < 0.3:
        chosen = [ProductId(f"prd_{dice.randrange(150):03}") for _ in range(20)]
        shop.collections = (
            Collection(slug="best", title="Best", product_ids=tuple(chosen)),
            *(
                Collection(slug=f"rule-{number}", title="Rule", rule=random_rule(dice))
                for number in range(3)
            ),
        )
    return changed, sold


@pytest.mark.parametrize("seed", range(4))
def test_a_followed_model_is_the_one_built_anew(seed: int) -> None:
    dice = random.Random(seed)
    shop, model = Shop(), empty_model()
    for step in range(150):
        changed, sold = _write(dice, shop)
        model = shop.apply(model, changed, sold)
        if step % 15 == 0:
            assert described(model) == described(shop.build())
    assert described(packing.load(packing.dump(model))) | {"collections": {}} == described(
        model
    ) | {"collections": {}}
    assert described(model) == described(shop.build())
    _check_listings(dice, shop, model)
    _check_rules(shop, model)


def _check_rules(shop: Shop, model: CatalogModel) -> None:
    published = [each for each in shop.products.values() if is_published(each)]
    ruled = [each for each in shop.collections if each.rule]
    assert ruled
    for collection in ruled:
        assert collection.rule
        for market in MARKETS:
            rows = model.members_of[collection.slug].rows_in(market)
            assert {model.ids[row] for row in rows} == {
                each.id for each in published if belongs(each, collection.rule, shop.stock, market)
            }, collection


def _check_listings(dice: random.Random, shop: Shop, model: CatalogModel) -> None:
    for _ in range(60):
        market = dice.choice(MARKETS)
        query = parse_query(random_query(dice), "USD")
        selector = Selector(model, model.sold_in(market), query, market)
        wanted = expect(shop.products.values(), shop.stock, query, market)
        ids = {model.ids[row] for row in selector.full.rows}
        assert ids == {each.id for each in wanted.products}
        for name, counts in wanted.counts.items():
            assert selector.counts(name) == dict(counts), name
        _check_orders(shop, model, market, selector.full.rows)


def _check_orders(shop: Shop, model: CatalogModel, market: str, rows: BitMap) -> None:
    def lowest(name: ProductId) -> int:
        prices = [each.price_in(market) for each in shop.products[name].variants]
        return min(each.amount.minor for each in prices if each)

    def age(name: ProductId) -> tuple[object, str]:
        return (shop.products[name].published_at, name)

    ids = sorted((model.ids[row] for row in rows), key=age, reverse=True)
    orders = (
        (model.newest, ids),
        (model.market(market).cheapest, sorted(ids, key=lowest)),
        (model.market(market).dearest, sorted(ids, key=lambda name: -lowest(name))),
        (
            model.bestselling,
            sorted(
                ids, key=lambda name: (-shop.sales.get(name, 0), not shop.products[name].featured)
            ),
        ),
    )
    for order, wanted in orders:
        shown = [model.ids[row] for row in order.page(rows, 0, len(ids))]
        assert shown == wanted
        assert [model.ids[row] for row in order.page(rows, 3, 9)] == wanted[3:9]


def test_a_model_once_given_out_never_changes() -> None:
    dice = random.Random(5)
    shop, model = Shop(), empty_model()
    for _ in range(40):
        model = shop.apply(model, *_write(dice, shop))
        before = described(model)
        shop.apply(model, *_write(dice, shop))
        assert described(model) == before


@given(
    st.lists(st.lists(st.integers(0, 300), min_size=1, max_size=4), max_size=40),
    st.integers(-5, 310) | st.none(),
    st.integers(-5, 310) | st.none(),
)
@settings(max_examples=150, deadline=None)
def test_a_span_of_prices_is_exact_at_its_ends(
    prices: list[list[int]], floor: int | None, ceiling: int | None
) -> None:
    edit = MarketEdit(empty_market())
    for row, each in enumerate(prices):
        edit.put(row, row * 4, list(each))
    nothing = BitMap()
    newest = Order(np.arange(len(prices), dtype=np.int32))
    market = edit.done(len(prices), len(prices) * 4, nothing, nothing, newest)
    wanted = PriceSpan(floor=floor, ceiling=ceiling)
    possible, certain = wanted.rows(market, market.rows)

    low = floor if floor is not None else -1
    high = ceiling if ceiling is not None else 1000
    fitting = [[low <= price <= high for price in each] for each in prices]
    assert set(certain) == {row for row, each in enumerate(fitting) if all(each)}
    assert {row for row, each in enumerate(fitting) if any(each)} <= set(possible)
    assert set(possible) == {
        row for row, each in enumerate(prices) if low <= max(each) and min(each) <= high
    }
    flat = np.array([price for each in prices for price in each], np.int64)
    assert wanted.holds(flat).tolist() == [fits for each in fitting for fits in each]


@given(
    st.integers(1, 20_000), st.floats(0, 1), st.integers(0, 400), st.integers(0, 60), st.randoms()
)
@settings(max_examples=100, deadline=None)
def test_a_page_is_cut_from_wherever_the_selected_rows_stand(
    size: int, share: float, start: int, length: int, dice: random.Random
) -> None:
    rows = list(range(size))
    dice.shuffle(rows)
    many = BitMap(rows[: round(size * share)])  # most at one end, and some anywhere
    selected = many | BitMap(dice.sample(rows, min(size, 30)))
    for order in (rows, rows[::-1]):
        expected = [row for row in order if row in selected][start : start + length]
        falling = np.array(order, np.int32)
        assert pick(falling, selected, start, start + length).tolist() == expected
        assert Order(falling[::-1]).page(selected, start, start + length).tolist() == expected


@given(st.sets(st.integers(0, 300_000), max_size=50), st.integers(0, 200_000), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_arrays_become_sets_and_sets_arrays(few: set[int], start: int, step: int) -> None:
    many = {*few, *range(start, start + 70_000 * step, step)}
    for wanted in (few, many):
        column = np.array(sorted(wanted), np.int32)
        assert bitmap(column) == BitMap(wanted)
        assert members(bitmap(column)).tolist() == column.tolist()
        flags = np.zeros(max(wanted, default=0) + 1, np.bool_)
        flags[column] = True
        assert where(flags) == BitMap(wanted)


def test_a_row_and_its_words_are_used_again_by_another_product() -> None:
    dice = random.Random(2)
    shop = Shop()
    for number in range(8):
        name = ProductId(f"old{number}")
        shop.products[name] = replace(random_product(dice, name), status=ProductStatus.PUBLISHED)
    model = shop.build()
    size = len(model.ids)
    gone = list(shop.products)[:3]
    for name in gone:
        del shop.products[name]
    model = shop.apply(model, gone)
    name = ProductId("new")
    shop.products[name] = replace(random_product(dice, name), status=ProductStatus.PUBLISHED)
    model = shop.apply(model, [name])
    assert len(model.ids) == size
    assert described(model) == described(shop.build())
