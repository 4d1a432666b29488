"""Where units are taken from, where they go back to, and how they are moved."""

from __future__ import annotations

import pytest

from app.inventory.errors import (
    LocationInUse,
    LocationTaken,
    NotEnoughThere,
    OutOfStock,
    UnknownLocation,
)
from app.inventory.models import Cause, LocationCode
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku
from tests.inventory.conftest import BY, Warehouse


def test_the_first_location_sends_unless_the_order_goes_where_another_is(
    warehouse: Warehouse,
) -> None:
    warehouse.fill("A", main=5, east=5)
    warehouse.hold("home", "US", A=1)
    warehouse.hold("abroad", "DE", A=2)
    assert warehouse.shelves("A") == {"main": (5, 1), "east": (5, 2)}


def test_one_parcel_is_sent_where_one_location_has_everything(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=5, east=5)
    warehouse.fill("B", main=0, east=5)
    warehouse.hold("order", A=1, B=1)
    assert warehouse.shelves("A") == {"main": (5, 0), "east": (5, 1)}
    assert warehouse.shelves("B") == {"east": (5, 1)}


def test_locations_share_what_none_has_alone(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=2, east=3)
    warehouse.hold("order", A=4)
    assert warehouse.shelves("A") == {"main": (2, 2), "east": (3, 2)}
    with pytest.raises(OutOfStock) as refusal:
        warehouse.hold("late", A=2)
    assert refusal.value.shortages == {"A": 1}
    assert warehouse.shelves("A") == {"main": (2, 2), "east": (3, 2)}
    warehouse.end("order", sold=True)
    assert warehouse.shelves("A") == {"east": (1, 0)}
    assert warehouse.problems() == []


def test_units_go_back_to_where_they_left_or_where_it_is_said(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=1, east=2)
    warehouse.hold("order", A=3)
    warehouse.end("order", sold=True)

    def give_back(name: str, units: int, location: str | None = None) -> None:
        code = LocationCode(location) if location else None
        warehouse.database.in_transaction(
            lambda session: warehouse.stock.take_back(
                "order", {name: (Sku("A"), units)}, session, code
            )
        )

    give_back("first", 2)
    assert warehouse.shelves("A") == {"main": (1, 0), "east": (1, 0)}
    with pytest.raises(UnknownLocation):
        give_back("nowhere", 1, "moon")
    give_back("second", 1, "main")
    assert warehouse.shelves("A") == {"main": (2, 0), "east": (1, 0)}
    assert warehouse.stock.places_of("order") == {"A": {}}
    assert warehouse.problems() == []


def test_a_transfer_is_two_movements_and_leaves_what_is_reserved(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=5)
    warehouse.hold("order", A=2)
    with pytest.raises(NotEnoughThere, match="Only 3 of A can leave main"):
        warehouse.taking.transfer(Sku("A"), 4, "main", "east", by=BY)
    warehouse.taking.transfer(Sku("A"), 3, "main", "east", by=BY)
    assert warehouse.shelves("A") == {"main": (2, 2), "east": (3, 0)}
    newest = warehouse.taking.history(Sku("A")).movements[:2]
    assert [(each.why.cause, each.location, each.on_hand) for each in newest] == [
        (Cause.TRANSFER, "east", 3),
        (Cause.TRANSFER, "main", -3),
    ]
    for source, target in (("main", "main"), ("main", "moon")):
        with pytest.raises((Invalid, UnknownLocation)):
            warehouse.taking.transfer(Sku("A"), 1, source, target, by=BY)


def test_the_history_says_what_who_where_and_what_was_left(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=5, east=1)
    warehouse.hold("ord_1", A=2)
    warehouse.end("ord_1", sold=True)
    warehouse.taking.adjust(Sku("A"), -1, "east", reason="  a   crack ", by=BY, cause=Cause.DAMAGE)
    page = warehouse.taking.history(Sku("A"), most=3)
    found = [
        (
            each.number,
            each.why.cause,
            each.why.order_id,
            each.location,
            each.after.on_hand,
            each.total_after,
        )
        for each in page.movements
    ]
    assert found == [
        (5, Cause.DAMAGE, "", "east", 0, 3),
        (4, Cause.SALE, "ord_1", "main", 3, 4),
        (3, Cause.HOLD, "ord_1", "main", 5, 6),
    ]
    assert (page.movements[0].why.reason, page.movements[0].why.by) == ("a crack", BY)
    rest = warehouse.taking.history(Sku("A"), page.before)
    assert [each.number for each in rest.movements] == [2, 1]
    assert rest.before is None


def test_what_cannot_be_is_refused_and_changes_nothing(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=2)
    before = warehouse.taking.history(Sku("A"))
    for change, reason in ((-3, "gone"), (1, " "), (0, "nothing"), (1, "x" * 201)):
        with pytest.raises((NotEnoughThere, Invalid)):
            warehouse.taking.adjust(Sku("A"), change, "main", reason=reason, by=BY)
    with pytest.raises(Invalid):
        warehouse.taking.count(Sku("A"), -1, "main", by=BY)
    with pytest.raises(UnknownLocation):
        warehouse.taking.count(Sku("A"), 1, "moon", by=BY)
    with pytest.raises(NotFound):
        warehouse.taking.adjust(Sku("NEW"), 1, "main", reason="found", by=BY)
    assert warehouse.taking.history(Sku("A")) == before


def test_a_location_is_closed_once_it_is_empty(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=1, east=1)
    with pytest.raises(LocationInUse):
        warehouse.locations.close("east")
    warehouse.hold("order", "DE", A=1)
    warehouse.end("order", sold=True)
    warehouse.locations.close("east")
    with pytest.raises(LocationInUse):
        warehouse.locations.close("main")
    with pytest.raises(UnknownLocation):
        warehouse.taking.count(Sku("A"), 1, "east", by=BY)
    warehouse.database.in_transaction(
        lambda session: warehouse.stock.take_back("order", {"back": (Sku("A"), 1)}, session)
    )
    assert warehouse.shelves("A") == {"main": (2, 0)}
    warehouse.locations.reopen("east")
    warehouse.fill("A", east=4)
    with pytest.raises(LocationTaken):
        warehouse.locations.add("EAST", "Again")
    for code, name, country in (("a b", "Name", ""), ("x", " ", ""), ("x", "Name", "Germany")):
        with pytest.raises(Invalid):
            warehouse.locations.add(code, name, country=country)


def test_a_count_of_everything_leaves_other_locations_as_long_as_it_can(
    warehouse: Warehouse,
) -> None:
    warehouse.fill("A", main=3, east=4)
    assert warehouse.stock.set_on_hand({Sku("A"): 7}, BY) == 0
    warehouse.stock.set_on_hand({Sku("A"): 9}, BY)
    assert warehouse.shelves("A") == {"main": (5, 0), "east": (4, 0)}
    warehouse.stock.set_on_hand({Sku("A"): 2}, BY)
    assert warehouse.shelves("A") == {"east": (2, 0)}


def test_the_check_finds_what_was_changed_behind_its_back(warehouse: Warehouse) -> None:
    warehouse.fill("A", main=3)
    warehouse.fill("B", main=3)
    assert warehouse.problems() == []
    levels = warehouse.database["stock_levels"]
    levels.update_one({"_id": "A"}, {"$inc": {"at.main.on_hand": 1}})
    levels.update_one({"_id": "B"}, {"$inc": {"reserved": 2, "available": -2}})
    assert warehouse.problems() == [
        "A at main: on hand is 4, should be 3",
        "B: reserved is 2, should be 0",
        "B: reserved by orders is 2, should be 0",
    ]
