"""What staff do with stock twice or at the same moment happens once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.inventory.errors import LocationMoved, SentBefore, StockMoved
from app.inventory.models import CountLine
from app.inventory.stock_list import StockList, StockQuery, StockState
from app.inventory.transfers import Transfers
from app.shared.ids import Sku, new_id
from app.web.registry import service
from tests.inventory.conftest import BY, Warehouse

A, B = Sku("A"), Sku("B")


def test_one_key_at_the_same_moment_is_one_transfer(app: Flask, warehouse: Warehouse) -> None:
    warehouse.fill("A", main=10)
    warehouse.fill("B", main=10)
    transfers, key = service(Transfers, app), new_id("trf")

    def move(_: int) -> str:
        return transfers.move(key, {A: 2, B: 1}, "main", "east", by=BY).id

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(move, range(4))) == {key}
    assert warehouse.shelves("A") == {"main": (8, 0), "east": (2, 0)}
    assert warehouse.shelves("B") == {"main": (9, 0), "east": (1, 0)}
    assert len(transfers.past("", 10)) == 1
    with pytest.raises(SentBefore):
        transfers.move(key, {A: 3}, "main", "east", by=BY)
    assert warehouse.problems() == []


def test_one_key_at_the_same_moment_is_one_adjustment(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=10)
    key = new_id("mov")

    def adjust(_: int) -> int:
        return warehouse.taking.adjust(A, -2, "main", reason="Broken", by=BY, key=key).on_hand

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(adjust, range(4))) == {8}
    with pytest.raises(SentBefore):
        warehouse.taking.adjust(A, -3, "main", reason="Broken", by=BY, key=key)
    assert warehouse.problems() == []


def test_a_count_knows_what_moved_where_since(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=10, east=4)
    read_at = warehouse.taking.level(A).moves
    warehouse.taking.count(A, 5, "east", by=BY)
    assert warehouse.taking.count(A, 9, "main", by=BY, read_at=read_at).on_hand == 14
    with pytest.raises(StockMoved) as refused:
        warehouse.taking.count(A, 7, "east", by=BY, read_at=read_at)
    assert refused.value.there == 5
    assert warehouse.taking.count(A, 5, "east", by=BY, read_at=read_at).on_hand == 14
    lines = [
        CountLine(sku=A, location="east", units=7, read_at=read_at),
        CountLine(sku=A, location="", units=8, read_at=read_at + 2),
        CountLine(sku=B, location="east", units=1, read_at=0),
    ]
    counted = warehouse.taking.count_all(lines, by=BY)
    assert [(each.before, each.stale) for each in counted] == [(5, True), (9, False), (0, False)]
    assert warehouse.shelves("A") == {"main": (8, 0), "east": (5, 0)}
    assert warehouse.shelves("B") == {"east": (1, 0)}
    assert warehouse.problems() == []


def test_of_two_who_count_at_once_one_is_told(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=10)
    read_at = warehouse.taking.level(A).moves

    def count(units: int) -> str:
        try:
            warehouse.taking.count(A, units, "main", by=BY, read_at=read_at)
        except StockMoved:
            return "told"
        return "counted"

    with ThreadPoolExecutor(4) as pool:
        said = sorted(pool.map(count, (1, 2, 3, 4)))
    assert said == ["counted", "told", "told", "told"]
    assert warehouse.problems() == []


def test_marks_follow_every_change(app: Flask, warehouse: Warehouse) -> None:
    rows = service(StockList, app).rows

    def found(state: StockState | None, location: str = "") -> list[str]:
        return [each.level.sku for each in rows(StockQuery(state=state, location=location), 10)]

    warehouse.fill("A", main=10)
    assert (found(StockState.LOW), found(StockState.OUT), found(None, "east")) == ([], [], [])
    warehouse.taking.transfer(A, 10, "main", "east", by=BY)
    assert (found(None, "east"), found(None, "main")) == (["A"], [])
    warehouse.hold("ord_1", A=10)
    assert (found(StockState.LOW), found(StockState.OUT)) == (["A"], ["A"])
    assert found(StockState.OWED) == []
    warehouse.end("ord_1", sold=True)
    assert found(None, "east") == []
    warehouse.taking.count(A, 20, "east", by=BY)
    assert found(StockState.LOW) == []


def test_a_location_is_changed_over_what_was_read(warehouse: Warehouse) -> None:
    read = warehouse.locations.get("east")
    warehouse.locations.close("east")
    with pytest.raises(LocationMoved):
        warehouse.locations.change(read)
    assert not warehouse.locations.get("east").active
