"""The home page is composed in the panel and shown by every process at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from flask import Flask

from app import create_app
from app.catalog.composing_home import HomeComposing
from app.catalog.home import EVERYWHERE
from app.catalog.models import Collection, Product
from app.catalog.service import CatalogService
from app.catalog.shelving import Shelving
from app.db.database import Database
from app.web.page_cache import PageCache
from app.web.registry import service
from tests.admin.editing import entries, form_of, problems, send
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.shopper import Shopper, soup
from tests.support.staff import Staff

_STANDARD = "<h1>MossX</h1>"


@pytest.fixture
def products(app: Flask, catalog: CatalogMaker) -> list[Product]:
    made = [
        make_product(name, make_variant(name.upper(), US=2000, IN=9900))
        for name in ("Mug", "Bowl", "Vase")
    ]
    catalog.add(*made)
    for slug, product in zip(("cups", "bowls", "vases"), made, strict=True):
        service(Shelving, app).create(
            Collection(slug=slug, title=slug.title(), product_ids=(product.id,))
        )
    return made


def _form(owner: Staff, market: str = "") -> dict[str, object]:
    return form_of(owner.get(f"/admin/home?market={market}"), "#home")


def _own(owner: Staff, market: str = "", **more: object) -> dict[str, object]:
    return {**_form(owner, market), "hero": "own", "title.en": "Spring is here", **more}


def test_nothing_stored_is_the_standard_look(owner: Staff, products: list[Product], shopper: Shopper) -> None:  # fmt: skip
    assert _STANDARD in shopper.get("/").text
    assert "standard look" in owner.get("/admin/home").text


def test_the_home_page_shows_what_is_saved(
    app: Flask, owner: Staff, products: list[Product], shopper: Shopper
) -> None:
    form = _own(owner, link="/collections/vases", **{"title.de": "Der Frühling ist da"})
    del form["all_collections"]
    form |= {"collection": ["vases", "cups"], "order": ["vases", "bowls", "cups"]}
    form |= {"product": [products[2].id, products[0].id]}
    assert send(owner, "/admin/home", form).status_code == 303
    page = soup(shopper.get("/"))
    assert page.select_one(".hero h1").text == "Spring is here"
    assert page.select_one('.hero a[href="/collections/vases"]')
    banners = [each["href"] for each in page.select(".banner")]
    assert banners == ["/collections/vases", "/collections/cups"]
    featured = page.select("section[aria-labelledby=featured] .card-link")
    assert [each["href"] for each in featured] == ["/products/vase", "/products/mug"]
    shopper.client.set_cookie("mossx_language", "de")
    assert "Der Frühling ist da" in shopper.get("/").text
    shopper.client.set_cookie("mossx_language", "hi")
    assert "Spring is here" in shopper.get("/").text
    change = entries(app, f"home:{EVERYWHERE}")[0].changes[0]
    assert change.before is None
    assert change.after is not None
    assert change.after["featured"] == [products[2].id, products[0].id]


def test_one_collection_below_words_of_ones_own(
    owner: Staff, products: list[Product], shopper: Shopper
) -> None:
    form = _own(owner, link="/products", collection="cups")
    del form["all_collections"]
    assert send(owner, "/admin/home", form).status_code == 303
    banners = soup(shopper.get("/")).select(".banner")
    assert [each["href"] for each in banners] == ["/collections/cups"]


def test_a_market_can_have_its_own(owner: Staff, products: list[Product], shopper: Shopper) -> None:
    send(owner, "/admin/home", _own(owner))
    indian = _own(owner, "IN", **{"title.en": "Monsoon"})
    assert send(owner, "/admin/home?market=IN", indian).status_code == 303
    assert "Spring is here" in shopper.get("/").text
    shopper.post("/market", {"market": "IN"})
    assert "Monsoon" in shopper.get("/").text


def test_going_back_can_be_undone(app: Flask, owner: Staff, products: list[Product], shopper: Shopper) -> None:  # fmt: skip
    send(owner, "/admin/home", _own(owner))
    answer = owner.post("/admin/home/deletion", {"market": EVERYWHERE})
    assert _STANDARD in shopper.get("/").text
    assert "Deleted: Home page." in owner.follow(answer).text
    entry = entries(app, f"home:{EVERYWHERE}")[0]
    undone = owner.post(f"/admin/audit/{entry.id}/undo", {})
    assert (undone.status_code, undone.location) == (303, "/admin/home")
    assert "Spring is here" in shopper.get("/").text


def test_arranging_stores_nothing(app: Flask, owner: Staff, products: list[Product]) -> None:
    form = _own(owner)
    added = form_of(send(owner, "/admin/home", {**form, "add": products[1].id}), "#home")
    assert (added["product"], added["title.en"]) == (products[1].id, "Spring is here")
    moved = send(owner, "/admin/home", {**added, "collection_down": "cups"}, htmx=True)
    assert form_of(moved, "#home")["order"] == ["bowls", "cups", "vases"]
    assert service(HomeComposing, app).find(EVERYWHERE) is None
    assert entries(app, f"home:{EVERYWHERE}") == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title.en": ""}, "title.en"),
        ({"title.hi": "x" * 121}, "title.hi"),
        ({"link": "https://elsewhere.example/"}, "link"),
        ({"link": "//elsewhere.example"}, "link"),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_wrong_is_said_beside_the_field(
    app: Flask, owner: Staff, products: list[Product], wrong: dict[str, str], field: str, htmx: bool
) -> None:
    answer = send(owner, "/admin/home", {**_own(owner), **wrong}, htmx=htmx)
    assert answer.status_code == 422
    assert field in problems(answer)
    assert service(HomeComposing, app).find(EVERYWHERE) is None


def test_who_saves_second_sees_both_versions(app: Flask, owner: Staff, products: list[Product]) -> None:  # fmt: skip
    mine = _own(owner)
    assert send(owner, "/admin/home", {**mine, "title.en": "Theirs"}).status_code == 303
    answer = send(owner, "/admin/home", mine)
    assert answer.status_code == 409
    (row,) = soup(answer).select("#versions tbody tr")
    assert [each.text for each in row.select("td")] == ["Theirs", "Spring is here"]
    assert send(owner, "/admin/home", form_of(answer, "#home")).status_code == 303
    stored = service(HomeComposing, app).find(EVERYWHERE)
    assert stored is not None
    assert stored.hero is not None
    assert (stored.hero.title, stored.revision) == ({"en": "Spring is here"}, 2)


# --- every process ------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(app: Flask, environment: dict[str, str]) -> Iterator[Flask]:
    """Another server, which keeps its pages."""
    other = create_app(environment)
    other.testing = True
    follower = service(CatalogService, other).follower
    follower.start()
    _wait(lambda: follower.is_following)
    yield other
    follower.close()
    service(Database, other).close()


def _wait(is_so: object, patience: float = 10.0) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_another_server_drops_its_kept_page(
    owner: Staff, products: list[Product], elsewhere: Flask
) -> None:
    reader = Shopper(elsewhere)
    pages = service(PageCache, elsewhere)
    _wait(lambda: _STANDARD in reader.get("/").text and len(pages.store) > 0)
    send(owner, "/admin/home", _own(owner))
    _wait(lambda: "Spring is here" in reader.get("/").text)
