"""Stock under contention: nothing is sold twice, every unit has its movement."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask

from app.db.database import Database, Session
from app.inventory.errors import OutOfStock
from app.inventory.models import Demand
from app.inventory.service import InventoryService
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service

LATER = timedelta(minutes=30)


@pytest.fixture
def stock(app: Flask) -> InventoryService:
    return service(InventoryService, app)


def _hold(database: Database, stock: InventoryService, owner: str, **units: int) -> None:
    demands = [Demand(sku=Sku(sku), quantity=count) for sku, count in units.items()]
    database.in_transaction(lambda session: stock.hold(owner, demands, now() + LATER, session))


def _movements_match(database: Database) -> bool:
    for level in database["stock_levels"].find({}):
        moves = list(database["stock_movements"].find({"sku": level["_id"]}))
        on_hand = sum(move["on_hand"] for move in moves)
        reserved = sum(move["reserved"] for move in moves)
        if (on_hand, reserved, on_hand - reserved) != (
            level["on_hand"],
            level["reserved"],
            level["available"],
        ):
            return False
    return True


def test_five_units_are_held_five_times_by_twenty_shoppers(
    database: Database, stock: InventoryService
) -> None:
    stock.set_on_hand({Sku("LAST"): 5}, "count")
    refused: list[str] = []

    def buy(name: str) -> None:
        try:
            _hold(database, stock, name, LAST=1)
        except OutOfStock:
            refused.append(name)

    threads = [threading.Thread(target=buy, args=(f"order-{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 15
    assert stock.available([Sku("LAST")]) == {"LAST": 0}
    assert _movements_match(database)


def test_all_lines_are_held_or_none(database: Database, stock: InventoryService) -> None:
    stock.set_on_hand({Sku("A"): 5, Sku("B"): 1}, "count")
    with pytest.raises(OutOfStock) as refusal:
        _hold(database, stock, "order", A=2, B=2)
    assert refusal.value.shortages == {"B": 1}
    assert stock.available([Sku("A"), Sku("B")]) == {"A": 5, "B": 1}


def test_every_step_of_a_hold_may_be_repeated(database: Database, stock: InventoryService) -> None:
    stock.set_on_hand({Sku("A"): 5}, "count")
    for _ in range(2):
        _hold(database, stock, "kept", A=2)
        _hold(database, stock, "given back", A=1)
    assert stock.available([Sku("A")]) == {"A": 2}
    for _ in range(2):
        database.in_transaction(lambda session: stock.commit("kept", session))
        database.in_transaction(lambda session: stock.release("given back", session))
    assert stock.on_hand([Sku("A")]) == {"A": 3}
    assert stock.available([Sku("A")]) == {"A": 3}
    assert _movements_match(database)


def test_what_was_sold_is_not_released_and_what_was_released_not_sold(
    database: Database, stock: InventoryService
) -> None:
    stock.set_on_hand({Sku("A"): 5}, "count")
    for owner, first, then in (
        ("sold", stock.commit, stock.release),
        ("given back", stock.release, stock.commit),
    ):
        _hold(database, stock, owner, A=2)
        for end in (first, then):
            database.in_transaction(lambda session, do=end, whose=owner: do(whose, session))
    assert stock.on_hand([Sku("A")]) == stock.available([Sku("A")]) == {"A": 3}
    assert [hold["state"] for hold in database["stock_holds"].find({}).sort("_id", 1)] == [
        "released",
        "committed",
    ]
    assert _movements_match(database)


def test_no_more_comes_back_than_left_the_shelf(
    database: Database, stock: InventoryService
) -> None:
    sku = Sku("A")
    stock.set_on_hand({sku: 3}, "count")
    _hold(database, stock, "order", A=2)
    database.in_transaction(lambda session: stock.commit("order", session))
    for back in ({"one": (sku, 1), "two": (sku, 2)}, {"again": (sku, 2)}):
        database.in_transaction(
            lambda session, units=back: stock.take_back("order", units, session)
        )
        assert stock.on_hand([sku]) == {"A": 3}
    assert _movements_match(database)


def test_what_is_still_owed_does_not_come_back_with_what_was_sent(
    database: Database, stock: InventoryService
) -> None:
    sku = Sku("A")
    stock.set_on_hand({sku: 1}, "count")
    database.in_transaction(lambda session: stock.allow_below({sku: 5}, session))
    demand = Demand(sku=sku, quantity=3, limited=False)

    def sell(session: Session) -> None:
        stock.hold("order", [demand], now() + LATER, session)
        stock.commit("order", session)

    database.in_transaction(sell)
    assert sum(stock.owed.of("order")[sku].values()) == 2
    before = stock.on_hand([sku])[sku]
    back = {"back": (sku, 3)}
    database.in_transaction(lambda session: stock.take_back("order", back, session, sent=True))
    assert stock.on_hand([sku])[sku] == before + 1
    assert sum(stock.owed.of("order")[sku].values()) == 2
    assert _movements_match(database)


def test_a_released_hold_is_taken_again_if_the_goods_are_there(
    database: Database, stock: InventoryService
) -> None:
    stock.set_on_hand({Sku("A"): 2}, "count")
    _hold(database, stock, "late", A=2)
    database.in_transaction(lambda session: stock.release("late", session))
    database.in_transaction(lambda session: stock.hold_again("late", now() + LATER, session))
    assert stock.available([Sku("A")]) == {"A": 0}
    database.in_transaction(lambda session: stock.release("late", session))
    _hold(database, stock, "somebody else", A=1)
    with pytest.raises(OutOfStock):
        database.in_transaction(lambda session: stock.hold_again("late", now() + LATER, session))
    assert _movements_match(database)


def test_counting_the_same_again_changes_nothing(
    database: Database, stock: InventoryService
) -> None:
    assert stock.set_on_hand({Sku("A"): 4}, "count") == 1
    assert stock.set_on_hand({Sku("A"): 4}, "count") == 0
    assert stock.set_on_hand({Sku("A"): 1}, "count") == 1
    assert stock.on_hand([Sku("A")]) == {"A": 1}
    assert _movements_match(database)


def test_a_unit_that_is_held_meanwhile_is_waited_for(
    database: Database, stock: InventoryService
) -> None:
    stock.set_on_hand({Sku("GOES"): 2, Sku("STAYS"): 2}, "count")
    seen: list[list[Sku]] = []

    def look(session: Session) -> None:
        seen.append(sorted(stock.on_hand([Sku("GOES"), Sku("STAYS")], session)))
        if len(seen) == 1:
            _hold(database, stock, "order", STAYS=1)
        seen.append(stock.waited_for([Sku("GOES"), Sku("STAYS")], session))

    database.in_transaction(look)
    assert seen[-1] == ["STAYS"]
    assert len(seen) == 3  # the first look conflicted with the hold
