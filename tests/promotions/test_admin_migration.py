"""Uses, codes, transfers and stock of before, as the panel lists them."""

from __future__ import annotations

import importlib
from dataclasses import replace

from flask import Flask

from app.db.database import Database
from app.inventory.locations import Locations
from app.inventory.stock_list import StockList, StockQuery, StockState
from app.inventory.stocktaking import Stocktaking
from app.inventory.transfers import Transfers
from app.promotions.tallies import UsageTallies
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.promotions import PromotionMaker, enter
from tests.support.shopper import Shopper


def _upgrade(database: Database) -> None:
    importlib.import_module("migrations.0023_promotions_and_stock_admin").upgrade(database)


def test_uses_of_before_are_counted_with_what_their_orders_say(
    app: Flask,
    database: Database,
    catalog: CatalogMaker,
    shopper: Shopper,
    sandbox: Sandbox,
) -> None:
    promotions = PromotionMaker(app)
    made = promotions.add("FIRST")
    (code,) = promotions.make_codes(made, 1, name="fair")
    shopper.add(catalog.mug(), 2)
    enter(shopper, code)
    shopper.pay(sandbox)
    gone = dict.fromkeys(("amount", "currency", "tally", "committed_at"), "")
    database["promotion_uses"].update_many({}, {"$unset": gone})
    database["coupon_batches"].delete_many({})
    for _ in range(2):  # each step may be repeated
        _upgrade(database)
    tallies = service(UsageTallies, app)
    assert [tallies.run(), tallies.run()] == [1, 0]
    (given,) = tallies.totals([made.id])[made.id].given
    assert (given.minor, given.currency) == (400, "USD")
    batch = promotions.coupons.batch(made.id, "fair")
    assert (batch.count, batch.made, batch.limit, batch.used, batch.active) == (1, 1, 1, 1, True)


def test_stock_and_transfers_of_before_are_listed(
    app: Flask, database: Database, catalog: CatalogMaker
) -> None:
    catalog.mug()
    locations, taking = service(Locations, app), service(Stocktaking, app)
    locations.add("east", "East")
    made = taking.transfers.move("trf_1", {Sku("MUG"): 10}, "main", "east", by="somebody")
    database["transfers"].delete_many({})
    for way in ("out", "in"):
        movement = database["stock_movements"].find_one_and_delete({"_id": f"trf_1:MUG:{way}"})
        assert movement is not None
        database["stock_movements"].insert_one({**movement, "_id": f"mov_1:{way}"})
    database["stock_levels"].update_many({}, {"$unset": {"marks": ""}})
    database["locations"].update_many({}, {"$unset": {"version": ""}})
    for _ in range(2):
        _upgrade(database)
    (known,) = service(Transfers, app).past("", 10)
    assert known == replace(made, at=known.at)
    rows = service(StockList, app).rows
    assert [each.level.sku for each in rows(StockQuery(location="east"), 10)] == ["MUG"]
    assert rows(StockQuery(location="main"), 10) == []
    assert rows(StockQuery(state=StockState.OUT), 10) == []
    changed = locations.change(replace(locations.get("east"), name="East hall"))
    assert changed.version == 2
