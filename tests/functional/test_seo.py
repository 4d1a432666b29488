"""What search engines and previews are told, and how heavy pages are."""

from __future__ import annotations

import gzip
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from app.catalog import sitemap
from app.catalog.models import Category, Image, ProductStatus
from app.catalog.repository import CatalogRepository
from app.config import Settings
from app.db.cache import Cache
from app.db.database import Database
from app.media.service import MediaService
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.pictures import encoded, two_halves
from tests.support.shopper import HTMX, Shopper, soup

_SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


@pytest.fixture
def base(app: Flask) -> str:
    return service(Settings, app).base_url


@pytest.fixture
def shelf(app: Flask, catalog: CatalogMaker, database: Database) -> CatalogMaker:
    """Thirty bowls with pictures, on a shelf of their own."""
    CatalogRepository(database).add_shelf(Category(slug="things", name="Things"))
    pictures = service(MediaService, app)
    stored = pictures.put(encoded(two_halves(900, 1125), "WEBP"), "Bowl")
    image = Image(src=stored.src, alt="A bowl", width=stored.width, height=stored.height)
    products = [
        make_product(
            f"Bowl {number:02d}",
            *(make_variant(f"B{number}{size}", {"Size": size}) for size in "SML"),
            images=(image,),
            vendor="Halden" if number % 2 else "Fell",
        )
        for number in range(30)
    ]
    catalog.add(*products, stock=4)
    return catalog


def _meta(tree: BeautifulSoup, name: str) -> str:
    found = tree.find("meta", attrs={"name": name}) or tree.find("meta", property=name)
    return str(found["content"]) if found else ""


def _canonical(tree: BeautifulSoup) -> str:
    links = tree.select("link[rel=canonical]")
    assert len(links) == 1
    return str(links[0]["href"])


def _data(tree: BeautifulSoup) -> dict[str, Any]:
    scripts = tree.select("script[type='application/ld+json']")
    return {each["@type"]: each for each in (json.loads(script.text) for script in scripts)}


# --- one address for each page ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "canonical", "is_listed"),
    [
        ("/", "/", True),
        ("/?utm_source=mail", "/", True),
        ("/products", "/products", True),
        ("/products?page=1", "/products", True),
        ("/products?page=2", "/products?page=2", True),
        ("/products?sort=price_asc", "/products", True),
        ("/products?sort=price_asc&page=2", "/products?page=2", True),
        ("/products?min_price=&max_price=", "/products", True),
        ("/products?vendor=Fell", "/products", False),
        ("/products?option.Size=S&in_stock=1&page=2", "/products", False),
        ("/products?min_price=5", "/products", False),
        ("/products?q=bowl", "/products", False),
        ("/categories/things", "/categories/things", True),
        ("/categories/things?page=2", "/categories/things?page=2", True),
        ("/search?q=bowl", "/search", False),
        ("/search", "/search", False),
        ("/products/bowl-01", "/products/bowl-01", True),
        ("/products/bowl-01?option.Size=M", "/products/bowl-01", True),
    ],
)
def test_every_page_names_its_one_address(
    shopper: Shopper, shelf: CatalogMaker, base: str, path: str, canonical: str, is_listed: bool
) -> None:
    tree = soup(shopper.get(path))
    assert _canonical(tree) == base + canonical
    assert _meta(tree, "robots") == ("" if is_listed else "noindex, follow")
    assert _meta(tree, "og:url") == base + canonical


@pytest.mark.parametrize("path", ["/cart", "/account/login", "/orders/lookup", "/recently-viewed", "/nowhere"])  # fmt: skip
def test_personal_pages_are_listed_nowhere(shopper: Shopper, path: str) -> None:
    tree = soup(shopper.get(path))
    assert _meta(tree, "robots") == "noindex"
    assert tree.select("link[rel=canonical]") == []


@pytest.mark.parametrize("page", ["999999", "99999999", "9" * 150, "3"])
@pytest.mark.parametrize("path", ["/products", "/categories/things", "/search"])
def test_a_page_that_is_not_there_is_a_404(
    shopper: Shopper, shelf: CatalogMaker, path: str, page: str
) -> None:
    assert shopper.get(f"{path}?page={page}").status_code == 404


def test_neighbours_of_a_page(shopper: Shopper, shelf: CatalogMaker, base: str) -> None:
    first, second = soup(shopper.get("/products")), soup(shopper.get("/products?page=2"))
    assert first.select_one("link[rel=prev]") is None
    assert str(first.select_one("link[rel=next]")["href"]) == f"{base}/products?page=2"
    assert str(second.select_one("link[rel=prev]")["href"]) == f"{base}/products"
    assert second.select_one("link[rel=next]") is None


def test_titles_and_descriptions_are_unique(shopper: Shopper, shelf: CatalogMaker) -> None:
    paths = ["/", "/products", "/products?page=2", "/categories/things", "/categories/things?page=2", "/products/bowl-01", "/products/bowl-02"]  # fmt: skip
    trees = [soup(shopper.get(path)) for path in paths]
    titles = [tree.title.text for tree in trees if tree.title]
    assert len(set(titles)) == len(paths)
    assert all(0 < len(_meta(tree, "description")) <= 160 for tree in trees)
    listings = trees[:5]
    assert len({_meta(tree, "description") for tree in listings}) == len(listings)


def test_htmx_shows_a_list_at_its_one_address(shopper: Shopper, shelf: CatalogMaker) -> None:
    path = "/products?vendor=Fell&min_price=&max_price=30&sort=&option.Size=S"
    answer = shopper.get(path, headers=HTMX)
    assert answer.headers["HX-Push-Url"] == "/products?max_price=30&option.Size=S&vendor=Fell"
    assert "HX-Push-Url" not in shopper.get(path).headers


# --- what machines read -------------------------------------------------------------------------


def test_a_product_page_carries_its_data(shopper: Shopper, shelf: CatalogMaker, base: str) -> None:
    tree = soup(shopper.get("/products/bowl-01"))
    product = _data(tree)["Product"]
    assert product["offers"]["lowPrice"] == product["offers"]["highPrice"] == "20.00"
    assert [each["sku"] for each in product["offers"]["offers"]] == ["B1S", "B1M", "B1L"]
    (picture,) = product["image"]
    assert picture.startswith(f"{base}/media/w900/bowl-")
    assert shopper.get(urlsplit(picture).path).status_code == 200
    assert [each["name"] for each in _data(tree)["BreadcrumbList"]["itemListElement"]] == [
        "Home",
        "Things",
        "Bowl 01",
    ]
    assert _meta(tree, "og:type") == "product"
    assert _meta(tree, "og:image") == picture
    assert (_meta(tree, "og:image:width"), _meta(tree, "og:image:height")) == ("900", "1125")
    assert _meta(tree, "product:price:amount") == "20.00"
    assert _meta(tree, "product:price:currency") == "USD"
    assert _meta(tree, "product:availability") == "in stock"
    assert _meta(tree, "twitter:card") == "summary_large_image"


def test_sold_out_is_told(shopper: Shopper, catalog: CatalogMaker) -> None:
    catalog.add(make_product("Gone", make_variant("G")), stock=0)
    tree = soup(shopper.get("/products/gone"))
    assert _data(tree)["Product"]["offers"]["availability"].endswith("/OutOfStock")
    assert _meta(tree, "product:availability") == "out of stock"


def test_the_data_is_that_of_the_market_and_of_nobody(app: Flask, catalog: CatalogMaker) -> None:
    catalog.add(make_product("Mug", make_variant("M", US=1000, IN=49900)))
    ann, ben, asha = Shopper(app), Shopper(app), Shopper(app)
    ann.add("M")
    asha.post("/market", {"market": "IN"})
    pages = [_data(soup(each.get("/products/mug"))) for each in (ann, ben, asha)]
    assert pages[0] == pages[1]
    offer = pages[2]["Product"]["offers"]
    assert (offer["price"], offer["priceCurrency"]) == ("499.00", "INR")


def test_listings_and_the_home_page_carry_theirs(
    shopper: Shopper, shelf: CatalogMaker, base: str
) -> None:
    listing = _data(soup(shopper.get("/categories/things?page=2")))
    assert [each["position"] for each in listing["ItemList"]["itemListElement"]] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert listing["BreadcrumbList"]["itemListElement"][1]["item"] == f"{base}/categories/things"
    home = _data(soup(shopper.get("/")))
    assert home["WebSite"]["potentialAction"]["@type"] == "SearchAction"
    assert shopper.get(urlsplit(home["Organization"]["logo"]).path).status_code == 200


def test_a_title_cannot_break_out_of_the_page(shopper: Shopper, catalog: CatalogMaker) -> None:
    title = "Mug\"></title></script><script>alert(1)</script>\u2028'"
    catalog.add(make_product(title, make_variant("X"), slug="evil", vendor="</script><b>"))
    for path in ("/products/evil", "/products", "/search?q=mug"):
        page = shopper.get(path)
        tree = soup(page)
        assert [each for each in tree.find_all("script") if "alert" in each.text and each.get("type") is None] == []  # fmt: skip
        assert "<script>alert" not in page.text
    assert _data(soup(shopper.get("/products/evil")))["Product"]["name"] == title


# --- robots and sitemaps ------------------------------------------------------------------------


def _allows(rules: str, path: str) -> bool:
    """RFC 9309: the longest matching rule decides, and allowing wins a draw."""
    verdicts = [(0, True)]
    for line in rules.splitlines():
        name, _, value = (part.strip() for part in line.partition(":"))
        if name in {"Allow", "Disallow"} and value:
            pattern = re.escape(value).replace(r"\*", ".*").replace(r"\$", "$")
            if re.match(pattern, path):
                verdicts.append((len(value), name == "Allow"))
    return max(verdicts)[1]


@pytest.mark.parametrize(
    ("path", "may_visit"),
    [
        ("/", True),
        ("/products", True),
        ("/products?page=7", True),
        ("/categories/things?page=2", True),
        ("/products/bowl-01", True),
        ("/products/bowl-01?option.Size=S", True),
        ("/static/css/mossx.0123456789.css", True),
        ("/media/w640/bowl.webp", True),
        ("/sitemap.xml", True),
        ("/sitemaps/products-1.xml", True),
        ("/products?option.Size=S", False),
        ("/products?vendor=Fell&page=2", False),
        ("/categories/things?sort=price_asc", False),
        ("/collections/slow?min_price=5", False),
        ("/search", False),
        ("/search?q=mug", False),
        ("/search/suggest?q=m", False),
        ("/cart", False),
        ("/cart/items", False),
        ("/checkout", False),
        ("/account/login", False),
        ("/orders/X1", False),
        ("/payments/1/razorpay", False),
        ("/admin", False),
    ],
)
def test_crawlers_see_the_range_and_nothing_else(
    shopper: Shopper, base: str, path: str, may_visit: bool
) -> None:
    robots = shopper.get("/robots.txt")
    assert robots.mimetype == "text/plain"
    assert f"Sitemap: {base}/sitemap.xml" in robots.text
    assert _allows(robots.text, path) is may_visit


def _locations(shopper: Shopper, path: str) -> list[str]:
    answer = shopper.get(path)
    assert (answer.status_code, answer.mimetype) == (200, "application/xml")
    return [str(each.text) for each in ElementTree.fromstring(answer.text).iter(f"{_SITEMAP}loc")]


def test_a_small_shop_is_one_list(
    shopper: Shopper, shelf: CatalogMaker, catalog: CatalogMaker, base: str
) -> None:
    changed = datetime(2026, 3, 1, 12, tzinfo=UTC)
    catalog.add(
        make_product("Old", make_variant("O"), updated_at=changed),
        make_product("Draft", make_variant("D"), status=ProductStatus.DRAFT),
        make_product("Ünïcode & Co", make_variant("U"), slug="ünïcode-&-co"),
    )
    found = _locations(shopper, "/sitemap.xml")
    assert len(found) == len(set(found)) == 3 + 32
    assert f"{base}/products/%C3%BCn%C3%AFcode-%26-co" in found
    assert f"{base}/products/draft" not in found
    for url in found:
        assert shopper.get(url.removeprefix(base)).status_code == 200
    assert f"<loc>{base}/products/old</loc><lastmod>2026-03-01T12:00:00+00:00</lastmod>" in shopper.get("/sitemap.xml").text  # fmt: skip


def test_a_large_shop_is_an_index_of_parts(
    app: Flask, shopper: Shopper, shelf: CatalogMaker, base: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = _locations(shopper, "/sitemap.xml")
    monkeypatch.setattr(sitemap, "MOST_URLS", 12)
    service(Cache, app).client.flushdb()  # the list may be some minutes old
    index = shopper.get("/sitemap.xml")
    assert ElementTree.fromstring(index.text).tag == f"{_SITEMAP}sitemapindex"
    parts = _locations(shopper, "/sitemap.xml")
    assert parts == [
        f"{base}/sitemaps/{name}.xml" for name in ("pages-1", "products-1", "products-2", "products-3")
    ]  # fmt: skip
    lists = [_locations(shopper, part.removeprefix(base)) for part in parts]
    assert [len(each) for each in lists] == [3, 12, 12, 6]
    assert sorted(url for each in lists for url in each) == sorted(whole)
    for missing in ("products-0", "products-4", "products-x", "pages-2"):
        assert shopper.get(f"/sitemaps/{missing}.xml").status_code == 404


def test_an_empty_shop_has_a_sitemap(shopper: Shopper, base: str) -> None:
    assert _locations(shopper, "/sitemap.xml") == [f"{base}/", f"{base}/products"]


# --- weight and shape ---------------------------------------------------------------------------


def _packed(data: bytes) -> int:
    return len(gzip.compress(data, 6))


@pytest.mark.parametrize("path", ["/", "/products", "/categories/things", "/products/bowl-01", "/search?q=bowl", "/cart"])  # fmt: skip
def test_pages_are_light(shopper: Shopper, shelf: CatalogMaker, path: str) -> None:
    page = shopper.get(path)
    assert _packed(page.data) <= 14 * 1024
    scripts = [str(each["src"]) for each in soup(page).select("script[src]")]
    assert [Path(each).name for each in scripts] == ["htmx-2.0.11.min.js"]
    for each in soup(page).select("script:not([src])"):
        assert each["type"] == "application/ld+json"
    (sheet,) = (str(each["href"]) for each in soup(page).select("link[rel=stylesheet]"))
    assert _packed(shopper.get(sheet).data) <= 15 * 1024


def test_pictures_leave_their_place_free_and_come_in_steps(
    shopper: Shopper, shelf: CatalogMaker
) -> None:
    pictures = soup(shopper.get("/products")).select("#main img")
    assert len(pictures) == 24
    for each in pictures:
        assert (each["width"], each["height"]) == ("900", "1125")
        assert each["alt"] == "A bowl"
        assert each["sizes"]
        assert each.get("style") is None
        assert re.fullmatch(r"#[0-9a-f]{6}", str(each["data-tone"]))
        offered = [entry.split() for entry in str(each["srcset"]).split(", ")]
        assert [width for _, width in offered] == ["320w", "480w", "640w", "900w"]
    for url, width in offered:
        answer = shopper.get(url)
        assert answer.status_code == 200
        assert answer.mimetype == "image/webp"
        assert int(width[:-1]) <= 900
    assert sum(each.get("loading") == "lazy" for each in pictures) == 20
