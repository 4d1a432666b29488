"""Catalog pages: whole, as fragments, and for odd requests."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.catalog.models import ProductStatus
from app.db.database import Database
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.member import Member
from tests.support.shopper import HTMX, Shopper, soup


@pytest.fixture
def shelf(catalog: CatalogMaker) -> CatalogMaker:
    """Thirty things: enough for two pages, with two options and two makers."""
    sizes = ("S", "M", "L")
    for number in range(30):
        product = make_product(
            f"Bowl {number:02d}",
            make_variant(f"B{number}", {"Size": sizes[number % 3]}, US=1000 + 100 * number),
            vendor="Halden" if number % 2 else "Fell",
        )
        catalog.add(product, stock=0 if number == 5 else 4)
    return catalog


def _titles(shopper: Shopper, path: str) -> list[str]:
    return [each.text for each in soup(shopper.get(path)).select("#listing .card-title")]


@pytest.mark.parametrize(
    "path", ["/", "/products", "/search", "/search?q=bowl", "/products/bowl-01"]
)
def test_a_page_and_its_fragment_show_the_same(
    shopper: Shopper, shelf: CatalogMaker, path: str
) -> None:
    page = shopper.get(path)
    fragment = shopper.get(path, headers=HTMX)
    assert page.status_code == fragment.status_code == 200
    assert "<html" in page.text
    assert "<html" not in fragment.text
    assert "HX-Request" in page.headers["Vary"]
    assert "HX-Request" in fragment.headers["Vary"]
    assert "Bowl 0" in soup(page).text + soup(fragment).text or path == "/"


@pytest.mark.parametrize("header", ["HX-Boosted", "HX-History-Restore-Request"])
def test_a_boosted_or_restored_page_is_whole(
    shopper: Shopper, shelf: CatalogMaker, header: str
) -> None:
    assert "<html" in shopper.get("/products", headers={**HTMX, header: "true"}).text


def test_pages_divide_the_listing(shopper: Shopper, shelf: CatalogMaker) -> None:
    first, second = _titles(shopper, "/products"), _titles(shopper, "/products?page=2")
    assert (len(first), len(second)) == (24, 6)
    assert len(set(first) | set(second)) == 30
    assert shopper.get("/products?page=3").status_code == 404
    assert shopper.get("/products?page=0").status_code == 200


def test_sorting_by_price(shopper: Shopper, shelf: CatalogMaker) -> None:
    rising = _titles(shopper, "/products?sort=price_asc")
    assert rising[:3] == ["Bowl 00", "Bowl 01", "Bowl 02"]
    assert _titles(shopper, "/products?sort=price_desc")[0] == "Bowl 29"
    assert len(_titles(shopper, "/products?sort=nonsense")) == 24


def test_filters_combine_and_count_honestly(shopper: Shopper, shelf: CatalogMaker) -> None:
    tree = soup(shopper.get("/products?option.Size=S&vendor=Halden"))
    count = tree.select_one("#count")
    assert count is not None
    assert count.text.strip() == "5 products"
    for link in tree.select(".facet a.choice"):
        shown = link.select_one(".muted")
        assert shown is not None
        if link.get("aria-current") is None:
            other = soup(shopper.get(str(link["href"]))).select_one("#count")
            assert other is not None
            narrowed = int(other.text.split()[0])
            # A further value of a chosen facet widens the list by its own count.
            chosen_facet = link.find_parent("section").select_one("[aria-current]")
            expected = int(shown.text) + (5 if chosen_facet else 0)
            assert narrowed == expected, link["href"]


def test_price_range_and_stock(shopper: Shopper, shelf: CatalogMaker) -> None:
    titles = _titles(shopper, "/products?min_price=12&max_price=15.00&sort=price_asc")
    assert titles == ["Bowl 02", "Bowl 03", "Bowl 04", "Bowl 05"]
    titles = _titles(shopper, "/products?min_price=12&max_price=15&sort=price_asc&in_stock=1")
    assert "Bowl 05" not in titles


def test_a_price_range_is_offered_as_it_can_be_typed(
    shopper: Shopper, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Grand Table", make_variant("TABLE", DE=123450)))
    shopper.client.set_cookie("mossx_market", "DE")
    shopper.client.set_cookie("mossx_language", "de")
    field = soup(shopper.get("/products")).select_one("#max_price")
    assert field is not None
    typed = str(field["placeholder"])
    assert re.fullmatch(r"\d+,\d\d", typed)
    assert shopper.get(f"/products?max_price={typed}").status_code == 200


def test_a_bad_price_is_explained_beside_its_field(shopper: Shopper, shelf: CatalogMaker) -> None:
    answer = shopper.get("/products?min_price=cheap&option.Size=S")
    assert answer.status_code == 422
    tree = soup(answer)
    field = tree.select_one("#min_price")
    assert field is not None
    assert field["value"] == "cheap"
    assert field["aria-invalid"] == "true"
    assert tree.select_one("input[type=hidden][name='option.Size']") is not None


def test_search_forgives_a_typo_and_says_so(shopper: Shopper, catalog: CatalogMaker) -> None:
    catalog.add(
        make_product("Walnut Tray", make_variant("T")), make_product("Oak Tray", make_variant("O"))
    )
    assert _titles(shopper, "/search?q=walnut+tr") == ["Walnut Tray"]
    page = shopper.get("/search?q=wallnut")
    assert "Showing results for" in page.text
    assert [title.text for title in soup(page).select(".card-title")] == ["Walnut Tray"]
    nothing = shopper.get("/search?q=zzzzzz")
    assert nothing.status_code == 200
    assert "Nothing here fits" in nothing.text


def test_suggestions_are_links(shopper: Shopper, catalog: CatalogMaker) -> None:
    catalog.add(make_product("Walnut Tray", make_variant("T")))
    fragment = shopper.get("/search/suggest?q=wal", headers=HTMX)
    links = [str(link["href"]) for link in soup(fragment).select("a")]
    assert links == ["/search?q=walnut", "/products/walnut-tray", "/search?q=wal"]
    assert [mark.text for mark in soup(fragment).select("mark")] == ["wal", "Wal"]
    assert "2 suggestions for wal" in fragment.text


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("/admin/", "/admin"),
        ("/cart/?a=1&b=%2F", "/cart?a=1&b=%2F"),
        ("/products/?page=2", "/products?page=2"),
        ("/categories/mugs%20x/", "/categories/mugs%20x"),
    ],
)
def test_a_slash_too_many_leads_to_the_page(shopper: Shopper, asked: str, meant: str) -> None:
    answer = shopper.get(asked)
    assert (answer.status_code, answer.location) == (308, meant)


@pytest.mark.parametrize("path", ["/nowhere/", "/cart//", "/%2Fevil.example/", "/%5Cevil.example/"])
def test_a_slash_too_many_leads_nowhere_else(shopper: Shopper, path: str) -> None:
    answer = shopper.get(path)
    where = urlsplit(answer.location or "")
    assert where.netloc in {"", "localhost"}
    assert "\\" not in where.path
    assert answer.status_code == 404 or shopper.get(where.path).status_code in {308, 404}
    assert shopper.post("/cart/", {}).status_code == 404


@pytest.mark.parametrize("path", ["/products/none", "/categories/none", "/collections/none", "/none", "/media/x.webp", "/media/w640/../../etc/passwd", "/static/none.css"])  # fmt: skip
def test_what_is_not_there_is_a_friendly_404(shopper: Shopper, path: str) -> None:
    answer = shopper.get(path)
    assert answer.status_code == 404
    assert "Back to the shop" in answer.text


JUNK = ["?page=9999999999999999999", "?page=-1", "?q=%00%ff", "?option.=x&option.a=", "?min_price=1e999", "?sort=%27", "?q=" + "a" * 5000, "?option.%F0%9F%98%80=%F0%9F%98%80", "?min_price=NaN"]  # fmt: skip


@pytest.mark.parametrize("query", JUNK)
@pytest.mark.parametrize("path", ["/products", "/search", "/products/bowl-01", "/search/suggest"])
def test_no_query_breaks_a_page(
    shopper: Shopper, shelf: CatalogMaker, path: str, query: str
) -> None:
    assert shopper.get(path + query).status_code in {200, 404, 422}


def test_an_option_without_a_value_chooses_nothing_for_members_either(
    shopper: Shopper, member: Member, shelf: CatalogMaker
) -> None:
    for each in (shopper, member):
        page = soup(each.get("/products/bowl-01?option.Size="))
        assert page.select_one(".option[aria-current]") is not None


def test_a_market_has_its_own_prices_and_range(shopper: Shopper, catalog: CatalogMaker) -> None:
    catalog.add(
        make_product("Everywhere", make_variant("E", US=1000, IN=49900, DE=1190)),
        make_product("Only here", make_variant("H", US=1000)),
    )
    assert "$10.00" in shopper.get("/products").text
    answer = shopper.post("/market", {"market": "IN", "next": "/products?sort=newest"})
    assert (answer.status_code, answer.location) == (303, "/products?sort=newest")
    listing = shopper.get("/products").text
    assert "₹499.00" in listing
    assert "Only here" not in listing
    assert "11,90\xa0€" in Shopper.get(_in(shopper, "de"), "/products/everywhere").text


def _in(shopper: Shopper, market: str) -> Shopper:
    shopper.post("/market", {"market": market})
    return shopper


@pytest.mark.parametrize(
    "target", ["https://evil.test/", "//evil.test", "/\\evil.test", "javascript:alert(1)"]
)
def test_the_market_form_leads_nowhere_else(shopper: Shopper, target: str) -> None:
    assert shopper.post("/market", {"market": "US", "next": target}).location == "/"


@pytest.mark.parametrize("path", ["/cart/items", "/cart/items/line_1", "/cart/coupons"])
def test_choosing_a_market_on_a_refused_form_leads_to_a_page(
    shopper: Shopper, catalog: CatalogMaker, path: str
) -> None:
    shopper.add(catalog.mug())
    referrer = {"Referer": f"http://localhost{path}"}
    form = {"csrf_token": shopper.token(), "market": "DE"}
    answer = shopper.client.post("/market", data=form, headers=referrer)
    assert (answer.status_code, answer.location) == (303, "/cart")


def test_an_unknown_market_is_refused(shopper: Shopper) -> None:
    assert shopper.post("/market", {"market": "XX"}).status_code == 422


def test_hidden_products_are_not_shown(shopper: Shopper, catalog: CatalogMaker) -> None:
    catalog.add(make_product("Draft", make_variant("D"), status=ProductStatus.DRAFT))
    assert shopper.get("/products/draft").status_code == 404
    assert _titles(shopper, "/products") == []


def test_health(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").json == {
        "status": "ready",
        "checks": {"mongodb": "ok", "redis": "ok"},
    }


def test_search_engines_find_the_public_pages(shopper: Shopper, shelf: CatalogMaker) -> None:
    sitemap = shopper.get("/sitemap.xml")
    assert sitemap.mimetype == "application/xml"
    assert "/products/bowl-07</loc>" in sitemap.text
    assert "Disallow: /checkout" in shopper.get("/robots.txt").text


def test_static_files_are_kept_for_ever_under_their_hashed_names(shopper: Shopper) -> None:
    link = soup(shopper.get("/")).select_one("link[rel=stylesheet]")
    assert link is not None
    answer = shopper.get(str(link["href"]))
    assert answer.status_code == 200
    assert "immutable" in answer.headers["Cache-Control"]
    other = shopper.get("/static/css/mossx.0000000000.css")  # a page of another version asks for it
    assert other.text == answer.text
    assert "no-store" in other.headers["Cache-Control"]
    assert "immutable" not in other.headers["Cache-Control"]
    assert shopper.get("/static/css/moss.0000000000.css").status_code == 404


def test_marks_in_titles_never_let_markup_through(shopper: Shopper, catalog: CatalogMaker) -> None:
    catalog.add(make_product("<img src=x> Tray", make_variant("T"), slug="tray"))
    for path in ("/search?q=tray+%3Cimg+src%3Dx%3E", "/search/suggest?q=%3Cimg+tray"):
        answer = shopper.get(path)
        assert "<img src=x" not in answer.text
        assert "<mark>Tray</mark>" in answer.text


def test_search_says_which_word_no_product_has(shopper: Shopper, catalog: CatalogMaker) -> None:
    catalog.add(make_product("Walnut Tray", make_variant("T")))
    tree = soup(shopper.get("/search?q=titanium+walnut+tray"))
    assert [title.text for title in tree.select(".card-title")] == ["Walnut Tray"]
    assert [word.text for word in tree.select(".notice s")] == ["titanium"]
    (link,) = tree.select(".ways-on a")
    assert link["href"] == "/search?q=walnut%20tray"
    assert link.text == "walnut tray 1 product"


def test_prices_in_words_limit_the_results(shopper: Shopper, shelf: CatalogMaker) -> None:
    assert _titles(shopper, "/search?q=bowl+under+12&sort=price_asc") == [
        "Bowl 00", "Bowl 01", "Bowl 02"
    ]  # fmt: skip
    assert len(_titles(shopper, "/search?q=bowl+between+12+and+13.50")) == 2
    # What the fields say counts more than what the words say.
    assert _titles(shopper, "/search?q=bowl+under+12&max_price=10") == ["Bowl 00"]


@pytest.mark.parametrize("number", ["1" + ",000" * 7, "1" + ",000" * 12, "1" + ".000" * 45])
def test_a_price_in_words_may_be_beyond_any(
    shopper: Shopper, shelf: CatalogMaker, number: str
) -> None:
    for words, found in (
        ("under", 24),
        ("between 1 and", 24),
        ("unter", 24),
        ("over", 0),
        ("ab", 0),
    ):
        assert len(_titles(shopper, f"/search?q=bowl+{words}+{number}&sort=price_asc")) == found


def test_a_search_without_results_leads_on_to_full_shelves(
    app: Flask, shopper: Shopper, catalog: CatalogMaker, database: Database
) -> None:
    database["categories"].insert_one(
        {"_id": "things", "name": "Things", "description": "", "position": 1}
    )
    catalog.add(make_product("Walnut Tray", make_variant("T")))
    tree = soup(shopper.get("/search?q=xqzvw"))
    assert [link["href"] for link in tree.select(".empty .ways-on a")] == ["/categories/things"]


def test_suggestions_come_in_groups_with_their_number(
    shopper: Shopper, catalog: CatalogMaker, database: Database
) -> None:
    database["categories"].insert_one(
        {"_id": "things", "name": "Trays", "description": "", "position": 1}
    )
    catalog.add(
        make_product("Walnut Tray", make_variant("T")), make_product("Oak Tray", make_variant("O"))
    )
    fragment = soup(shopper.get("/search/suggest?q=tr", headers=HTMX))
    assert [each.text for each in fragment.select(".eyebrow")] == [
        "Searches", "Categories", "Products"
    ]  # fmt: skip
    lists = fragment.select("ul[aria-labelledby]")
    assert [{str(link["href"]) for link in each.select("a")} for each in lists] == [
        {"/search?q=tray"},
        {"/categories/things"},
        {"/products/walnut-tray", "/products/oak-tray"},
    ]
    count = fragment.select_one("[hx-swap-oob='innerHTML:#live']")
    assert count is not None
    assert count.text == "4 suggestions for tr"
