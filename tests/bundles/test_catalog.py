"""A bundle in listings, on kept pages and in files follows what it is made of."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.importing import CsvImport, ImportReport
from app.catalog.models import BundleComponent, FixedPricing, PercentOff, Product, ProductStatus
from app.catalog.readmodel.touched import Touched
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.catalog.writing import ProductWriter
from app.db.database import Database
from app.inventory.service import InventoryService
from app.markets.service import UNITED_STATES
from app.shared.ids import Sku
from app.shared.money import Money
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.shopper import soup


class Window:
    """The shop window of a server that follows the catalog."""

    def __init__(self, app: Flask) -> None:
        self._client = app.test_client(use_cookies=False)
        self._follower = service(CatalogService, app).follower
        self._told = threading.Condition()
        self._follower.listen(self._note)
        self._follower.start()
        self.wait_until(lambda: self._follower.is_following)

    def _note(self, touched: Touched) -> None:
        with self._told:
            self._told.notify_all()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end
            with self._told:
                self._told.wait(0.05)

    def stock_text(self) -> str:
        found = soup(self._client.get("/products/breakfast")).select_one(".stock")
        assert found is not None
        return found.text

    def is_listed(self) -> bool:
        return "/products/breakfast" in self._client.get("/products?in_stock=1").text

    def close(self) -> None:
        self._follower.close()


@pytest.fixture
def window(app: Flask, breakfast: Product) -> Iterator[Window]:
    window = Window(app)
    yield window
    window.close()


def test_a_kept_page_and_the_listings_follow_a_part(app: Flask, window: Window) -> None:
    stock = service(InventoryService, app)
    stock.set_on_hand({Sku("BLUE"): 0, Sku("RED"): 13}, "test")
    window.wait_until(lambda: window.stock_text() == "In stock")
    for units, text in ((12, "In stock"), (11, "Only 5 sets left"), (9, "Only 4 sets left")):
        stock.set_on_hand({Sku("RED"): units}, "test")
        window.wait_until(lambda text=text: window.stock_text() == text)
        assert window.is_listed()
    stock.set_on_hand({Sku("RED"): 1}, "test")
    window.wait_until(lambda: window.stock_text() == "Sold out")
    window.wait_until(lambda: not window.is_listed())
    stock.set_on_hand({Sku("BLUE"): 2}, "test")  # the set can be had with these
    window.wait_until(lambda: window.stock_text() == "Only 1 set left")
    window.wait_until(window.is_listed)


def test_a_part_that_leaves_the_range_takes_the_set_with_it(
    app: Flask, database: Database, window: Window
) -> None:
    catalog = CatalogRepository(database)
    bowl = catalog.by_slugs(["bowl"])["bowl"]
    writer = ProductWriter(catalog, service(InventoryService, app))
    hidden = replace(bowl, status=ProductStatus.DRAFT)
    database.in_transaction(lambda session: writer.store((), [hidden], session))
    window.wait_until(lambda: not window.is_listed())
    assert window.stock_text() in {"Sold out", "Not sold in your market"}


def test_two_parts_that_change_at_once_both_count(
    app: Flask, database: Database, breakfast: Product
) -> None:
    catalog = CatalogRepository(database)
    writer = ProductWriter(catalog, service(InventoryService, app))

    def raise_price(slug: str) -> None:
        for _ in range(4):
            product = catalog.by_slugs([slug])[slug]
            (variant,) = product.variants
            price = variant.prices["US"]
            dearer = replace(price, amount=price.amount + Money(100, "USD"))
            variants = (replace(variant, prices={**variant.prices, "US": dearer}),)
            changed = replace(product, variants=variants)
            database.in_transaction(lambda session, new=changed: writer.store((), [new], session))

    crowd = [threading.Thread(target=raise_price, args=(slug,)) for slug in ("bowl", "spoon")]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    (bundle,) = catalog.bundles_of([Sku("BLUE")])
    assert bundle.id == breakfast.id
    assert bundle.variants[0].prices["US"].amount == Money(6120, "USD")  # 60.00 and 8 × 1.00, −10%


# --- files ----------------------------------------------------------------------------------------


def _import(app: Flask, path: Path) -> ImportReport:
    return service(CsvImport, app).run(path, UNITED_STATES, lambda done, of: None)


def test_bundles_survive_export_and_import(
    app: Flask, database: Database, catalog: CatalogMaker, breakfast: Product, tmp_path: Path
) -> None:
    fixed = FixedPricing(prices={"US": Money(1900, "USD"), "DE": Money(1800, "EUR")})
    parts = (
        BundleComponent(sku=Sku("BOWL"), quantity=1, alternatives=(Sku("SPOON"),)),
        BundleComponent(sku=Sku("SPOON"), quantity=1, optional=True),
    )
    catalog.bundle("Fixed", *parts, pricing=fixed)
    fields = ("kind", "components", "pricing", "variants", "slug", "title")
    wanted = {"kind": "bundle"}

    def bundles() -> list[dict[str, object]]:
        found = database["products"].find(wanted).sort("slug", 1)
        return [{name: each[name] for name in fields} for each in found]

    before = bundles()
    assert [each["variants"][0]["prices"]["US"]["amount"] for each in before] == [5400, 2400]
    path = tmp_path / "shop.csv"
    service(CsvExport, app).run(path, UNITED_STATES, lambda done, of: None)
    again = _import(app, path)
    assert (again.created, again.problems) == (0, [])
    assert bundles() == before
    for name in ("products", "stock_levels", "stock_movements"):
        database[name].delete_many({})
    anew = _import(app, path)
    assert (anew.created, anew.problems) == (5, [])
    assert bundles() == before
    assert database["stock_levels"].count_documents({"_id": {"$in": ["BREAKFAST", "FIXED"]}}) == 0


_TENTH_OFF = '{"kind":"percent_off","basis_points":1000}'
_FIXED = '{{"kind":"fixed","prices":{{"US":{{"amount":{},"currency":"USD"}}}}}}'


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "7",
        '{"components":[],"pricing":{"kind":"percent_off","basis_points":5}}',
        *(
            f'{{"components":[{{"sku":"{sku}","quantity":{units}}}],"pricing":{pricing}}}'
            for sku, units, pricing in (
                ("MUG", 1001, _TENTH_OFF),
                ("MUG", 10**30, _TENTH_OFF),
                ("", 1, _TENTH_OFF),
                ("X" * 121, 1, _TENTH_OFF),
                ("MUG", 1, '{"kind":"gift","prices":{}}'),
                ("MUG", 1, '{"kind":"fixed","prices":{}}'),
                ("MUG", 1, _FIXED.format(-500)),
                ("MUG", 1, _FIXED.format(10**25)),
            )
        ),
    ],
)
def test_a_bundle_that_cannot_be_read_is_told_and_left_out(
    app: Flask, database: Database, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "bad.csv"
    quoted = text.replace('"', '""')
    path.write_text(
        f'Handle,Title,Published,Variant SKU,Variant Price,Bundle\nset,Set,true,SET,9,"{quoted}"\n'
    )
    report = _import(app, path)
    assert [problem.line for problem in report.problems] == [2]
    assert database["products"].count_documents({}) == 0


def test_a_file_takes_no_variant_away_that_a_bundle_is_made_of(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    sizes = (make_variant(f"M-{size}", {"Size": size}) for size in "SL")
    catalog.add(make_product("Mug", *sizes))
    part = BundleComponent(sku=Sku("M-L"), quantity=2)
    catalog.bundle("Pair", part, pricing=PercentOff(basis_points=1000))
    before = CatalogRepository(database).by_slugs(["mug", "pair"])
    path = tmp_path / "shop.csv"
    head = "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Bundle"
    path.write_text(f"{head}\nmug,Mug,Size,S,M-S,20.00,\n")
    report = service(CsvImport, app).run(path, UNITED_STATES, lambda done, of: None)
    assert [each.reason for each in report.problems] == [
        "M-L is part of pair: change that first; mug was left out"
    ]
    assert CatalogRepository(database).by_slugs(["mug", "pair"]) == before
    bundle = '"{""components"":[{""sku"":""M-S"",""quantity"":1}],""pricing"":{""kind"":""percent_off"",""basis_points"":100}}"'
    path.write_text(f"{head}\nmug,Mug,Size,S,M-S,20.00,\npair,Pair,,,PAIR,1.00,{bundle}\n")
    report = service(CsvImport, app).run(path, UNITED_STATES, lambda done, of: None)
    assert (report.updated, report.problems) == (2, [])
