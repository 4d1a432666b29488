"""Following the catalog: seen at once, told once, never half, and over the database's absences."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from app.catalog.follower import CatalogFollower
from app.catalog.models import BundleComponent, Category, Collection, PercentOff, Product
from app.catalog.pages import CatalogPages
from app.catalog.query import parse_query
from app.catalog.readmodel.touched import Touched
from app.catalog.repository import CatalogRepository
from app.catalog.service import CatalogService
from app.db.database import Database, Session
from app.db.migrations import upgrade
from app.inventory.models import Demand
from app.inventory.service import InventoryService
from app.markets.starting import UNITED_STATES
from app.shared.clock import now
from app.shared.ids import ProductId, Sku
from app.web.registry import service
from dev.stack import Stack
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.following import Ear
from tests.support.readmodel import described
from tests.support.waiting import wait_until


@pytest.fixture
def follower(app: Flask) -> Iterator[CatalogFollower]:
    follower = service(CatalogService, app).follower
    follower.start()
    wait_until(lambda: follower.is_following)
    yield follower
    follower.close()


def _replace(database: Database, product: Product) -> None:
    catalog = CatalogRepository(database)

    def work(session: Session) -> None:
        assert catalog.replace(product, session)
        catalog.note_change(session, product_ids=[product.id])

    database.in_transaction(work)


def _bowl(**more: object) -> Product:
    return make_product("Bowl", make_variant("B", US=1000), category="bowls", **more)


def _lowest(follower: CatalogFollower, product: Product) -> int:
    model = follower.model()
    return int(model.market("US").lowest[model.row_of[product.id]])


def test_a_price_is_visible_before_it_is_told(
    follower: CatalogFollower, database: Database, catalog: CatalogMaker
) -> None:
    bowl = _bowl()
    catalog.add(bowl)
    wait_until(lambda: bool(follower.model().in_stock))
    seen: list[int] = []

    def look(touched: Touched) -> None:
        if bowl.id in touched.product_ids:
            seen.append(_lowest(follower, bowl))

    follower.listen(look)
    started = time.monotonic()
    _replace(database, replace(bowl, variants=(make_variant("B", US=1234),)))
    wait_until(lambda: bool(seen))
    assert seen == [1234]
    assert time.monotonic() - started < 2


def test_who_listens_learns_what_pages_changed(
    follower: CatalogFollower, database: Database, catalog: CatalogMaker, app: Flask
) -> None:
    ear = Ear(follower)
    bowl = _bowl()
    for shelf in (
        Category(slug="bowls", name="Bowls"),
        Category(slug="cups", name="Cups"),
        Collection(slug="best", title="Best", product_ids=(bowl.id,)),
    ):
        CatalogRepository(database).add_shelf(shelf)
    catalog.add(bowl)
    wait_until(lambda: bool(follower.model().in_stock))
    time.sleep(0.1)  # and told
    ear.heard.clear()
    moved = replace(bowl, category="cups", slug="new-bowl")
    _replace(database, moved)
    touched = ear.wait_for(lambda touched: bool(touched.product_ids))
    assert touched.product_ids == {bowl.id}
    assert touched.slugs == {"bowl", "new-bowl"}
    assert touched.shelves == {"bowls", "cups", "best"}
    assert touched.listed
    assert touched.navigation
    ear.heard.clear()
    _replace(database, replace(moved, revision=2, description_html="<p>Better.</p>"))
    touched = ear.wait_for(lambda touched: bool(touched.product_ids))
    assert (touched.listed, touched.shelves, bool(touched.slugs) and touched.navigation) == (
        False,
        frozenset(),
        False,
    )


def test_stock_touches_listings_only_where_it_sells_out_or_comes_back(
    follower: CatalogFollower, database: Database, catalog: CatalogMaker, app: Flask
) -> None:
    catalog.add(_bowl(), stock=10)
    wait_until(lambda: bool(follower.model().in_stock))
    stock = service(InventoryService, app)
    ear = Ear(follower)

    def told(units: int) -> list[tuple[bool, frozenset[str]]]:
        ear.heard.clear()
        demand = [Demand(sku=Sku("B"), quantity=units)]
        later = now() + timedelta(minutes=5)
        database.in_transaction(lambda session: stock.hold(f"o{units}", demand, later, session))
        CatalogRepository(database).note_change(shelves=["fence"])
        time.sleep(0.3)
        return [(each.listed, each.shelves) for each in ear.heard if each.product_ids]

    assert told(3) == []  # 7 are left, of which a page says nothing
    assert told(2) == [(False, frozenset())]  # 5 are left
    assert told(5) == [(True, frozenset({"bowls"}))]
    ear.heard.clear()
    database.in_transaction(lambda session: stock.release("o2", session))
    assert ear.wait_for(lambda touched: bool(touched.product_ids)).listed
    ear.heard.clear()
    database.in_transaction(lambda session: stock.commit("o5", session))
    time.sleep(0.3)
    assert not [each for each in ear.heard if each.product_ids]


def test_a_variant_that_sells_out_touches_listings_that_are_narrowed_to_it(
    follower: CatalogFollower, catalog: CatalogMaker, app: Flask
) -> None:
    sizes = (make_variant(f"B-{size}", {"Size": size}) for size in "SL")
    catalog.add(make_product("Bowl", *sizes, category="bowls"), stock=10)
    wait_until(lambda: bool(follower.model().in_stock))
    ear = Ear(follower)
    service(InventoryService, app).set_on_hand({Sku("B-S"): 0}, "test")
    touched = ear.wait_for(lambda touched: bool(touched.product_ids))
    assert (touched.listed, touched.shelves) == (True, frozenset({"bowls"}))


def test_a_sale_counts_without_touching_listings(
    follower: CatalogFollower, catalog: CatalogMaker, app: Flask
) -> None:
    products = [make_product(f"Cup {n}", make_variant(f"C{n}")) for n in range(3)]
    catalog.add(*products)
    wait_until(lambda: len(follower.model().present) == 3)
    ear = Ear(follower)
    follower._sales_read = -math.inf  # long ago
    service(CatalogService, app).count_sale("o1", {products[1].id: 5})
    touched = ear.wait_for(lambda touched: touched.bestsellers)
    assert (touched.listed, touched.product_ids) == (False, frozenset())
    listing = service(CatalogPages, app).list_all(
        parse_query([("sort", "bestselling")], "USD"), UNITED_STATES
    )
    assert listing.cards[0].slug == "cup-1"
    ear.heard.clear()
    service(CatalogService, app).count_sale("o2", {products[2].id: 9})
    time.sleep(0.3)
    assert ear.heard == []  # the order by sales is renewed now and then only


def test_a_scheduled_product_appears_by_itself(
    follower: CatalogFollower, catalog: CatalogMaker, app: Flask
) -> None:
    ear = Ear(follower)
    catalog.add(_bowl(published_at=now() + timedelta(seconds=1.5)))
    wait_until(lambda: bool(follower.model().present))
    shop = service(CatalogPages, app)
    assert shop.list_all(parse_query([], "USD"), UNITED_STATES).total == 0
    touched = ear.wait_for(lambda touched: bool(touched.slugs) and touched.navigation)
    assert touched.shelves == {"bowls"}
    assert shop.list_all(parse_query([], "USD"), UNITED_STATES).total == 1


def test_readers_never_see_half_a_change(
    follower: CatalogFollower, database: Database, catalog: CatalogMaker, app: Flask
) -> None:
    """Title, price and stock of a product change together; a listing shows one state or the other."""
    pair = [
        make_product(f"Cup {n}", make_variant(f"C{n}", US=1000), category="even") for n in range(2)
    ]
    catalog.add(*pair)
    wait_until(lambda: len(follower.model().present) == 2)
    stop, odd = threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            model = follower.model()
            states = {
                (
                    int(model.market("US").lowest[row]),
                    row in model.in_category.get("odd", ()),
                    int(model.market("US").highest[row]),
                    row in model.market("US").rows,
                )
                for row in model.newest.rows
            }
            if (
                len(states) != 1
                or len(model.newest.rows) != 2
                or len(model.market("US").cheapest.rows) != 2
            ):
                odd.append(states)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for step in range(40):
        _change_both(database, pair, step)
    stop.set()
    for thread in threads:
        thread.join()
    assert odd == []
    wanted = 1000 + 39
    wait_until(lambda: set(follower.model().market("US").lowest[:2].tolist()) == {wanted})


def _change_both(database: Database, pair: list[Product], step: int) -> None:
    catalog = CatalogRepository(database)

    def work(session: Session) -> None:
        for number, product in enumerate(pair):
            changed = replace(
                product,
                revision=step + 1,
                variants=(make_variant(f"C{number}", US=1000 + step),),
                category="odd" if step % 2 else "even",
            )
            assert catalog.replace(changed, session)
        catalog.note_change(session, product_ids=[each.id for each in pair])

    database.in_transaction(work)


def test_a_process_that_follows_nothing_looks_now_and_then(
    app: Flask, catalog: CatalogMaker
) -> None:
    follower = service(CatalogService, app).follower
    assert not follower.model().present
    catalog.add(_bowl())
    wait_until(lambda: bool(follower.model().present), 3)
    assert not follower.is_following


def test_changes_made_while_the_stream_was_lost_are_caught_up(tmp_path: Path) -> None:
    """The database is killed and started again, twice; what is written right after is seen."""
    stack = Stack(tmp_path, environment={}, parts=("mongo",))
    stack.start()
    database = Database(stack.environment["MONGODB_URI"])
    upgrade(database)
    inventory = InventoryService(database)
    shop = CatalogService(database)
    shop.use_stock(inventory)
    follower = shop.follower
    follower.start()
    try:
        wait_until(lambda: follower.is_following)
        for round_ in range(2):
            stack.services["mongo"].kill()
            wait_until(lambda: not follower.is_following)
            assert follower.model() is not None
            stack.start(["mongo"])
            other = Database(stack.environment["MONGODB_URI"])
            name = ProductId(f"prd_{round_}")
            product = replace(
                _bowl(), id=name, slug=f"b{round_}", variants=(make_variant(f"B{round_}"),)
            )
            catalog = CatalogRepository(other)
            other.in_transaction(lambda session: catalog.insert([product], session))  # noqa: B023 - called at once
            catalog.note_change(product_ids=[name])
            other.close()
            started = time.monotonic()
            wait_until(lambda: name in follower.model().row_of)  # noqa: B023 - called at once
            wait_until(lambda: follower.is_following)
            assert time.monotonic() - started < 5
    finally:
        follower.close()
        database.close()
        stack.stop()


def test_a_process_starts_from_the_packed_model_and_follows_on(
    app: Flask, database: Database, catalog: CatalogMaker
) -> None:
    shop = service(CatalogService, app)
    CatalogRepository(database).add_shelf(Category(slug="bowls", name="Bowls"))
    catalog.add(_bowl(), stock=3)
    assert shop.packer.run()
    assert not shop.packer.run()  # nothing worth a new pack
    catalog.add(make_product("Cup", make_variant("C")))
    database["products"].update_one({"slug": "bowl"}, {"$set": {"title": "not noted, so not read"}})
    other = CatalogService(database)
    other.use_stock(service(InventoryService, app))
    built = described(shop.follower.model())
    loaded = other.follower.model()
    assert {loaded.slugs[row] for row in loaded.present} == {"bowl", "cup"}
    assert loaded.shelves.categories[0].slug == "bowls"
    assert isinstance(built, dict)


def _tea_set(catalog: CatalogMaker, soon: timedelta) -> Product:
    """A set of a cup, and of a bowl that is sold from soon on."""
    catalog.add(make_product("Cup", make_variant("CUP")), _bowl(published_at=now() + soon))
    parts = (BundleComponent(sku=Sku(each), quantity=1) for each in ("CUP", "B"))
    return catalog.bundle("Tea Set", *parts, pricing=PercentOff(basis_points=1000))


def test_a_set_can_be_made_from_the_day_on_that_its_last_part_is_sold(
    follower: CatalogFollower, catalog: CatalogMaker
) -> None:
    tea_set = _tea_set(catalog, timedelta(seconds=2))
    wait_until(lambda: tea_set.id in follower.model().row_of)
    assert follower.model().row_of[tea_set.id] not in follower.model().in_stock
    ear = Ear(follower)
    touched = ear.wait_for(lambda touched: tea_set.id in touched.product_ids)
    assert touched.listed
    assert follower.model().row_of[tea_set.id] in follower.model().in_stock


def test_a_process_that_starts_from_a_pack_knows_what_came_since(
    app: Flask, database: Database, catalog: CatalogMaker
) -> None:
    tea_set = _tea_set(catalog, timedelta(seconds=1))
    service(CatalogService, app).packer.pack()
    time.sleep(1.1)
    other = CatalogService(database)
    other.use_stock(service(InventoryService, app))
    model = other.follower.model()
    assert model.row_of[tea_set.id] in model.in_stock


@pytest.mark.parametrize("harm", ["chunk gone", "chunk cut", "other version", "too old"])
def test_a_pack_that_cannot_be_used_is_not(
    app: Flask, database: Database, catalog: CatalogMaker, harm: str
) -> None:
    shop = service(CatalogService, app)
    catalog.add(_bowl())
    shop.packer.pack()
    chunks = database["read_model_chunks"]
    head = chunks.find_one({"chunks": {"$gt": 0}})
    assert head
    if harm == "chunk gone":
        chunks.delete_one({"data": {"$exists": True}})
    elif harm == "chunk cut":
        chunks.update_one({"data": {"$exists": True}}, {"$set": {"data": b"no"}})
    elif harm == "too old":
        chunks.update_one({"_id": head["_id"]}, {"$set": {"since": now() - timedelta(hours=20)}})
    else:
        chunks.delete_one({"_id": head["_id"]})
        chunks.insert_one({**head, "_id": "head:other"})
    other = CatalogService(database)
    other.use_stock(service(InventoryService, app))
    assert described(other.follower.model()) == described(shop.follower.model())


def test_a_gap_longer_than_the_feed_keeps_has_everything_read_anew(
    app: Flask, database: Database, catalog: CatalogMaker
) -> None:
    follower, bowl = service(CatalogService, app).follower, _bowl()
    follower.model()
    catalog.add(bowl)
    ear = Ear(follower)
    # By another process, and nobody looks.
    _replace(database, replace(bowl, variants=(make_variant("B", US=1234),)))
    database["catalog_changes"].delete_many({})
    follower._feed.since = now() - timedelta(hours=13)
    wait_until(lambda: _lowest(follower, bowl) == 1234)
    assert [each.everything for each in ear.heard] == [True]
