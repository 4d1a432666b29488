"""Two workers at one import: the slow one stores nothing once the other has taken it over."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from flask import Flask

from app.catalog.csv.importing import CsvImport
from app.catalog.csv.job_models import ImportState
from app.catalog.csv.jobs import ImportJobs
from app.db.database import Database, Session
from app.db.errors import moved_on
from app.inventory.service import InventoryService
from app.markets.service import UNITED_STATES, MarketService
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service

HEAD = "Handle,Title,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Price\n"
MUGS = 60  # two batches


@pytest.fixture
def import_id(app: Flask) -> str:
    """An import that was tried out and started."""
    jobs = service(ImportJobs, app)
    rows = "".join(f"mug-{n},Mug {n},M{n},shopify,{n + 1},20.00\n" for n in range(MUGS))
    job, _ = jobs.upload("imp", "mugs.csv", (HEAD + rows).encode(), UNITED_STATES, "owner")
    jobs.run()
    jobs.start(job.id)
    return job.id


class InterruptedStock(InventoryService):
    """Counts, and then does something else once before it goes on."""

    def __init__(self, database: Database, interruption: Callable[[], None]) -> None:
        super().__init__(database)
        self._interruption = interruption
        self.leases: list[float] = []

    def count(self, quantities: Mapping[Sku, int], by: str, session: Session) -> int:
        """Count, be interrupted once, and go on; note how long the lease is good for."""
        counted = super().count(quantities, by, session)
        job = self._database["catalog_imports"].find_one({"_id": "imp"}) or {}
        self.leases.append((job["lease"] - now()).total_seconds())
        if len(self.leases) == 1:
            self._interruption()
        return counted


def _worker(app: Flask, stock: InventoryService) -> ImportJobs:
    database, markets = service(Database, app), service(MarketService, app)
    return ImportJobs(database, CsvImport(database, stock, markets), markets, lambda: None)


def _expire(database: Database) -> None:
    database["catalog_imports"].update_many({}, {"$set": {"lease": now() - timedelta(seconds=1)}})


def test_a_slow_worker_that_lost_its_lease_applies_nothing(
    app: Flask, database: Database, import_id: str
) -> None:
    other = threading.Thread(target=service(ImportJobs, app).run)

    def worker_at_it() -> str:
        found = database["catalog_imports"].find_one({"_id": import_id}) or {}
        return str(found["worker"])

    def lose() -> None:
        before, until = worker_at_it(), time.monotonic() + 20
        _expire(database)
        other.start()
        while worker_at_it() == before:
            assert time.monotonic() < until
            time.sleep(0.02)

    slow = InterruptedStock(database, lose)
    _worker(app, slow).run()
    other.join()
    job = service(ImportJobs, app).get(import_id)
    assert (job.state, job.products) == (ImportState.DONE, MUGS)
    assert (job.counts.created, job.counts.updated, job.counts.unchanged) == (MUGS, 0, 0)
    assert job.counts.stock_changes == MUGS
    assert database["products"].count_documents({}) == MUGS
    assert database["stock_movements"].count_documents({}) == MUGS  # each counted once
    assert len(slow.leases) == 1  # the slow one did not get as far again


def test_each_try_of_a_batch_has_a_lease_of_its_own(
    app: Flask, database: Database, import_id: str
) -> None:
    def conflict() -> None:
        _expire(database)
        raise moved_on("stock")

    stock = InterruptedStock(database, conflict)
    _worker(app, stock).run()
    assert service(ImportJobs, app).get(import_id).state is ImportState.DONE
    assert len(stock.leases) == 3  # the first batch twice
    assert all(seconds > 60 for seconds in stock.leases), "longer than a transaction may last"
