"""Product CSV in and out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.importing import CsvImport, ImportReport
from app.catalog.csv.reading import UnreadableFile
from app.catalog.models import Category, Policy, PolicyKind, Product, ProductStatus
from app.catalog.repository import CatalogRepository
from app.catalog.shelving import Shelving
from app.db.database import Database
from app.inventory.service import InventoryService
from app.markets.service import UNITED_STATES
from app.shared.ids import Sku
from app.shared.money import Money
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
HEAD = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Alt Text,Variant Image\n"


def _import(app: Flask, path: Path) -> ImportReport:
    return service(CsvImport, app).run(path, UNITED_STATES, lambda done, total: None)


def _write(folder: Path, *rows: str) -> Path:
    path = folder / "products.csv"
    path.write_text(HEAD + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def _products(database: Database) -> dict[str, Product]:
    """Every product by slug, without what an import cannot know."""
    found = CatalogRepository(database).every_product()
    return {
        each.slug: replace(each, id="", updated_at=None, published_at=None, revision=1)
        for each in found
    }


@pytest.mark.parametrize(
    ("name", "products", "variants"),
    [
        ("shopify-apparel", 20, 22),
        ("shopify-jewelery", 20, 23),
        ("apparel-2k-variants", 147, 1847),
    ],
)
def test_real_exports_import_as_they_are_and_only_once(
    app: Flask, database: Database, name: str, products: int, variants: int
) -> None:
    path = SHARED / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not on this machine")
    first = _import(app, path)
    assert (first.created, first.variants, first.problems) == (products, variants, [])
    before = list(database["products"].find({}).sort("_id", 1))
    second = _import(app, path)
    assert (second.created, second.updated, second.unchanged) == (0, 0, products)
    assert second.stock_changes == 0
    assert list(database["products"].find({}).sort("_id", 1)) == before


def test_a_price_of_ten_digits_comes_back(app: Flask, database: Database, tmp_path: Path) -> None:
    report = _import(
        app,
        _write(
            tmp_path, "gem,Gem,,Halden,Gems,,true,Title,Only,,,GEM,,shopify,3,deny,99999999.00,,,,"
        ),
    )
    assert report.problems == []
    assert _products(database)["gem"].variants[0].price_in("US").amount == Money(
        9_999_999_900, "USD"
    )


def test_rows_of_variants_and_pictures_become_one_product(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    path = _write(
        tmp_path,
        'mug,Mug,"<p>Good <script>alert(1)</script><b>mug</b></p>",Halden,Cups,"a, b",true,Size,S,Colour,Red,M-S,100,shopify,3,deny,10.00,12.50,https://x.test/1.jpg,One,https://x.test/2.jpg',
        "mug,,,,,,,,L,,Red,M-L,200,shopify,0,continue,11.10,,https://x.test/2.jpg,Two,",
        "mug,,,,,,,,,,,,,,,,,,https://x.test/3.jpg,Three,",
    )
    report = _import(app, path)
    assert (report.created, report.variants, report.problems) == (1, 2, [])
    product = _products(database)["mug"]
    assert "script" not in product.description_html
    assert "<b>mug</b>" in product.description_html
    assert [(v.sku, v.options, v.prices["US"].amount.minor) for v in product.variants] == [
        ("M-S", {"Size": "S", "Colour": "Red"}, 1000),
        ("M-L", {"Size": "L", "Colour": "Red"}, 1110),
    ]
    assert [image.src[-5:] for image in product.images] == ["1.jpg", "2.jpg", "3.jpg"]
    assert product.images[1].option_values == {"Size": "S", "Colour": "Red"}
    assert product.variants[1].policy == Policy(kind=PolicyKind.BACK_ORDER)
    assert product.category == "cups"
    assert service(InventoryService, app).on_hand([product.variants[0].sku]) == {"M-S": 3}


def test_signs_that_were_written_as_entities_are_signs(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    _import(app, _write(tmp_path, "tee,HeatTec&reg; Tee & Co,,,,,,,,,,T,,,,,9.00,,,,"))
    assert _products(database)["tee"].title == "HeatTec® Tee & Co"


def test_bad_rows_are_named_by_line_and_the_rest_is_imported(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    path = _write(
        tmp_path,
        'good,Good,"two\nlines",V,T,,true,Size,S,,,G-S,0,shopify,1,deny,5.00,,,,',
        "good,,,,,,,,M,,,G-M,0,shopify,1,deny,29.999,,,,",
        "good,,,,,,,,L,,,G-S,0,shopify,1,deny,5.00,,,,",
        "no title,,,V,T,,true,Title,Default Title,,,X,0,shopify,1,deny,5.00,,,,",
        "notitle,,,V,T,,true,Title,Default Title,,,X,0,shopify,1,deny,5.00,,,,",
        "free,Free,,V,T,,true,Title,Default Title,,,F,0,shopify,1,deny,,,,,",
        "taken,Taken,,V,T,,true,Title,Default Title,,,G-S,0,shopify,1,deny,5.00,,,,",
        "evil,Evil,,V,T,,true,Title,Default Title,,,E,0,shopify,1,deny,5.00,,javascript:alert(1),,",
        "many,Many,,V,T,,true,Title,Default Title,,,MM,0,shopify,lots,deny,5.00,,,,",
        "last,Last,,V,T,,true,Title,Default Title,,,LL,0,shopify,1,deny,5.00,,,,",
    )
    report = _import(app, path)
    assert [problem.line for problem in report.problems] == [4, 5, 6, 7, 8, 9, 10, 11]
    assert set(_products(database)) == {"good", "evil", "last"}
    assert [v.sku for v in _products(database)["good"].variants] == ["G-S"]
    assert _products(database)["evil"].images == ()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (HEAD.encode(), "no products"),
        (HEAD.encode() + b"mug,Mug\n" * 2000 + b"caf\xe9,x\n", "UTF-8 text .line 2002"),
        (b"\xff\xfeH\x00a\x00", "UTF-8"),
        (b"name;price\nx;1\n", "not a product CSV"),
        (HEAD.encode() + b'mug,"Mug "broken",,\n', "quoting"),
        (HEAD.encode() + b'mug,"Mug never closed\n', "quoting"),
    ],
)
def test_a_file_that_cannot_be_read_changes_nothing(
    app: Flask, database: Database, tmp_path: Path, content: bytes, message: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=message):
        _import(app, path)
    assert database["products"].count_documents({}) == 0


def test_an_export_imports_back_to_the_same_catalog(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    catalog.add(
        make_product(
            "Dune Mug",
            make_variant("D-1", {"Colour": "Moss, green", "Size": 'L "big"'}, US=2899, DE=3090),
            make_variant("D-2", {"Colour": "Oat", "Size": "S"}, US=1, IN=10_000_000_00),
            type="Mug",
            category="mug",
            tags=("a", "b c"),
            attributes={"Material": "Stoneware\nglazed", "Care": "By hand"},
            seo_title="&trade; & ™ &amp;c",
            seo_description="D",
        ),
        make_product("Plain Thing", make_variant("PLAIN"), type="", category="", vendor=""),
        stock=7,
    )
    path = tmp_path / "out.csv"
    report = service(CsvExport, app).run(path, UNITED_STATES, lambda done, total: None)
    assert (report.products, report.variants) == (2, 3)
    before = _products(database)
    again = _import(app, path)
    assert (again.created, again.updated, again.unchanged, again.problems) == (0, 0, 2, [])
    for name in ("products", "stock_levels", "stock_movements", "categories"):
        database[name].delete_many({})
    assert _import(app, path).created == 2
    assert _products(database) == before
    skus = ["D-1", "D-2", "PLAIN"]
    assert service(InventoryService, app).on_hand(skus) == dict.fromkeys(skus, 7)


def test_an_option_called_as_what_stands_for_none_is_one(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    titles = ("Default Title", "Second Title")
    books = (make_variant(f"B-{each[0]}", {"Title": each}) for each in titles)
    catalog.add(make_product("Book", *books, type="", category=""))
    before = _products(database)
    path = tmp_path / "out.csv"
    service(CsvExport, app).run(path, UNITED_STATES, lambda done, total: None)
    database["products"].delete_many({})
    assert _import(app, path).problems == []
    assert _products(database) == before


def test_names_that_cannot_be_keys_are_put_right(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    """The panel refuses to save a product with such a name."""
    path = tmp_path / "dots.csv"
    column = "Approx. weight ($) (product.metafields.custom.weight)"
    path.write_text(
        f"Handle,Title,Variant Price,Option1 Name,Option1 Value,{column}\n"
        "mug,Mug,5.00,Nr. of cups,2,300 g\n"
    )
    assert _import(app, path).problems == []
    mug = CatalogRepository(database).find_by_slug("mug")
    assert mug
    assert mug.attributes == {"Approx weight ($)": "300 g"}
    assert mug.options[0].name == "Nr of cups"
    for earlier, now in (  # as earlier releases took it
        ("Approx. weight ($)", "Approx weight ($)"),
        ("Approx weight ( )", "Approx weight ( )"),
    ):
        database["products"].update_one(
            {"slug": "mug"}, {"$set": {"attributes": {earlier: "250 g"}}}
        )
        assert (_import(app, path).updated, _import(app, path).unchanged) == (1, 1)
        again = CatalogRepository(database).find_by_slug("mug")
        assert again
        assert again.attributes == {now: "300 g"}


_COLOURS = (
    "mug,Mug,,V,T,,true,{name},{red},,,{sku},0,shopify,1,deny,{price},,{picture},,",
    "mug,,,,,,,,{blue},,,M-B,0,shopify,1,deny,5.00,,,,",
)
_AS_IT_WAS = {
    "name": "Colour", "red": "Red", "blue": "Blue", "sku": "M-R", "price": "5.00", "picture": "",
}  # fmt: skip


def _colours(folder: Path, **changed: str) -> Path:
    return _write(folder, *(row.format(**_AS_IT_WAS | changed) for row in _COLOURS))


def test_a_variant_whose_row_is_bad_stays_and_can_still_be_chosen(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    _import(app, _colours(tmp_path))
    report = _import(app, _colours(tmp_path, price="5x"))
    assert [problem.line for problem in report.problems] == [2]
    product = _products(database)["mug"]
    assert [each.sku for each in product.variants] == ["M-B", "M-R"]
    assert [each.values for each in product.options] == [("Blue", "Red")]


def test_a_bad_row_keeps_no_variant_beside_the_one_in_its_place(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    _import(app, _colours(tmp_path))
    assert len(_import(app, _colours(tmp_path, sku="M-1", picture="nope")).problems) == 1
    assert [each.sku for each in _products(database)["mug"].variants] == ["M-1", "M-B"]


def test_options_that_do_not_fit_what_a_bad_row_keeps_change_nothing(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    _import(app, _colours(tmp_path))
    before = _products(database)
    changed = _colours(tmp_path, name="Farbe", red="Rot", blue="Blau", price="5x")
    report = _import(app, changed)
    assert "M-R would not fit" in report.problems[1].reason
    assert (report.updated, _products(database)) == (0, before)


def test_products_stay_in_a_category_whose_name_is_not_its_address(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    for slug, name in (("cups", "Mugs & Cups > big"), ("first", "Same"), ("second", "Same")):
        service(Shelving, app).create(Category(slug=slug, name=name))
    catalog.add(
        make_product("Mug", make_variant("A"), category="cups"),
        make_product("Cup", make_variant("B"), category="second"),
        make_product("Loose", make_variant("C"), category=""),
    )
    before = _products(database)
    path = tmp_path / "out.csv"
    service(CsvExport, app).run(path, UNITED_STATES, lambda done, total: None)
    report = _import(app, path)
    assert (report.updated, report.unchanged) == (0, 3)
    assert _products(database) == before
    assert {each["_id"] for each in database["categories"].find({})} == {"cups", "first", "second"}


def test_a_new_category_has_an_address_that_the_panel_can_edit(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    kinds = ("New", "★", "☆", "long " * 50, "Paper > Cards")
    path = _write(
        tmp_path,
        *(f"p{n},P,,V,{kind},,,,,,,S{n},,,,,5.00,,,," for n, kind in enumerate(kinds)),
    )
    assert _import(app, path).created == len(kinds)
    shelving = service(Shelving, app)
    found = shelving.every(Category)
    assert [each.name for each in found] == [kind.strip() for kind in kinds]
    for each in found:
        shelving.change(replace(each, description="Changed"))


def test_what_has_no_price_in_the_files_market_is_in_the_file_too(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    catalog.add(
        make_product(
            "Mug", make_variant("M-S", {"Size": "S"}), make_variant("M-L", {"Size": "L"}, IN=5000)
        ),
        make_product("Diya", make_variant("D", IN=900)),
    )
    before = _products(database)
    path = tmp_path / "out.csv"
    report = service(CsvExport, app).run(path, UNITED_STATES, lambda done, total: None)
    assert (report.products, report.variants) == (2, 3)
    again = _import(app, path)
    assert (again.updated, again.unchanged, again.problems) == (0, 2, [])
    assert _products(database) == before


def test_what_has_no_price_at_all_is_in_the_file_too(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    bare = (replace(make_variant(f"M-{size}", {"Size": size}), prices={}) for size in "SL")
    catalog.add(
        make_product("Mug", *bare, status=ProductStatus.DRAFT),
        make_product("Gone", make_variant("GONE", KW=900)),  # priced where the shop is no more
    )
    before = _products(database)
    path = tmp_path / "out.csv"
    report = service(CsvExport, app).run(path, UNITED_STATES, lambda done, total: None)
    assert (report.products, report.variants) == (2, 3)
    again = _import(app, path)
    assert (again.updated, again.unchanged, again.problems) == (0, 2, [])
    assert _products(database) == before


def test_a_row_without_a_price_is_bad_where_there_was_one_or_nothing(
    app: Flask, database: Database, catalog: CatalogMaker, tmp_path: Path
) -> None:
    catalog.add(
        make_product(
            "Mug",
            make_variant("M-S", {"Size": "S"}),
            replace(make_variant("M-L", {"Size": "L"}), prices={}),
        )
    )
    path = _write(
        tmp_path,
        "mug,Mug,,V,T,,true,Size,S,,,M-S,0,shopify,1,deny,,,,,",
        "mug,,,,,,,,L,,,M-L,0,shopify,1,deny,,,,,",
        "mug,,,,,,,,XL,,,M-XL,0,shopify,1,deny,,,,,",
        "jug,Jug,,V,T,,true,Size,S,,,J,0,shopify,1,deny,,,,,",
    )
    report = _import(app, path)
    assert [(each.line, each.reason) for each in report.problems] == [
        (line, "the price is missing") for line in (2, 4, 5)
    ]
    found = _products(database)
    assert list(found) == ["mug"]
    assert {each.sku for each in found["mug"].variants if each.prices} == {"M-S"}
    levels = service(InventoryService, app).on_hand(map(Sku, ("M-S", "M-L", "M-XL")))
    assert levels == {"M-S": 10, "M-L": 1}


def test_products_of_many_variants_are_stored_few_at_once(app: Flask, tmp_path: Path) -> None:
    """A transaction that takes too long is ended by the database, however often it is tried."""
    path = _write(
        tmp_path,
        *(
            f"p{n},{'' if place else 'P'},,,,,,Size,S{place},,,P{n}-{place},,shopify,,,5.00,,,,"
            for n in range(12)
            for place in range(100)
        ),
    )
    rows = [0]
    report = service(CsvImport, app).run(path, UNITED_STATES, lambda done, _: rows.append(done))
    assert (report.created, report.variants, report.problems) == (12, 1200, [])
    assert rows == [0, 500, 1000, 1200]


def test_a_product_of_all_rows_is_refused_at_once(
    app: Flask, database: Database, tmp_path: Path
) -> None:
    rows = (f"mug,Mug,,,,,,Size,S{n},,,M{n},,,,,5.00,,,," for n in range(20_000))
    report = _import(app, _write(tmp_path, *rows))
    assert [(each.line, each.reason) for each in report.problems] == [
        (2, "mug has more than 2048 variants")
    ]
    assert _products(database) == {}
