"""Whatever happens in whatever order: every unit is somewhere, and only once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from app.inventory.errors import NotEnoughThere, OutOfStock
from app.inventory.models import LocationCode
from app.shared.clock import now
from app.shared.ids import Sku, new_id
from tests.inventory.conftest import BY, LATER, Warehouse

SKUS = ("A", "B")
PLACES = ("main", "east")
BELOW = 3  # units of B that may be sold before they are there
ORDERS = st.sampled_from(("o1", "o2", "o3"))
A_SKU, A_PLACE = st.sampled_from(SKUS), st.sampled_from(PLACES)
WANTED = st.dictionaries(A_SKU, st.integers(1, 4), min_size=1)


@dataclass(frozen=True)
class Order:
    """What an order has: ``held``, ``sold`` or ``free`` of it again."""

    state: str
    units: Counter[str]
    owed: Counter[str] = field(default_factory=Counter)


class Shelves(RuleBasedStateMachine):
    """The stock beside a simple model of it."""

    warehouse: Warehouse  # set by the test

    def __init__(self) -> None:
        super().__init__()
        for name in ("stock_levels", "stock_holds", "stock_movements"):
            self.warehouse.database[name].delete_many({})
        for sku in SKUS:
            self.warehouse.fill(sku, main=3, east=2)
        self._in_transaction(
            lambda session: self.warehouse.stock.allow_below({Sku("B"): BELOW}, session)
        )
        self.on_hand = {
            (sku, at): units for sku in SKUS for at, units in (("main", 3), ("east", 2))
        }
        self.orders: dict[str, Order] = {}

    def _in_transaction(self, work: object) -> None:
        self.warehouse.database.in_transaction(work)

    def _total(self, sku: str) -> int:
        return sum(self.on_hand[sku, at] for at in PLACES)

    def _available(self, sku: str) -> int:
        held = sum(each.units[sku] for each in self.orders.values() if each.state == "held")
        owed = sum(each.owed[sku] for each in self.orders.values())
        return self._total(sku) - held - owed

    def _fits(self, units: Counter[str]) -> bool:
        below = {"A": 0, "B": BELOW}
        return all(self._available(sku) + below[sku] >= count for sku, count in units.items())

    @rule(order=ORDERS, wanted=WANTED)
    def place(self, order: str, wanted: dict[str, int]) -> None:
        if order in self.orders and self.orders[order].state != "free":
            return
        units = Counter(wanted)
        fits = self._fits(units)
        try:
            self.warehouse.hold(order, limited=False, **units)
        except OutOfStock:
            assert not fits
        else:
            assert fits
            self.orders[order] = Order("held", units)

    @rule(order=ORDERS)
    def pay_late(self, order: str) -> None:
        known = self.orders.get(order)
        if known is None:
            return
        possible = known.state != "free" or self._fits(known.units)
        try:
            self._in_transaction(
                lambda session: self.warehouse.stock.hold_again(order, now() + LATER, session)
            )
        except OutOfStock:
            assert not possible
        else:
            assert possible
            if known.state == "free":
                self.orders[order] = Order("held", known.units)

    @rule(order=ORDERS, sold=st.booleans())
    def end(self, order: str, sold: bool) -> None:
        known = self.orders.get(order)
        places = self.warehouse.stock.places_of(order)
        for _ in range(2):  # repeating it changes nothing
            self.warehouse.end(order, sold=sold)
        if known is None or known.state != "held":
            return
        owed = self.warehouse.stock.owed.of(order) if sold else {}
        units = Counter({str(sku): sum(each.values()) for sku, each in owed.items()})
        assert units["A"] == 0  # it is only sold where it is
        self.orders[order] = Order("sold" if sold else "free", known.units, units)
        if sold:
            for sku, taken in places.items():
                assert sum(taken.values()) == known.units[sku]
                for code, count in taken.items():
                    self.on_hand[sku, code] -= count - owed.get(sku, {}).get(code, 0)

    @rule(order=ORDERS)
    def send(self, order: str) -> None:
        owed = self.warehouse.stock.owed.of(order)
        known = self.orders.get(order)
        for _ in range(2):  # repeating it changes nothing
            self._in_transaction(lambda session: self.warehouse.stock.owed.send(order, {}, session))
        if known is not None and known.state == "sold":
            for sku, places in owed.items():
                for code, count in places.items():
                    self.on_hand[sku, code] -= count
            self.orders[order] = Order("sold", known.units)

    @rule(order=ORDERS, sku=A_SKU, named=st.sampled_from((None, "main", "east")))
    def give_back_one(self, order: str, sku: str, named: str | None) -> None:
        known = self.orders.get(order)
        if known is None or known.state != "sold" or not known.units[sku]:
            return
        if known.owed[sku]:
            given_up = {new_id("mov"): (Sku(sku), 1)}
            self._in_transaction(
                lambda session: self.warehouse.stock.take_back(order, given_up, session)
            )
            one = Counter({sku: 1})
            self.orders[order] = Order("sold", known.units - one, known.owed - one)
            return
        came_from = {
            code for code, n in self.warehouse.stock.places_of(order)[Sku(sku)].items() if n
        }
        before = dict(self.warehouse.shelves(sku))
        back = {new_id("mov"): (Sku(sku), 1)}
        location = LocationCode(named) if named else None
        self._in_transaction(
            lambda session: self.warehouse.stock.take_back(order, back, session, location)
        )
        after = self.warehouse.shelves(sku)
        (there,) = {code for code in PLACES if after.get(code, (0, 0)) != before.get(code, (0, 0))}
        assert there in ({named} if named else came_from)
        self.on_hand[sku, there] += 1
        self.orders[order] = Order("sold", known.units - Counter({sku: 1}))

    @rule(sku=A_SKU, units=st.integers(1, 4), source=A_PLACE)
    def transfer(self, sku: str, units: int, source: str) -> None:
        (target,) = set(PLACES) - {source}
        shelf = self.warehouse.taking.level(Sku(sku)).shelves[LocationCode(source)]
        try:
            self.warehouse.taking.transfer(Sku(sku), units, source, target, by=BY)
        except NotEnoughThere:
            assert shelf.available < units
        else:
            assert shelf.available >= units
            self.on_hand[sku, source] -= units
            self.on_hand[sku, target] += units

    @rule(sku=A_SKU, place=A_PLACE, units=st.integers(0, 6))
    def count(self, sku: str, place: str, units: int) -> None:
        reserved = self.warehouse.taking.level(Sku(sku)).reserved
        others = self._total(sku) - self.on_hand[sku, place]
        if units + others < reserved:
            return  # a theft of what is promised already, which no rule can make good
        self.warehouse.taking.count(Sku(sku), units, place, by=BY)
        self.on_hand[sku, place] = units

    @rule(sku=A_SKU, units=st.integers(0, 9))
    def count_all(self, sku: str, units: int) -> None:
        level = self.warehouse.taking.level(Sku(sku))
        if units < level.reserved or any(each.on_hand < 0 for each in level.shelves.values()):
            return
        self.warehouse.stock.set_on_hand({Sku(sku): units}, BY)
        found = self.warehouse.taking.level(Sku(sku)).shelves
        for place in PLACES:
            self.on_hand[sku, place] = found[LocationCode(place)].on_hand
        assert self._total(sku) == units

    @invariant()
    def everything_adds_up(self) -> None:
        assert self.warehouse.problems() == []
        for sku in SKUS:
            level = self.warehouse.taking.level(Sku(sku))
            assert level.on_hand == self._total(sku)
            assert level.available == self._available(sku)
            for place in PLACES:
                assert level.shelves[LocationCode(place)].on_hand == self.on_hand[sku, place]


@pytest.mark.timeout(300)
def test_stock_is_conserved(app: Flask, warehouse: Warehouse) -> None:
    machine = type("Machine", (Shelves,), {"warehouse": warehouse})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=25,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
