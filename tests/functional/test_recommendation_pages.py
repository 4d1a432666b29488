"""Recommendations on pages: with evidence and without, for everybody and for one shopper."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from flask import Flask

from app.catalog.models import Product, ProductStatus
from app.catalog.service import CatalogService
from app.db.database import Database
from app.inventory.service import InventoryService
from app.recommendations.refreshing import ListRefresh
from app.recommendations.repository import CompanionCounts
from app.recommendations.service import RecommendationService
from app.shared.clock import now
from app.shared.ids import ProductId, Sku
from app.web.registry import service
from app.web.served import ServedPages
from tests.support.answers import assert_shown
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.markets import find_market
from tests.support.member import Member
from tests.support.orders import OrderMaker
from tests.support.shopper import HTMX, Shopper, soup

FOR_YOU, FOR_CART = "/recommendations/for-you", "/recommendations/for-cart"
US = find_market("US")


class Shop:
    """A shop with history: nine orders of everything that belongs together."""

    def __init__(self, app: Flask, catalog: CatalogMaker) -> None:
        self.app = app
        self.catalog = catalog
        self.orders = OrderMaker(app)
        self.products: dict[str, Product] = {}

    def stock(
        self, *titles: str, category: str = "things", stock: int = 10, **more: object
    ) -> None:
        """Put products on the shelf; the SKU is the title in capitals."""
        for title in titles:
            variants = more.get("variants") or (make_variant(title.upper()),)
            rest = {name: value for name, value in more.items() if name != "variants"}
            product = make_product(title, *variants, category=category, **rest)
            self.products[title] = product
            self.catalog.add(product, stock=stock)

    def id(self, title: str) -> ProductId:
        return self.products[title].id

    def sell(self, *titles: str, times: int = 9) -> None:
        """So many paid orders of these products together, and what the worker makes of them."""
        database, pause = service(Database, self.app), timedelta(0)
        counts, ids = CompanionCounts(database), [self.id(title) for title in titles]
        database.in_transaction(lambda session: counts.add(ids, times, pause, session))
        refresh = ListRefresh(database, service(CatalogService, self.app), pause=pause)
        while refresh.run():
            pass

    def sold(self, title: str, units: int) -> None:
        """Count units towards "best selling"."""
        name = f"{title}:{units}"
        service(CatalogService, self.app).count_sale(name, {self.id(title): units})

    def sell_out(self, title: str) -> None:
        service(InventoryService, self.app).set_on_hand({Sku(title.upper()): 0}, "test")


@pytest.fixture
def shop(app: Flask, catalog: CatalogMaker) -> Shop:
    """Mugs go with bowls and rugs with lamps; soap and vases with nothing."""
    shop = Shop(app, catalog)
    shop.stock("Mug", "Bowl", "Plate", "Spoon", category="table")
    shop.stock("Rug", "Lamp", category="room")
    shop.stock("Soap", "Vase", category="bath")
    shop.sell("Mug", "Bowl", "Plate")
    shop.sell("Rug", "Lamp")
    shop.sell("Soap")
    return shop


def _shown(shopper: Shopper, path: str, heading: str) -> list[str] | None:
    """The cards under a heading, None where there is no such heading."""
    tree = soup(shopper.get(path))
    for section in tree.select("main section"):
        title = section.select_one("h2")
        if title is not None and title.text == heading:
            return [each.text for each in section.select(".card-title")]
    return None


def _heading(shopper: Shopper, path: str = FOR_YOU) -> str:
    title = soup(shopper.get(path)).select_one("main h2")
    return title.text if title else ""


def _cards(shopper: Shopper, path: str = FOR_YOU) -> list[str]:
    return [each.text for each in soup(shopper.get(path)).select("main .card-title")]


def _look_at(shopper: Shopper, *titles: str) -> None:
    for title in titles:
        assert shopper.get(f"/products/{title.lower()}").status_code == 200
        service(ServedPages, shopper.client.application).tell()


@pytest.fixture
def visitor(shopper: Shopper) -> Shopper:
    """A shopper whose browser has a name already."""
    shopper.token()
    return shopper


# --- beside a product -----------------------------------------------------------------------------


def test_a_product_shows_what_is_often_bought_with_it(shopper: Shopper, shop: Shop) -> None:
    together = _shown(shopper, "/products/mug", "Often bought together")
    assert together is not None
    assert set(together) == {"Bowl", "Plate"}
    assert _shown(shopper, "/products/mug", "Goes well with it") == ["Spoon"]
    link = soup(shopper.get("/products/mug")).select_one("#together ~ ul a")
    assert link is not None
    assert shopper.get(str(link["href"])).status_code == 200


def test_every_visitor_sees_the_same_beside_a_product(app: Flask, shop: Shop) -> None:
    plain, busy = Shopper(app), Shopper(app)
    busy.add("BOWL")
    _look_at(busy, "Lamp")
    both = [_shown(each, "/products/mug", "Often bought together") for each in (plain, busy)]
    assert both[0] is not None
    assert both[0] == both[1]


def test_one_common_order_is_not_often(shopper: Shopper, shop: Shop) -> None:
    shop.sell("Vase", "Soap", times=1)
    assert _shown(shopper, "/products/vase", "Often bought together") is None
    assert _shown(shopper, "/products/vase", "Goes well with it") == ["Soap"]


def test_a_new_product_stands_beside_what_is_like_it_then_what_sells(
    shopper: Shopper, shop: Shop
) -> None:
    for title in ("Oak Tray", "Ash Tray", "Plain Jug", "Old Jar"):
        shop.stock(title, category="new", tags=("wood",) if "Tray" in title else ())
    shop.sold("Old Jar", 5)
    beside = _shown(shopper, "/products/oak-tray", "Goes well with it")
    assert beside == ["Ash Tray", "Old Jar", "Plain Jug"]


@pytest.mark.parametrize("why", ["sold out", "archived", "not yet", "elsewhere"])
def test_what_cannot_be_bought_is_not_shown(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, why: str
) -> None:
    shop = Shop(app, catalog)
    kept: dict[str, dict[str, object]] = {
        "sold out": {"stock": 0},
        "archived": {"status": ProductStatus.ARCHIVED},
        "not yet": {"published_at": now() + timedelta(days=1)},
        "elsewhere": {"variants": (make_variant("BOWL", DE=1000),)},
    }
    shop.stock("Mug", "Plate", "Spoon")
    shop.stock("Bowl", **kept[why])
    shop.stock("Rug", category="room")
    shop.sell("Mug", "Bowl", "Plate", "Spoon")
    shop.sell("Rug")
    together = _shown(shopper, "/products/mug", "Often bought together")
    assert together is not None
    assert set(together) == {"Plate", "Spoon"}
    assert "Bowl" not in shopper.get("/products/mug").text
    shopper.add("MUG")
    for path in (FOR_CART, FOR_YOU):
        assert "Bowl" not in _cards(shopper, path)
        assert "Plate" in _cards(shopper, path)


def test_a_market_shows_what_it_sells(app: Flask, shop: Shop) -> None:
    shop.stock("Krug", variants=(make_variant("KRUG", DE=1000),))
    shop.sell("Mug", "Krug", "Plate")
    here, there = Shopper(app), Shopper(app)
    there.post("/market", {"market": "DE"})
    for shopper in (here, there):
        shopper.add("MUG")
    assert "Krug" not in _cards(here, FOR_CART)
    assert "Krug" in _cards(there, FOR_CART)


def test_what_sells_out_leaves_at_once(shopper: Shopper, shop: Shop) -> None:
    shop.stock("Fork", category="table")
    shop.sell("Mug", "Bowl", "Plate", "Fork")
    assert "Bowl" in (_shown(shopper, "/products/mug", "Often bought together") or [])
    shop.sell_out("Bowl")
    time.sleep(0.25)  # the read model looks five times a second
    together = _shown(shopper, "/products/mug", "Often bought together")
    assert together is not None
    assert "Bowl" not in together


def test_the_page_says_which_products_it_depends_on(app: Flask, shop: Shop) -> None:
    assert US is not None
    shop.sell_out("Bowl")
    beside = service(RecommendationService, app).together(shop.id("Mug"), US)
    assert shop.id("Bowl") in beside.product_ids  # its return changes the page
    assert shop.id("Plate") in beside.product_ids
    assert shop.id("Lamp") not in beside.product_ids


# --- for a shopper --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [FOR_YOU, FOR_CART, f"{FOR_YOU}?besides=cart"])
@pytest.mark.parametrize("htmx", [False, True])
def test_recommendations_are_private(shopper: Shopper, shop: Shop, path: str, htmx: bool) -> None:
    shopper.add("MUG")
    answer = shopper.get(path, headers=HTMX if htmx else None)
    assert_shown(answer, htmx=htmx)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert "card-title" in answer.text


@pytest.mark.parametrize("path", ["/", "/cart"])
@pytest.mark.parametrize("filled", [False, True])
def test_a_page_loads_them_when_they_come_into_view_and_links_to_them(
    shopper: Shopper, shop: Shop, path: str, filled: bool
) -> None:
    if filled:
        shopper.add("MUG")
    parts = [
        each
        for each in soup(shopper.get(path)).select("main [hx-get^='/recommendations/']")
        if each["hx-trigger"] == "revealed"
    ]
    urls = [str(each["hx-get"]) for each in parts]
    both = [FOR_CART, f"{FOR_YOU}?besides=cart"]
    assert urls == (both if filled and path == "/cart" else [FOR_YOU])
    for part, url in zip(parts, urls, strict=True):
        link = part.select_one("noscript a")
        assert link is not None
        assert link["href"] == url
        assert "<html" in shopper.get(url).text
        assert (part["hx-target"], part["hx-swap"]) == ("this", "outerHTML")


def test_a_cart_is_gone_well_with(shopper: Shopper, shop: Shop) -> None:
    shopper.add("MUG")
    assert _heading(shopper, FOR_CART) == "Goes well with what is in your cart"
    cards = _cards(shopper, FOR_CART)
    assert set(cards[:2]) == {"Bowl", "Plate"}
    assert "Mug" not in cards
    assert len(cards) == len(set(cards)) == 4  # filled up


def test_beside_the_cart_nothing_is_said_twice(shopper: Shopper, shop: Shop) -> None:
    shopper.add("MUG")
    beside, below = _cards(shopper, FOR_CART), _cards(shopper, f"{FOR_YOU}?besides=cart")
    assert not set(beside) & set(below)
    assert "Mug" not in below


def test_nothing_goes_with_an_empty_cart(shopper: Shopper, shop: Shop) -> None:
    assert _heading(shopper, FOR_CART) != "Goes well with what is in your cart"


def test_what_was_looked_at_leads_on(visitor: Shopper, shop: Shop) -> None:
    for title in ("Soap", "Vase", "Spoon"):
        shop.sold(title, 50)
    _look_at(visitor, "Mug", "Rug")
    cards = _cards(visitor)
    assert set(cards[:3]) == {"Lamp", "Bowl", "Plate"}
    assert _heading(visitor) == "For you"
    assert not {"Mug", "Rug"} & set(cards)


def test_what_was_looked_at_last_weighs_most(visitor: Shopper, shop: Shop) -> None:
    shop.stock("Tray", "Coaster", category="room")
    shop.sell("Tray", "Coaster")
    _look_at(visitor, "Rug", "Soap", "Vase", "Spoon", "Tray")
    assert _cards(visitor)[0] == "Coaster"
    _look_at(visitor, "Rug")
    assert _cards(visitor)[0] == "Lamp"


def test_what_was_bought_leads_on(app: Flask, shop: Shop) -> None:
    member = Member(app)
    assert member.register().status_code == 303
    database = service(Database, app)
    account = database["accounts"].find_one({})
    assert account is not None
    assert _heading(member) != "For you"
    returned = shop.orders.paid(shop.id("Soap"), account_id=account["_id"])
    shop.orders.refund(returned)
    shop.orders.paid(shop.id("Mug"), account_id=account["_id"])
    cards = _cards(member)
    assert set(cards[:2]) == {"Bowl", "Plate"}
    assert "Mug" not in cards
    assert "Soap" in cards  # given back, so not owned


def test_somebody_new_sees_bestsellers_under_their_own_name(shopper: Shopper, shop: Shop) -> None:
    for place, title in enumerate(("Vase", "Soap", "Rug", "Lamp", "Bowl")):
        shop.sold(title, 50 - place)
    assert _heading(shopper) == "Bestsellers"
    assert _cards(shopper)[:5] == ["Vase", "Soap", "Rug", "Lamp", "Bowl"]
    assert len(_cards(shopper)) == 8


def test_a_new_shop_shows_what_its_owner_features(
    app: Flask, shopper: Shopper, catalog: CatalogMaker
) -> None:
    shop = Shop(app, catalog)
    shop.stock("Plain", "Simple")
    shop.stock("Grand", "Fine", "Proud", featured=True)
    assert _heading(shopper) == "Featured"
    assert set(_cards(shopper)[:3]) == {"Grand", "Fine", "Proud"}
    assert set(_cards(shopper)[3:]) == {"Plain", "Simple"}


def test_an_unsorted_shop_shows_what_is_new(
    app: Flask, shopper: Shopper, catalog: CatalogMaker
) -> None:
    shop = Shop(app, catalog)
    shop.stock("Old", published_at=now() - timedelta(days=90))
    shop.stock("Young", published_at=now() - timedelta(days=2))
    assert _heading(shopper) == "New in the shop"
    assert _cards(shopper) == ["Young", "Old"]


def test_an_empty_shop_has_nothing_to_recommend(shopper: Shopper) -> None:
    assert "nothing to recommend yet" in shopper.get(FOR_YOU).text
    assert shopper.get(FOR_YOU, headers=HTMX).text.strip() == ""
    assert shopper.get("/").status_code == 200


def test_one_category_does_not_fill_the_shelf(visitor: Shopper, shop: Shop) -> None:
    many = [f"Cup {number}" for number in range(9)]
    shop.stock(*many, category="cups")
    shop.stock("Tea", "Kettle", "Tray", "Cake", "Jam", category="kitchen")
    shop.sell("Spoon", *many, times=6)
    shop.sell("Spoon", "Tea", "Kettle", "Tray", "Cake", "Jam", times=2)
    _look_at(visitor, "Spoon")
    cards = _cards(visitor)
    assert len(cards) == 8
    assert sum(title.startswith("Cup") for title in cards) <= 5
    assert sum(title.startswith("Cup") for title in cards[:6]) == 3


def test_without_lists_the_pages_still_work(
    shopper: Shopper, shop: Shop, database: Database
) -> None:
    database["companion_lists"].delete_many({})
    database["companion_popular"].delete_many({})
    assert shopper.get("/products/mug").status_code == 200
    assert len(_cards(shopper)) == 8


def test_beside_the_cart_no_two_shelves_have_one_name(
    app: Flask, shopper: Shopper, catalog: CatalogMaker
) -> None:
    shop = Shop(app, catalog)
    shop.stock(*(f"Thing{number}" for number in range(20)), featured=True)
    shopper.add("THING0")
    headings = [_heading(shopper, path) for path in (FOR_CART, f"{FOR_YOU}?besides=cart")]
    assert headings == ["Featured", "More to discover"]
    assert _heading(shopper) == "Featured"
