"""Stock of before: numbers of one place, policies of two words, movements without a place."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from app.catalog.models import Policy, PolicyKind
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.db.migrations import upgrade
from app.inventory.checking import StockCheck
from app.inventory.service import InventoryService
from app.inventory.stocktaking import Stocktaking
from app.shared.ids import Sku
from app.web.registry import service
from tests.inventory.conftest import Warehouse
from tests.support.catalog import CatalogMaker, make_product, make_variant

AT = datetime(2026, 1, 2, tzinfo=UTC)
_NAMES = ("products", "stock_levels", "stock_movements", "stock_holds")


@pytest.fixture
def before(database: Database, catalog: CatalogMaker, schema_put_back: None) -> Database:
    """A database as it was."""
    catalog.add(make_product("Mug", make_variant("MUG"), make_variant("CUP")))
    for name in _NAMES:
        database.command("collMod", name, validator={})
    for name in _NAMES[1:]:
        database[name].delete_many({})
    movements = database["stock_movements"]
    movements.drop_indexes()
    product = database["products"].find_one({}) or {}
    for variant in product["variants"]:
        del variant["policy"]
        variant["sells_when_out"] = variant["sku"] == "CUP"
    database["products"].update_one({}, {"$set": {"variants": product["variants"]}})
    numbers = {"on_hand": 7, "reserved": 2, "available": 5}
    database["stock_levels"].insert_many(
        [
            {"_id": "MUG", **numbers, "many": 12, "updated_at": AT},
            {"_id": "CUP", "on_hand": 0, "reserved": 1, "available": -1, "updated_at": AT},
        ]
    )
    movements.insert_many(
        [
            _movement("mov_1", "MUG", 9, 0, "import", 1),
            _movement("ord_1:1:hold:MUG", "MUG", 0, 2, "hold", 2),
            _movement("ord_1:1:committed:MUG", "MUG", -2, -2, "sale", 3),
            _movement("ord_2:1:hold:MUG", "MUG", 0, 2, "hold", 4),
            _movement("ord_2:1:hold:CUP", "CUP", 0, 1, "hold", 4),
        ]
    )
    database["stock_holds"].insert_many(
        [
            _hold("ord_1", "committed", MUG=2),
            _hold("ord_2", "held", MUG=2, CUP=1),
        ]
    )
    return database


def _movement(
    name: str, sku: str, on_hand: int, reserved: int, cause: str, hour: int
) -> dict[str, Any]:
    at = AT.replace(hour=hour)
    return {
        "_id": name,
        "sku": sku,
        "on_hand": on_hand,
        "reserved": reserved,
        "cause": cause,
        "at": at,
    }


def _hold(owner: str, state: str, **units: int) -> dict[str, Any]:
    lines = [
        {"sku": sku, "quantity": count, "limited": sku == "MUG"} for sku, count in units.items()
    ]
    return {"_id": owner, "state": state, "lines": lines, "expires_at": AT, "round": 1}


def _upgrade(database: Database) -> None:
    importlib.import_module("migrations.0015_inventory").upgrade(database)


def test_stock_of_before_lies_at_the_one_location_and_adds_up(app: Flask, before: Database) -> None:
    for _ in range(2):  # each step may be repeated
        _upgrade(before)
    stock, taking = service(InventoryService, app), service(Stocktaking, app)
    mug = taking.level(Sku("MUG"))
    assert (mug.on_hand, mug.reserved, mug.many, mug.below, mug.moves) == (7, 2, 12, 0, 4)
    assert {code: (each.on_hand, each.reserved) for code, each in mug.shelves.items()} == {
        "main": (7, 2)
    }
    assert taking.level(Sku("CUP")).below is None
    page = taking.history(Sku("MUG"))
    assert [
        (each.number, each.why.cause, each.why.by, each.why.order_id, each.total_after)
        for each in page.movements
    ] == [
        (4, "hold", "the shop", "ord_2", 7),
        (3, "sale", "the shop", "ord_1", 7),
        (2, "hold", "the shop", "ord_1", 9),
        (1, "count", "import", "", 9),
    ]
    assert service(StockCheck, app).run() == []
    (product,) = CatalogRepository(before).every_product()
    policies = {each.sku: each.policy for each in product.variants}
    assert policies == {"MUG": Policy(), "CUP": Policy(kind=PolicyKind.BACK_ORDER)}
    before.in_transaction(lambda session: stock.commit("ord_2", session))
    back = {"back": (Sku("MUG"), 2)}
    before.in_transaction(lambda session: stock.take_back("ord_1", back, session))
    assert stock.on_hand([Sku("MUG")]) == {"MUG": 7}
    assert service(StockCheck, app).run() == []


def test_a_new_shop_has_one_location(app: Flask) -> None:
    assert upgrade(service(Database, app)) == []
    assert [each.code for each in Warehouse(app).locations.every()] == ["main"]
