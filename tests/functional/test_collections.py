"""Collections by rule follow the catalog; campaigns are there while they last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from app.catalog.models import (
    UNCOUNTED,
    Collection,
    CollectionRule,
    Product,
    RuleCondition,
    RuleField,
)
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.db.database import Database, Session
from app.shared.clock import now
from app.web.page_cache import PageCache
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.shopper import Shopper

_GIFTS = CollectionRule(
    conditions=(
        RuleCondition(subject=RuleField.TAG, values=("gift",)),
        RuleCondition(subject=RuleField.PRICE, most={"US": 3000}),
    )
)


@pytest.fixture
def pages(app: Flask) -> Iterator[PageCache]:
    """Kept pages, so that what is shown late would be noticed."""
    follower = service(CatalogService, app).follower
    follower.start()
    _wait(lambda: follower.is_following)
    yield service(PageCache, app)
    follower.close()


def _wait(is_so: object, patience: float = 10.0) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def _write(database: Database, product: Product) -> None:
    catalog = CatalogRepository(database)

    def work(session: Session) -> None:
        assert catalog.replace(product, session)
        catalog.note_change(session, product_ids=[product.id])

    database.in_transaction(work)


def _shelve(database: Database, collection: Collection) -> None:
    catalog = CatalogRepository(database)
    assert catalog.add_shelf(collection)
    catalog.note_change(shelves=[collection.slug])


def test_a_rule_takes_in_and_gives_up_products_as_they_change(
    pages: PageCache, catalog: CatalogMaker, database: Database, shopper: Shopper
) -> None:
    cup = make_product("Cup", make_variant("CUP", US=2500), tags=("gift",))
    bowl = make_product("Bowl", make_variant("BOWL", US=2900))
    catalog.add(cup, bowl, stock=5)
    _shelve(database, Collection(slug="gifts", title="Gifts", rule=_GIFTS))

    def shown() -> set[str]:
        text = shopper.get("/collections/gifts").text
        return {name for name in ("Cup", "Bowl") if f'href="/products/{name.lower()}' in text}

    _wait(lambda: shown() == {"Cup"})
    _write(database, replace(bowl, tags=("gift",)))
    _wait(lambda: shown() == {"Cup", "Bowl"})
    dearer = replace(cup, variants=(make_variant("CUP", US=3001),))
    _write(database, dearer)
    _wait(lambda: shown() == {"Bowl"})
    assert pages.counts.hits + pages.counts.misses > 0


def test_a_rule_about_prices_goes_by_the_market(
    pages: PageCache, catalog: CatalogMaker, database: Database, shopper: Shopper
) -> None:
    catalog.add(make_product("Cup", make_variant("CUP", US=2500, IN=900_00), tags=("gift",)))
    _shelve(database, Collection(slug="gifts", title="Gifts", rule=_GIFTS))
    _wait(lambda: 'href="/products/cup' in shopper.get("/collections/gifts").text)

    assert shopper.post("/market", {"market": "IN"}).status_code == 303
    elsewhere = shopper.get("/collections/gifts")
    assert elsewhere.status_code == 200
    assert 'href="/products/cup' not in elsewhere.text


def test_a_rule_about_stock_goes_by_the_market(
    pages: PageCache, catalog: CatalogMaker, database: Database, shopper: Shopper
) -> None:
    """Of the cup only what is sold in India alone is there; of the bowl what is sold everywhere."""
    cup = make_product(
        "Cup",
        make_variant("CUP-S", {"Size": "S"}, US=2500, IN=900_00),
        replace(make_variant("CUP-L", {"Size": "L"}, IN=950_00), policy=UNCOUNTED),
    )
    catalog.add(cup, stock=0)
    catalog.add(make_product("Bowl", make_variant("BOWL")))
    there = RuleCondition(subject=RuleField.STOCK)
    for slug, condition in (("there", there), ("out", replace(there, negated=True))):
        rule = CollectionRule(conditions=(condition,))
        _shelve(database, Collection(slug=slug, title=slug, rule=rule))

    def shown(slug: str) -> set[str]:
        text = shopper.get(f"/collections/{slug}").text
        return {name for name in ("Cup", "Bowl") if f'href="/products/{name.lower()}' in text}

    _wait(lambda: (shown("there"), shown("out")) == ({"Bowl"}, {"Cup"}))
    assert shopper.post("/market", {"market": "IN"}).status_code == 303
    assert (shown("there"), shown("out")) == ({"Cup", "Bowl"}, set())


def test_a_campaign_ends_by_itself_on_kept_pages(
    pages: PageCache, catalog: CatalogMaker, database: Database, shopper: Shopper
) -> None:
    cup = make_product("Cup", make_variant("CUP"))
    catalog.add(cup, stock=5)
    ending = now() + timedelta(seconds=2.5)
    ids = (cup.id,)
    _shelve(database, Collection(slug="now", title="Only now", product_ids=ids, ends_at=ending))
    later = now() + timedelta(days=1)
    _shelve(database, Collection(slug="later", title="Not yet", product_ids=ids, starts_at=later))

    _wait(lambda: "Only now" in shopper.get("/").text)
    assert shopper.get("/collections/now").status_code == 200
    assert shopper.get("/collections/later").status_code == 404
    assert "Not yet" not in shopper.get("/").text
    _wait(lambda: shopper.get("/collections/now").status_code == 404)
    assert now() >= ending
    assert "Only now" not in shopper.get("/").text
    assert "/collections/now" not in shopper.get("/sitemap.xml").text


def test_a_ruled_collection_is_sorted_as_its_owner_said(
    catalog: CatalogMaker, database: Database, shopper: Shopper
) -> None:
    prices = (500, 300, 400)
    cups = [
        make_product(f"Cup {number}", make_variant(f"C{number}", US=price), tags=("gift",))
        for number, price in enumerate(prices)
    ]
    catalog.add(*cups, stock=5)
    _shelve(database, Collection(slug="gifts", title="Gifts", rule=_GIFTS, sort="price_asc"))

    def order(path: str) -> list[str]:
        text = shopper.get(path).text
        found = {name: text.find(f'href="/products/{name}') for name in ("cup-0", "cup-1", "cup-2")}
        return sorted(found, key=lambda name: found[name])

    assert order("/collections/gifts") == ["cup-1", "cup-2", "cup-0"]
    assert order("/collections/gifts?sort=price_desc") == ["cup-0", "cup-2", "cup-1"]
    assert "Featured" not in shopper.get("/collections/gifts").text
