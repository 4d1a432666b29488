"""Product CSV that says less than everything: what it has no column for stays as it is."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.importing import CsvImport, ImportReport
from app.catalog.models import UNCOUNTED, Image, PolicyKind, Price, Product, ProductStatus
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.inventory.service import InventoryService
from app.markets.service import UNITED_STATES
from app.shared.clock import now
from app.shared.ids import Sku
from app.shared.money import Money
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant

PICTURES = tuple(
    Image(src=f"https://x.test/{each}.jpg", alt=each, width=9, height=9) for each in "ab"
)


@pytest.fixture
def mug(catalog: CatalogMaker) -> Product:
    """A draft that says something in every field."""
    variants = (
        replace(
            make_variant(f"M-{size}", {"Size": size}),
            weight_grams=300,
            barcode="4006381333931",
            image_src=PICTURES[0].src,
            requires_shipping=False,
            taxable=False,
        )
        for size in "SL"
    )
    product = make_product(
        "Mug",
        *variants,
        tags=("clay",),
        images=PICTURES,
        attributes={"Care": "By hand"},
        tax_class="reduced",
        seo_title="S",
        seo_description="D",
        featured=True,
        status=ProductStatus.DRAFT,
    )
    catalog.add(product)
    return product


def _import(app: Flask, folder: Path, head: str, *rows: str) -> ImportReport:
    path = folder / "products.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return service(CsvImport, app).run(path, UNITED_STATES, lambda done, total: None)


def _now(database: Database, slug: str = "mug") -> Product:
    return CatalogRepository(database).by_slugs([slug])[slug]


def _repriced(product: Product, minor: int) -> Product:
    price = Price(amount=Money(minor, "USD"))
    variants = tuple(
        replace(each, prices={**each.prices, "US": price}) for each in product.variants
    )
    return replace(product, variants=variants)


def test_a_price_list_changes_prices_alone(
    app: Flask, database: Database, mug: Product, tmp_path: Path
) -> None:
    report = _import(
        app,
        tmp_path,
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price",
        "mug,Mug,Size,S,M-S,25.00",
        "mug,,,L,M-L,25.00",
    )
    assert (report.updated, report.problems) == (1, [])
    after = _now(database)
    wanted = _repriced(mug, 2500)
    assert after == replace(wanted, revision=after.revision, updated_at=after.updated_at)


def test_variants_without_a_sku_are_known_by_their_options(
    app: Flask, database: Database, mug: Product, tmp_path: Path
) -> None:
    report = _import(
        app,
        tmp_path,
        "Handle,Title,Option1 Name,Option1 Value,Variant Inventory Qty,Variant Price",
        "mug,Mug,Size,S,4,25.00",
        "mug,,,XL,5,25.00",
        "mug,,,L,,25.00",
    )
    assert (report.updated, report.stock_changes, report.problems) == (1, 2, [])
    assert [(each.sku, each.barcode[:4]) for each in _now(database).variants] == [
        ("M-S", "4006"),
        ("MUG-XL", ""),
        ("M-L", "4006"),
    ]
    skus = [Sku("M-S"), Sku("MUG-XL"), Sku("M-L")]
    assert service(InventoryService, app).on_hand(skus) == dict(zip(skus, (4, 5, 10), strict=True))


def test_a_file_without_options_takes_no_variants_away(
    app: Flask, database: Database, mug: Product, tmp_path: Path
) -> None:
    report = _import(app, tmp_path, "Handle,Title,Variant SKU,Variant Price", "mug,Mug,M-S,25.00")
    (problem,) = report.problems
    assert "no column Option1 Name" in problem.reason
    assert (report.updated, _now(database)) == (0, mug)


@pytest.mark.parametrize(
    ("columns", "cells", "kept", "fresh"),
    [
        ("", "", PolicyKind.DENY, PolicyKind.UNCOUNTED),
        ("Variant Inventory Qty,", "7,", PolicyKind.DENY, PolicyKind.DENY),
        ("Variant Inventory Tracker,", ",", PolicyKind.UNCOUNTED, PolicyKind.UNCOUNTED),
        ("Variant Inventory Tracker,", "shopify,", PolicyKind.DENY, PolicyKind.DENY),
        ("Variant Inventory Policy,", "deny,", PolicyKind.DENY, PolicyKind.DENY),
        ("Variant Inventory Policy,", "continue,", PolicyKind.BACK_ORDER, PolicyKind.BACK_ORDER),
    ],
)
def test_what_is_counted_stays_counted_unless_the_file_says_otherwise(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path,
    columns: str, cells: str, kept: PolicyKind, fresh: PolicyKind,
) -> None:  # fmt: skip
    catalog.add(make_product("Bowl", make_variant("BOWL")))
    head = f"Handle,Title,Variant SKU,{columns}Variant Price"
    rows = [f"{name.lower()},{name},{name.upper()},{cells}9.00" for name in ("Bowl", "Cup")]
    assert _import(app, tmp_path, head, *rows).problems == []
    assert _now(database, "bowl").variants[0].policy.kind is kept
    assert _now(database, "cup").variants[0].policy.kind is fresh


def test_what_is_uncounted_stays_so_in_a_file_of_quantities(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    catalog.add(make_product("E-book", replace(make_variant("EBOOK"), policy=UNCOUNTED)))
    head = "Handle,Title,Variant SKU,Variant Inventory Qty,Variant Price"
    _import(app, tmp_path, head, "e-book,E-book,EBOOK,3,20.00")
    assert _now(database, "e-book").variants[0].policy == UNCOUNTED


def test_pictures_without_a_column_of_variants_keep_theirs(
    app: Flask, database: Database, mug: Product, tmp_path: Path
) -> None:
    report = _import(
        app,
        tmp_path,
        "Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Image Src",
        "mug,Mug,Size,S,M-S,20.00,https://x.test/c.jpg",
        "mug,,,L,M-L,20.00,",
    )
    assert report.problems == []
    after = _now(database)
    assert [each.src[-5:] for each in after.images] == ["c.jpg", "a.jpg"]
    assert {each.image_src for each in after.variants} == {PICTURES[0].src}


def test_what_a_picture_belongs_to_stays_though_its_variants_have_more_in_common(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    """Staff said that the picture is of all that is red; one variant shows it."""
    picture = replace(PICTURES[0], option_values={"Colour": "Red"})
    red = replace(make_variant("R", {"Size": "S", "Colour": "Red"}), image_src=picture.src)
    blue = make_variant("B", {"Size": "S", "Colour": "Blue"})
    catalog.add(make_product("Tee", red, blue, images=(picture,)))
    head = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Image,Image Src,Variant Price"
    rows = [
        "tee,Tee,Size,S,Colour,Red,R,{0},https://x.test/a.jpg,21.00",
        "tee,,,S,,Blue,B,{1},,21.00",
    ]
    _import(app, tmp_path, head, *(each.format(picture.src, "") for each in rows))
    assert _now(database, "tee").images == (picture,)
    _import(app, tmp_path, head, *(each.format("", picture.src) for each in rows))
    assert _now(database, "tee").images[0].option_values == {"Size": "S", "Colour": "Blue"}


def test_what_waits_for_its_day_still_does(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    """Also in another shop, which would show at once what is a secret here."""
    day = (now() + timedelta(days=9)).replace(microsecond=5000)
    catalog.add(make_product("Bowl", make_variant("BOWL"), published_at=day))
    path = tmp_path / "out.csv"
    service(CsvExport, app).run(path, UNITED_STATES, lambda done, total: None)
    _import(app, tmp_path, "Handle,Title,Variant SKU,Variant Price", "bowl,Bowl,BOWL,9.00")
    assert _now(database, "bowl").published_at == day
    database["products"].delete_many({})
    assert service(CsvImport, app).run(path, UNITED_STATES, lambda done, total: None).created == 1
    assert _now(database, "bowl").published_at == day


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2031-05-01", datetime(2031, 5, 1, tzinfo=UTC)),
        ("2031-05-01 09:00", datetime(2031, 5, 1, 9, tzinfo=UTC)),
        ("2031-05-01T09:00:00+02:00", datetime(2031, 5, 1, 7, tzinfo=UTC)),
        ("9999-12-31T23:00:00-05:00", None),
        ("soon", None),
    ],
)
def test_when_it_is_published_can_be_said(
    app: Flask, database: Database, tmp_path: Path, text: str, moment: datetime | None
) -> None:
    head = "Handle,Title,Variant SKU,Variant Price,Published At"
    report = _import(app, tmp_path, head, f"bowl,Bowl,BOWL,9.00,{text}")
    assert [each.line for each in report.problems] == ([] if moment else [2])
    found = CatalogRepository(database).find_by_slug("bowl")
    assert (found.published_at if found else None) == moment


@pytest.mark.parametrize("between", [";", "\t"])
def test_cells_are_told_apart_as_the_head_tells_them_apart(
    app: Flask, database: Database, tmp_path: Path, between: str
) -> None:
    """As spreadsheets write where the comma belongs to numbers."""
    head = "\ufeffHandle,Title,Vendor,Variant SKU,Variant Price".replace(",", between)
    row = 'bowl,Bowl,"Halden, Norr & Co",BOWL,9.00'.replace(",", between).replace(
        f"{between} ", ", "
    )
    assert _import(app, tmp_path, head, row).problems == []
    assert _now(database, "bowl").vendor == "Halden, Norr & Co"


def test_a_row_with_a_cell_too_many_is_refused(
    app: Flask, database: Database, mug: Product, tmp_path: Path
) -> None:
    """A comma that nobody quoted: the weight would be the price."""
    report = _import(
        app,
        tmp_path,
        "Handle,Title,Option1 Name,Option1 Value,Vendor,Variant SKU,Variant Grams,Variant Price",
        "bowl,Bowl, large,,,Halden,1001,300,20.00",
        "mug,Mug,Size,S,Halden,M-S,300,25.00,,",
        "mug,,,L,Halden, Norr,1001,300,20.00",
    )
    assert [each.line for each in report.problems] == [2, 4]
    assert all("more cells than the heading" in each.reason for each in report.problems)
    after = _now(database)
    assert [(each.sku, each.prices["US"].amount.minor) for each in after.variants] == [
        ("M-S", 2500),
        ("M-L", 2000),
    ]
    assert CatalogRepository(database).find_by_slug("bowl") is None


def test_an_export_undoes_no_sale_that_came_after_it(
    app: Flask, catalog: CatalogMaker, tmp_path: Path
) -> None:
    names = ("as-it-was", "counted", "sold", "again")
    catalog.add(*(make_product(each, make_variant(each)) for each in names), stock=10)
    stock, path = service(InventoryService, app), tmp_path / "out.csv"
    service(CsvExport, app).run(path, UNITED_STATES, lambda done, total: None)
    stock.set_on_hand({Sku("as-it-was"): 7, Sku("sold"): 7, Sku("again"): 12}, "sales")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows[1:]:
        row["Variant Inventory Qty"] = "12"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    importer = service(CsvImport, app)
    (planned,) = importer.plan(path, UNITED_STATES, lambda done, total: None)
    for report in (
        planned.report,
        importer.run(path, UNITED_STATES, lambda done, total: None),
        importer.run(path, UNITED_STATES, lambda done, total: None),
    ):
        assert [(each.line, each.reason) for each in report.problems] == [
            (4, "sold has 7 units by now, not 10: its stock stays as it is")
        ]
    found = stock.on_hand(map(Sku, names))
    assert found == {"as-it-was": 7, "counted": 12, "sold": 7, "again": 12}
