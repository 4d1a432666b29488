"""Which location sends what, for any stock and any need."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.inventory.models import Location, LocationCode, Shelf, StockLevel
from app.inventory.rules import allocate, band, count_steps, sending_order
from app.shared.ids import Sku

PLACES = tuple(map(LocationCode, ("main", "east", "north")))
SKUS = tuple(map(Sku, ("A", "B", "C")))
FREE = st.dictionaries(
    st.sampled_from(SKUS), st.dictionaries(st.sampled_from(PLACES), st.integers(-3, 6)), max_size=3
)
NEEDS = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 8), min_size=1)


@given(NEEDS, FREE, st.permutations(PLACES))
def test_all_that_is_needed_is_taken_and_no_more_than_is_there(
    needs: dict[Sku, int], free: dict[Sku, dict[LocationCode, int]], order: list[LocationCode]
) -> None:
    places = allocate(needs, free, order)
    assert {sku: sum(taken.values()) for sku, taken in places.items()} == needs
    for sku, taken in places.items():
        there = {code: max(units, 0) for code, units in free.get(sku, {}).items()}
        assert all(units > 0 for units in taken.values())
        missing = needs[sku] - sum(min(units, there.get(code, 0)) for code, units in taken.items())
        assert missing == max(needs[sku] - sum(there.values()), 0)
        over = {code for code, units in taken.items() if units > there.get(code, 0)}
        assert over <= {order[0]}  # what is yet to come is expected at the first


@given(NEEDS, FREE, st.permutations(PLACES))
def test_one_location_sends_everything_if_one_has_it(
    needs: dict[Sku, int], free: dict[Sku, dict[LocationCode, int]], order: list[LocationCode]
) -> None:
    whole = [
        code
        for code in order
        if all(free.get(sku, {}).get(code, 0) >= units for sku, units in needs.items())
    ]
    places = {code for taken in allocate(needs, free, order).values() for code in taken}
    if whole:
        assert places == {whole[0]}


@given(st.dictionaries(st.sampled_from(PLACES), st.integers(0, 9)), st.integers(0, 30))
def test_a_count_of_everything_ends_at_what_was_counted(
    lying: dict[LocationCode, int], counted: int
) -> None:
    total = sum(lying.values())
    shelves = {code: Shelf(on_hand=units) for code, units in lying.items()}
    level = StockLevel(sku=SKUS[0], on_hand=total, reserved=0, available=total, shelves=shelves)
    steps = count_steps(level, counted, list(PLACES[:2]))
    after = {code: lying.get(code, 0) + steps.get(code, 0) for code in {*lying, *steps}}
    assert sum(after.values()) == counted
    assert all(units >= 0 for units in after.values())


def test_where_it_goes_counts_before_priority_and_closed_ones_do_not() -> None:
    places = [
        Location(code=PLACES[0], name="Main", priority=1),
        Location(code=PLACES[1], name="East", country="DE", priority=5),
        Location(code=PLACES[2], name="North", priority=0, active=False),
    ]
    assert sending_order(places) == ["main", "east"]
    assert sending_order(places, "DE") == ["east", "main"]
    assert sending_order(places, "US") == ["main", "east"]


def test_pages_are_told_at_both_ends() -> None:
    assert band(0, 6, 10) != band(1, 6, 10)  # it begins to wait
    assert band(-9, 6, 10) != band(-10, 6, 10)  # the limit is reached
    assert band(-2, 6, 10) == band(-3, 6, 10)
    assert band(-2, 6, None) == band(-300, 6, None)
    assert band(-2, 6) == band(0, 6)
