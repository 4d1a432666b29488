"""Whatever the panel lets a product be, its export imports back to the same product."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.importing import CsvImport, ImportReport
from app.catalog.models import (
    DENY,
    UNCOUNTED,
    Image,
    Option,
    Policy,
    PolicyKind,
    Price,
    Product,
    ProductKind,
    ProductStatus,
    Variant,
)
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.markets.service import UNITED_STATES
from app.shared.ids import ProductId, Sku
from app.shared.markup import clean_html
from app.shared.money import Money
from app.web.registry import service

_SIGNS = st.sampled_from("'\"=+-@,;&<>$.\\| ＝äह™\u00a0")
_LETTERS = st.one_of(_SIGNS, st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")))
_BREAKS = st.sampled_from(["\n", "\r", "\r\n", "\t"])
_MARKETS = {"US": "USD", "IN": "INR", "DE": "EUR"}


def _lines(most: int = 30, least: int = 0) -> st.SearchStrategy[str]:
    """What a field of one line takes."""
    text = st.text(_LETTERS, max_size=most).map(str.strip)
    return text.filter(lambda each: least <= len(each) <= most)


def _texts() -> st.SearchStrategy[str]:
    """What a field of several lines takes."""
    parts = st.lists(st.one_of(st.text(_LETTERS, max_size=8), _BREAKS), max_size=6)
    return parts.map("".join).map(str.strip)


_attribute_names = _lines(least=1).filter(lambda name: "." not in name and name[0] != "$")
_option_names = _lines(least=1).filter(lambda name: not {".", "$"} & set(name))
_amounts = st.integers(0, 10**12 - 2)
_policies = st.one_of(
    st.sampled_from([DENY, UNCOUNTED, Policy(kind=PolicyKind.BACK_ORDER)]),
    st.builds(
        Policy,
        kind=st.just(PolicyKind.BACK_ORDER),
        limit=st.one_of(st.none(), st.integers(1, 10**6)),
        days=st.integers(1, 300),
    ),
    st.just(Policy(kind=PolicyKind.PRE_ORDER, limit=5, ships_on=datetime(2031, 5, 1, tzinfo=UTC))),
)


@st.composite
def _prices(draw: st.DrawFn) -> dict[str, Price]:
    markets = draw(st.lists(st.sampled_from(sorted(_MARKETS)), unique=True))
    return {
        market: Price(
            amount=Money(draw(_amounts), _MARKETS[market]),
            compare_at=Money(1 + draw(_amounts), _MARKETS[market]) if draw(st.booleans()) else None,
        )
        for market in markets
    }


@st.composite
def _variants(draw: st.DrawFn, pictures: list[str]) -> list[Variant]:
    names = draw(st.lists(_option_names, max_size=3, unique=True))
    values = st.tuples(*(_lines(least=1) for _ in names))
    places = draw(st.lists(values, min_size=1, max_size=4 if names else 1, unique=True))
    skus = draw(st.lists(_lines(least=1), min_size=len(places), max_size=len(places), unique=True))
    return [
        Variant(
            sku=Sku(sku),
            options=dict(zip(names, place, strict=True)),
            prices=draw(_prices()),
            weight_grams=draw(st.integers(0, 10**7)),
            barcode=draw(_lines()),
            image_src=draw(st.sampled_from(["", *pictures])),
            requires_shipping=draw(st.booleans()),
            taxable=draw(st.booleans()),
            policy=draw(_policies),
        )
        for sku, place in zip(skus, places, strict=True)
    ]


@st.composite
def _products(draw: st.DrawFn) -> Product:
    pictures = draw(
        st.lists(st.sampled_from(["/media/a.webp", "https://x.test/b?c=1,2"]), unique=True)
    )
    variants = draw(_variants(pictures))
    names = list(variants[0].options)
    status = draw(st.sampled_from(list(ProductStatus)))
    is_new = status is ProductStatus.DRAFT and draw(st.booleans())
    pairs = sorted({pair for each in variants for pair in each.options.items()})
    return Product(
        id=ProductId("prd_one"),
        slug=draw(st.sampled_from(["mug", "mug_2-b", "0"])),
        title=draw(_lines(least=1)),
        vendor=draw(_lines()),
        type=draw(_lines()),
        kind=ProductKind.SIMPLE,
        status=status,
        description_html=clean_html(draw(_texts())),
        category="",
        tags=tuple(
            dict.fromkeys(
                filter(None, (each.replace(",", "").strip() for each in draw(st.lists(_lines()))))
            )
        ),
        options=tuple(
            Option(name=name, values=tuple(dict.fromkeys(v.options[name] for v in variants)))
            for name in names
        ),
        variants=tuple(variants),
        images=tuple(
            Image(
                src=src,
                alt=draw(_texts()),
                width=draw(st.integers(0, 9)),
                option_values=dict(draw(st.lists(st.sampled_from(pairs), max_size=1)))
                if pairs
                else {},
            )
            for src in pictures
        ),
        attributes=draw(st.dictionaries(_attribute_names, _texts().filter(bool), max_size=3)),
        tax_class=draw(st.sampled_from(["standard", "reduced"])),
        seo_title=draw(_lines()),
        seo_description=draw(_texts()),
        featured=draw(st.booleans()),
        published_at=None if is_new else datetime(2020, 1, 1, tzinfo=UTC),
        updated_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


def _store(database: Database, product: Product) -> None:
    for name in ("products", "product_list"):
        database[name].delete_many({})
    catalog = CatalogRepository(database)
    database.in_transaction(lambda session: catalog.insert([product], session))


def _import(app: Flask, path: Path) -> ImportReport:
    return service(CsvImport, app).run(path, UNITED_STATES, lambda done, total: None)


@given(product=_products())
@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_an_export_changes_nothing(
    app: Flask, database: Database, tmp_path: Path, product: Product
) -> None:
    _store(database, product)
    path = tmp_path / "out.csv"
    service(CsvExport, app).run(path, UNITED_STATES, lambda done, total: None)
    report = _import(app, path)
    (after,) = CatalogRepository(database).every_product()
    assert report.problems == []
    assert after == product
    assert (report.updated, report.unchanged) == (0, 1)
