"""Long lists of stock are read in stretches, and have what the whole list has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from app.inventory.stock_list import StockList, StockQuery, StockSort, StockState
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant


@pytest.mark.parametrize("sort", list(StockSort))
@pytest.mark.parametrize("state", [None, StockState.OUT, StockState.LOW])
@pytest.mark.parametrize("every", [3, 7, 1000])
def test_stretches_between_cuts_have_what_the_whole_list_has(
    app: Flask, catalog: CatalogMaker, sort: StockSort, state: StockState | None, every: int
) -> None:
    for number in range(60):
        variant = make_variant(f"W-{number:03}", {"No": str(number)})
        catalog.add(make_product(f"One {number}", variant), stock=(0, 1, 6, 40)[number % 4])
    stock = service(StockList, app)
    wanted = StockQuery(state=state, sort=sort)
    whole = [each.level.sku for each in stock.rows(wanted, 1000)]
    stock.cut(every)
    catalog.add(make_product("Later", make_variant("W-0205", {"No": "x"})), stock=0)
    found: list[Sku] = []
    after = ""
    while rows := stock.rows(replace(wanted, after=after), 11):
        found += [each.level.sku for each in rows]
        after = rows[-1].cursor
    assert len(whole) > 10
    assert [sku for sku in found if sku != "W-0205"] == whole
    assert found.count(Sku("W-0205")) == 1
