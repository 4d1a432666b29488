"""How many questions a page asks of the database, and what becomes of pages as a catalog grows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest
from flask import Flask
from pymongo import monitoring

from app import create_app
from app.catalog.bulk_editing import BulkEditing, PriceStep
from app.catalog.models import BundleComponent, Category, Collection, PercentOff, ProductKind
from app.catalog.pages import CatalogPages
from app.catalog.query import parse_query
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.db.database import Database
from app.inventory.service import InventoryService
from app.markets.service import MarketService
from app.markets.starting import INDIA, UNITED_STATES
from app.shared.ids import Sku
from app.shop.service import StoredSettings
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant

_READS = {"find", "getMore", "aggregate", "count", "distinct"}
PATHS = (
    "/", "/products", "/products?sort=price_desc&option.Size=S&in_stock=1&min_price=5",
    "/categories/things", "/collections/best", "/search?q=cup", "/search?q=cpu", "/products/cup-01",
    "/products/set", "/search/suggest?q=cu", "/sitemap.xml",
)  # fmt: skip


class Counter(monitoring.CommandListener):
    """Counts what is asked of the database."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name in _READS:
            self.asked.append(f"{event.command_name} {event.command.get(event.command_name)}")

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@pytest.fixture
def counter() -> Iterator[Counter]:
    """Listens to every client made from here on in this test."""
    counter = Counter()
    before = list(monitoring._LISTENERS.command_listeners)
    monitoring.register(counter)
    yield counter
    monitoring._LISTENERS.command_listeners[:] = before


def _fill(catalog: CatalogMaker, database: Database) -> None:
    cups = [
        make_product(f"Cup {n:02}", make_variant(f"C{n}", {"Size": "SML"[n % 3]}, US=1000 + n))
        for n in range(40)
    ]
    parts = tuple(BundleComponent(sku=Sku(f"C{n}"), quantity=1) for n in range(3))
    bundle = make_product(
        "Set",
        make_variant("SET"),
        kind=ProductKind.BUNDLE,
        components=parts,
        pricing=PercentOff(basis_points=1000),
    )
    shelves = CatalogRepository(database)
    shelves.add_shelf(Category(slug="things", name="Things"))
    ids = tuple(each.id for each in cups[:30])
    shelves.add_shelf(Collection(slug="best", title="Best", product_ids=ids))
    catalog.add(*cups, bundle)


@pytest.mark.parametrize("path", PATHS)
def test_no_page_asks_more_than_four_times(
    app: Flask, catalog: CatalogMaker, database: Database, environment: dict[str, str],
    counter: Counter, path: str,
) -> None:  # fmt: skip
    _fill(catalog, database)
    server = create_app(environment)
    follower = service(CatalogService, server).follower
    follower.model()
    follower._looked += 3600  # as where a thread follows the feed
    for followed in (service(MarketService, server), service(StoredSettings, server)):
        followed.follower.snapshot()
        followed.follower._looked += 3600  # the same
    counter.asked.clear()
    assert server.test_client().get(path).status_code == 200
    service(Database, server).close()
    assert len(counter.asked) <= 4, counter.asked


def test_new_prices_ask_nothing_of_skus_and_stock_that_stay(
    catalog: CatalogMaker, environment: dict[str, str], counter: Counter
) -> None:
    sizes = (make_variant(f"C{n}", {"Size": str(n)}) for n in range(200))
    cup = make_product("Cup", *sizes)
    catalog.add(cup)
    server = create_app(environment)
    step = PriceStep(market=UNITED_STATES, percent=Decimal(10))
    (result,) = service(BulkEditing, server).change_prices({cup.id: 1}, step)
    service(Database, server).close()
    assert result.saved
    assert "find stock_levels" not in counter.asked
    assert counter.asked.count("find products") <= 8, counter.asked  # four are for bundles of them


def test_a_facet_shows_its_most_common_values_and_says_how_many_it_left_out(
    app: Flask, catalog: CatalogMaker
) -> None:
    for number in range(30):
        vendor = f"Maker {number:02}"
        catalog.add(
            *(
                make_product(f"Cup {number} {n}", make_variant(f"C{number}-{n}"), vendor=vendor)
                for n in range(1 if number < 15 else 2)
            )
        )
    shop = service(CatalogPages, app)

    def facet(*pairs: tuple[str, str]) -> tuple[list[str], int]:
        listing = shop.list_all(parse_query(pairs, "USD"), UNITED_STATES)
        found = next(each for each in listing.facets if each.name == "vendor")
        return [each.value for each in found.values], found.left_out

    shown, left_out = facet()
    assert (len(shown), left_out) == (20, 10)
    assert {f"Maker {n}" for n in range(15, 30)} <= set(shown)
    shown, left_out = facet(("vendor", "Maker 14"), ("vendor", "nobody"))
    assert {"Maker 14", "nobody"} <= set(shown)
    assert (len(shown), left_out) == (20, 11)


def test_shelves_without_anything_sold_are_not_in_the_navigation(
    app: Flask, catalog: CatalogMaker, database: Database
) -> None:
    cup = make_product("Cup", make_variant("C"))
    shelves = CatalogRepository(database)
    shelves.add_shelf(Category(slug="things", name="Things"))
    shelves.add_shelf(Category(slug="empty", name="Empty"))
    shelves.add_shelf(Collection(slug="best", title="Best", product_ids=(cup.id,)))
    shelves.add_shelf(Collection(slug="none", title="None"))
    catalog.add(cup)
    shop = service(CatalogService, app)
    assert [each.slug for each in shop.categories()] == ["things"]
    assert [each.slug for each in shop.collections()] == ["best"]


def test_a_collection_keeps_its_owners_order(
    app: Flask, catalog: CatalogMaker, database: Database
) -> None:
    cups = [make_product(f"Cup {n}", make_variant(f"C{n}", US=100 * n + 100)) for n in range(5)]
    order = [cups[n] for n in (3, 0, 4, 1)]
    ids = tuple(each.id for each in order)
    CatalogRepository(database).add_shelf(Collection(slug="best", title="Best", product_ids=ids))
    catalog.add(*cups)
    shop = service(CatalogPages, app)
    listing = shop.list_collection("best", parse_query([("max_price", "4")], "USD"), UNITED_STATES)
    assert [card.slug for card in listing.cards] == ["cup-3", "cup-0", "cup-1"]


def test_what_only_another_market_can_buy_is_sold_out_and_not_recommended(
    app: Flask, catalog: CatalogMaker
) -> None:
    sizes = (make_variant("C-S", {"Size": "S"}, US=500), make_variant("C-L", {"Size": "L"}, IN=900))
    catalog.add(make_product("Cup", *sizes), make_product("Mug", make_variant("M")))
    service(InventoryService, app).set_on_hand({Sku("C-L"): 0}, "test")
    service(CatalogService, app).follower.catch_up()
    pages, picks = service(CatalogPages, app), service(CatalogService, app).picks()
    for market, can_be_had in ((INDIA, False), (UNITED_STATES, True)):
        with app.test_request_context("/"):
            listing = pages.list_all(parse_query([], market.currency), market)
        shown = {card.slug: card.in_stock for card in listing.cards}
        assert shown == {"cup": can_be_had, "mug": True}
        assert len(list(picks.newest(market.code))) == 1 + can_be_had
