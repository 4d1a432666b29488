"""Product CSV that leaves out a variant which orders still wait for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.csv.importing import CsvImport, ImportReport
from app.catalog.models import Product
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.inventory.models import Demand
from app.inventory.service import InventoryService
from app.markets.service import UNITED_STATES
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant

HEAD = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price"
LINES = (
    "bowl,Bowl,,,BOWL,22.00",
    "mug,Cup,Size,S,M-S,25.00",
    "mug,,,XL,M-XL,25.00",
    "vase,Vase,,,VASE,22.00",
)


@pytest.fixture
def mug(catalog: CatalogMaker) -> Product:
    sizes = [make_variant(f"M-{size}", {"Size": size}) for size in "SML"]
    product = make_product("Mug", *sizes)
    catalog.add(product, stock=3)
    return product


@pytest.fixture
def held(app: Flask, mug: Product, database: Database) -> None:
    """An order holds one of the mugs that the file leaves out."""
    demands = [Demand(sku=Sku("M-L"), quantity=1)]
    until = now() + timedelta(hours=1)
    stock = service(InventoryService, app)
    database.in_transaction(lambda session: stock.hold("order", demands, until, session))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "products.csv"
    path.write_text("\n".join((HEAD, *LINES)) + "\n", encoding="utf-8")
    return path


def _import(app: Flask, path: Path) -> ImportReport:
    return service(CsvImport, app).run(path, UNITED_STATES, lambda done, total: None)


def _told(report: ImportReport) -> list[tuple[int, str]]:
    return [(each.line, each.reason) for each in report.problems]


@pytest.mark.usefixtures("held")
def test_a_variant_that_orders_hold_stays_and_its_product_as_it_was(
    app: Flask, database: Database, path: Path
) -> None:
    before = CatalogRepository(database).by_slugs(["mug"])
    (planned,) = service(CsvImport, app).plan(path, UNITED_STATES, lambda done, total: None)
    wanted = [(3, "Orders still wait for units of M-L: send them first; mug was left out")]
    assert _told(planned.report) == wanted
    report = _import(app, path)
    assert _told(report) == wanted
    assert (report.created, report.updated) == (2, 0)
    assert CatalogRepository(database).by_slugs(["mug"]) == before
    assert set(CatalogRepository(database).by_slugs(["bowl", "vase"])) == {"bowl", "vase"}


@pytest.mark.usefixtures("held")
def test_it_goes_once_no_order_holds_it(app: Flask, database: Database, path: Path) -> None:
    stock = service(InventoryService, app)
    database.in_transaction(lambda session: stock.release("order", session))
    report = _import(app, path)
    assert (report.updated, report.problems) == (1, [])
    after = CatalogRepository(database).by_slugs(["mug"])["mug"]
    assert [each.sku for each in after.variants] == ["M-S", "M-XL"]
