"""A shop with a second location."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from app.db.database import Database
from app.inventory.checking import StockCheck
from app.inventory.locations import Locations
from app.inventory.models import Demand
from app.inventory.service import InventoryService
from app.inventory.stocktaking import Stocktaking
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service

LATER = timedelta(minutes=30)
BY = "a test"


class Warehouse:
    """Somebody who sees and moves everything."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.database = service(Database, app)
        self.stock = service(InventoryService, app)
        self.taking = service(Stocktaking, app)
        self.locations = service(Locations, app)

    def fill(self, sku: str, **units: int) -> None:
        """Count units at locations."""
        for code, count in units.items():
            self.taking.count(Sku(sku), count, code, by=BY)

    def shelves(self, sku: str) -> dict[str, tuple[int, int]]:
        """On hand and reserved by location, empty ones left out."""
        found = self.taking.level(Sku(sku)).shelves.items()
        every = {code: (each.on_hand, each.reserved) for code, each in found}
        return {code: each for code, each in every.items() if any(each)}

    def hold(self, owner: str, country: str = "", *, limited: bool = True, **units: int) -> None:
        """Reserve units for an order."""
        demands = [
            Demand(sku=Sku(sku), quantity=count, limited=limited) for sku, count in units.items()
        ]
        self.database.in_transaction(
            lambda session: self.stock.hold(owner, demands, now() + LATER, session, country)
        )

    def end(self, owner: str, *, sold: bool) -> None:
        """Sell what an order holds, or give it back."""
        step = self.stock.commit if sold else self.stock.release
        self.database.in_transaction(lambda session: step(owner, session))

    def problems(self) -> list[str]:
        """What the check finds."""
        return [each.text for each in service(StockCheck, self.app).run()]


@pytest.fixture
def warehouse(app: Flask) -> Warehouse:
    """Locations ``main``, and ``east`` in Germany, which sends second."""
    made = Warehouse(app)
    made.locations.add("east", "East hall", country="DE", priority=10)
    return made


@pytest.fixture
def run(app: Flask) -> Callable[..., tuple[int, str]]:
    """Runs ``flask inventory …``; the exit code and what was said."""

    def call(*words: str) -> tuple[int, str]:
        result = app.test_cli_runner().invoke(args=["inventory", *words])
        return result.exit_code, result.output

    return call
