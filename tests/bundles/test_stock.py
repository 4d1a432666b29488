"""Whatever orders of sets do, every unit is on the shelf, reserved or sold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.catalog.bundles import units_of
from app.catalog.models import ChosenPart
from app.db.database import Database
from app.inventory.errors import OutOfStock
from app.inventory.models import Demand
from app.inventory.service import InventoryService
from app.shared.clock import now
from app.shared.ids import Sku, new_id
from app.web.registry import service

SKUS = (Sku("A"), Sku("B"), Sku("C"))
_START = 6
LATER = timedelta(minutes=30)


@dataclass
class Books:
    """What the stock must be."""

    on_hand: Counter[Sku] = field(default_factory=lambda: Counter(dict.fromkeys(SKUS, _START)))
    held: dict[str, Counter[Sku]] = field(default_factory=dict)
    known: dict[str, Counter[Sku]] = field(default_factory=dict)
    sold: dict[str, Counter[Sku]] = field(default_factory=dict)
    over: set[str] = field(default_factory=set)  # paid for: nothing is held for them again

    def left(self, sku: Sku) -> int:
        return self.on_hand[sku] - sum(units[sku] for units in self.held.values())


ORDERS = st.sampled_from(("o1", "o2", "o3"))
PARTS = st.lists(
    st.builds(
        ChosenPart, position=st.just(1), sku=st.sampled_from(SKUS), quantity=st.integers(1, 2)
    ),
    min_size=1,
    max_size=3,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), ORDERS, PARTS, st.integers(1, 2)),
        st.tuples(st.sampled_from(("release", "commit", "again", "return")), ORDERS),
    ),
    max_size=12,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(STEPS)
def test_units_are_conserved(app: Flask, steps: list[tuple[object, ...]]) -> None:
    database, stock = service(Database, app), service(InventoryService, app)
    for name in ("stock_levels", "stock_holds", "stock_movements"):
        database[name].delete_many({})
    stock.set_on_hand(dict.fromkeys(SKUS, _START), "test")
    books = Books()
    for step in steps:
        _take(step, database, stock, books)
        levels = {each["_id"]: each for each in database["stock_levels"].find({})}
        for sku in SKUS:
            found = (levels[sku]["on_hand"], levels[sku]["available"])
            assert found == (books.on_hand[sku], books.left(sku))
            assert books.left(sku) >= 0


def _take(
    step: tuple[object, ...], database: Database, stock: InventoryService, books: Books
) -> None:
    kind, order = str(step[0]), str(step[1])
    if kind == "hold" and (order in books.held or order in books.over):
        return
    if kind in {"hold", "again"}:
        if kind == "hold":
            parts, sets = step[2], step[3]
            units = units_of(tuple(parts))
            wanted = Counter({sku: count * sets for sku, count in units.items()})
        elif order not in books.known:
            return
        else:
            wanted = books.known[order]
        _hold(kind, order, wanted, database, stock, books)
    elif kind == "return":
        units = books.sold.pop(order, Counter())
        back = {new_id("mov"): (sku, count) for sku, count in units.items()}
        database.in_transaction(lambda session: stock.take_back(order, back, session))
        books.on_hand += units
    else:
        end = stock.release if kind == "release" else stock.commit
        for _ in range(2):  # repeating it changes nothing
            database.in_transaction(lambda session: end(order, session))
        units = books.held.pop(order, Counter())
        if kind == "commit" and units:
            books.on_hand.subtract(units)
            books.sold[order] = units
            books.over.add(order)


def _hold(
    kind: str,
    order: str,
    wanted: Counter[Sku],
    database: Database,
    stock: InventoryService,
    books: Books,
) -> None:
    demands = [Demand(sku=sku, quantity=1) for sku in wanted.elements()]  # as lines would say it
    fresh = order not in books.held and order not in books.over
    fits = all(books.left(sku) >= count for sku, count in wanted.items())
    try:
        if kind == "again":
            database.in_transaction(lambda session: stock.hold_again(order, now() + LATER, session))
        else:
            database.in_transaction(
                lambda session: stock.hold(order, demands, now() + LATER, session)
            )
    except OutOfStock:
        assert fresh
        assert not fits
        return
    if fresh:
        assert fits
        books.held[order] = books.known[order] = wanted
