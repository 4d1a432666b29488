"""Prices in yen and dinars: typed, listed, exported and imported."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.importing import CsvImport
from app.catalog.service import CatalogService
from app.markets.documents import to_document
from app.markets.service import UNITED_STATES, MarketService
from app.shared.money import Money
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.markets import JAPAN, KUWAIT
from tests.support.shopper import Shopper


@pytest.fixture(autouse=True)
def _markets(app: Flask) -> None:
    for market in (JAPAN, KUWAIT):
        service(MarketService, app).store(to_document(market))


@pytest.mark.parametrize(
    ("market", "typed", "found"),
    [
        ("JP", "max_price=2980", True),
        ("JP", "max_price=2979", False),
        ("JP", "min_price=2980", True),
        ("KW", "max_price=9.990", True),
        ("KW", "max_price=9.989", False),
        ("KW", "min_price=9.99", True),
    ],
)
def test_a_price_is_typed_in_major_units(
    shopper: Shopper, catalog: CatalogMaker, market: str, typed: str, found: bool
) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP", JP=2980, KW=9990)))
    shopper.post("/market", {"market": market})
    assert ("/products/lamp" in shopper.get(f"/products?{typed}").text) is found


@pytest.mark.parametrize(
    ("market", "typed", "example"), [("JP", "19.50", "25 or 1950"), ("KW", "1.2345", "19.500")]
)
def test_decimals_that_a_currency_has_not_are_said(
    shopper: Shopper, catalog: CatalogMaker, market: str, typed: str, example: str
) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP", JP=2980, KW=9990)))
    shopper.post("/market", {"market": market})
    page = shopper.get(f"/products?min_price={typed}")
    assert example in page.text
    assert f'value="{typed}"' in page.text


def test_a_file_has_exact_prices_and_tax_classes_both_ways(
    app: Flask, catalog: CatalogMaker, tmp_path: Path
) -> None:
    tea = make_variant("TEA", US=1999, JP=2980, KW=1234)
    catalog.add(make_product("Tea", tea, category="thing", tax_class="reduced"))
    catalog.add(make_product("Lamp", make_variant("LAMP", US=100), category="thing"))
    file = tmp_path / "range.csv"
    service(CsvExport, app).run(file, UNITED_STATES, lambda *_: None)
    rows = {row["Handle"]: row for row in csv.DictReader(file.open(encoding="utf-8"))}
    assert rows["tea"]["Tax Class"] == "reduced"
    assert (rows["tea"]["Price / Japan"], rows["tea"]["Price / Kuwait"]) == ("2980", "1.234")
    again = service(CsvImport, app).run(file, UNITED_STATES, lambda *_: None)
    assert (again.updated, again.unchanged, again.problems) == (0, 2, [])

    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(",reduced", ",zero").replace("2980", "2981"), encoding="utf-8")
    service(CsvImport, app).run(file, UNITED_STATES, lambda *_: None)
    product = service(CatalogService, app).find_product("tea")
    assert product
    assert product.tax_class == "zero"
    price = product.variants[0].price_in("JP")
    assert price
    assert price.amount == Money(2981, "JPY")
    file.write_text(text.replace("2980", "29.80"), encoding="utf-8")
    bad = service(CsvImport, app).run(file, UNITED_STATES, lambda *_: None)
    assert "no exact JPY amount" in bad.problems[0].reason
