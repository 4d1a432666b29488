"""The wishlist: filled by guests and accounts, joined once, shown to others, bounded."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.catalog.models import ProductStatus
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from app.web.visitor import names
from app.wishlists.rules import list_of_visitor
from app.wishlists.service import WishlistService
from tests.support.answers import BOTH_WAYS, assert_shown, assert_went_to
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.member import PASSWORD, Member, make_proven
from tests.support.shopper import Shopper, soup

ADD, REMOVE, SHARE = "/wishlist/items", "/wishlist/items/removal", "/wishlist/sharing"


@pytest.fixture(autouse=True)
def shelf(catalog: CatalogMaker) -> None:
    catalog.add(make_product("Mug", make_variant("MUG", {"Size": "S"})))
    catalog.add(make_product("Lamp", make_variant("LAMP")), stock=0)


def _titles(shopper: Shopper, path: str = "/wishlist") -> list[str]:
    return [each.text for each in soup(shopper.get(path)).select(".line-title")]


@BOTH_WAYS
def test_a_guest_adds_once_and_removes(shopper: Shopper, htmx: bool) -> None:
    for _ in range(2):
        answer = shopper.post(ADD, {"sku": "MUG"}, htmx=htmx)
        if htmx:
            assert_shown(answer, htmx=True)
            assert "On your wishlist: Mug" in answer.text
        else:
            assert (answer.status_code, answer.location) == (303, "/wishlist")
    shopper.post(ADD, {"sku": "LAMP"})
    page = shopper.get("/wishlist")
    assert_shown(page)
    assert _titles(shopper) == ["Lamp", "Mug"]
    lamp, mug = soup(page).select(".line")
    assert "Sold out" in lamp.text
    assert not lamp.select("form[action='/cart/items']")
    assert mug.select_one("a[href='/products/mug?option.Size=S']")
    assert mug.select_one("form[action='/cart/items'] input[value=MUG]")
    answer = shopper.post(REMOVE, {"sku": "MUG"}, htmx=htmx)
    if htmx:
        assert_shown(answer, htmx=True)
    else:
        assert answer.status_code == 303
    assert shopper.post(REMOVE, {"sku": "MUG"}).status_code == 303
    assert _titles(shopper) == ["Lamp"]


def test_the_button_of_a_kept_page_works(shopper: Shopper) -> None:
    form = soup(shopper.get("/products/mug")).select_one("form[action='/wishlist/items']")
    assert form is not None
    fields = {str(f["name"]): str(f["value"]) for f in form.select("input")}
    assert shopper.client.post(ADD, data=fields).status_code == 303
    assert _titles(shopper) == ["Mug"]
    assert shopper.client.post(ADD, data={"sku": "LAMP"}).status_code == 403
    assert _titles(shopper) == ["Mug"]


def test_what_is_not_sold_is_not_found(shopper: Shopper) -> None:
    assert shopper.post(ADD, {"sku": "NOTHING"}).status_code == 404
    assert _titles(shopper) == []


@BOTH_WAYS
def test_a_full_list_says_so(shopper: Shopper, database: Database, htmx: bool) -> None:
    shopper.post(ADD, {"sku": "MUG"})
    items = [{"sku": f"S{n}", "added_at": now()} for n in range(100)]
    database["wishlists"].update_one({}, {"$set": {"items": items}})
    answer = shopper.post(ADD, {"sku": "MUG"}, htmx=htmx)
    assert_shown(answer, htmx=htmx, status=422)
    assert "remove something first" in answer.text


def test_what_left_the_shop_can_only_be_removed(shopper: Shopper, database: Database) -> None:
    shopper.post(ADD, {"sku": "MUG"})
    catalog = CatalogRepository(database)
    database["products"].update_one({"slug": "mug"}, {"$set": {"status": ProductStatus.ARCHIVED}})
    assert catalog.find_by_slug("mug") is not None
    (line,) = soup(shopper.get("/wishlist")).select(".line")
    assert "No longer in the shop" in line.text
    assert [f["action"] for f in line.select("form")] == [REMOVE]


# --- accounts -------------------------------------------------------------------------------------


def test_a_guest_s_list_joins_the_account_s_and_stays_there(app: Flask, database: Database) -> None:
    make_proven(app, "ann@example.com")
    at_home = Member(app)
    at_home.log_in()
    at_home.post(ADD, {"sku": "LAMP"})
    guest = Member(app)
    guest.post(ADD, {"sku": "MUG"})
    guest.log_in()
    assert _titles(guest) == _titles(at_home) == ["Mug", "Lamp"]
    guest.log_out()
    assert _titles(guest) == []
    stored = database["wishlists"].find({"items": {"$ne": []}})
    assert [("expires_at" in each) for each in stored] == [False]


def test_who_registers_keeps_the_list(app: Flask) -> None:
    guest = Member(app, "new@example.com")
    guest.post(ADD, {"sku": "MUG"})
    assert guest.register().status_code == 303
    assert _titles(guest) == ["Mug"]


def test_many_logins_at_once_join_it_once(app: Flask, database: Database) -> None:
    make_proven(app, "ann@example.com")
    guest = Member(app)
    guest.post(ADD, {"sku": "MUG"})
    guest.post(ADD, {"sku": "LAMP"})
    form = {"csrf_token": guest.token(), "email": guest.email, "password": PASSWORD}
    cookie = guest.client.get_cookie("mossx_visitor")
    assert cookie is not None

    def log_in(_: int) -> int:
        client = app.test_client()
        client.set_cookie(cookie.key, cookie.value)
        return client.post("/account/login", data=form).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(log_in, range(6))) == {303}
    (stored,) = database["wishlists"].find({})
    assert [each["sku"] for each in stored["items"]] == ["MUG", "LAMP"]
    assert stored["version"] == 1


def test_many_adds_at_once_are_all_kept(app: Flask, catalog: CatalogMaker) -> None:
    skus = [f"S{n}" for n in range(8)]
    catalog.add(*(make_product(f"Thing {sku}", make_variant(sku)) for sku in skus))
    shopper = Shopper(app)
    token = shopper.token()
    cookie = shopper.client.get_cookie("mossx_visitor")
    assert cookie is not None

    def add(sku: str) -> int:
        client = app.test_client()
        client.set_cookie(cookie.key, cookie.value)
        return client.post(ADD, data={"csrf_token": token, "sku": sku}).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(add, skus)) == {303}
    assert sorted(_titles(shopper)) == [f"Thing {sku}" for sku in skus]


@BOTH_WAYS
def test_a_shared_list_is_seen_and_not_changed(
    app: Flask, member: Member, shopper: Shopper, htmx: bool
) -> None:
    member.post(ADD, {"sku": "MUG"})
    member.post(SHARE, {"shared": "1"}, htmx=htmx)
    link = soup(member.get("/wishlist")).select_one(".summary a[href*='/wishlist/shared/']")
    assert link is not None
    path = "/wishlist/shared/" + str(link["href"]).rsplit("/", 1)[1]
    member.post(SHARE, {"shared": "1"})  # keeps the address
    page = shopper.get(path)
    assert_shown(page)
    assert _titles(shopper, path) == ["Mug"]
    assert not soup(page).select("main form[action^='/wishlist']")
    assert member.email not in page.text
    assert "noindex" in page.text
    member.post(SHARE, {"shared": "0"}, htmx=htmx)
    assert shopper.get(path).status_code == 404


def test_only_accounts_share(shopper: Shopper, database: Database) -> None:
    shopper.post(ADD, {"sku": "MUG"})
    assert_went_to(shopper.post(SHARE, {"shared": "1"}), "/account/login?next=%2Faccount")
    assert database["wishlists"].find_one({"share_token": {"$exists": True}}) is None
    assert shopper.get("/wishlist/shared/None").status_code == 404


def test_a_sign_in_that_was_cut_short_is_made_up_for(app: Flask, member: Member) -> None:
    """As if the process had died after the session began: the guest's list is still there."""
    cookie = member.client.get_cookie("mossx_visitor")
    assert cookie is not None
    visitor = names(app).read(cookie.value)
    service(WishlistService, app).add(list_of_visitor(visitor), Sku("LAMP"))
    assert _titles(member) == ["Lamp"]
    assert service(WishlistService, app).find(list_of_visitor(visitor)).items == ()
