"""The owner's own pages: read by everybody, in their language, and found where they are needed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask

from app.pages.demo import make_demo_pages
from app.pages.formatting import format_body
from app.pages.models import ContentPage
from app.pages.service import ContentPages
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox
from tests.support.shopper import HTMX, Shopper, soup

TERMS = ContentPage(
    slug="terms",
    titles={"en": "Terms", "de": "AGB"},
    bodies={"en": "## Orders\n\nYou pay *once*.", "de": "Sie zahlen einmal."},
    at_checkout=True,
    position=20,
)
ABOUT = ContentPage(slug="about", titles={"en": "Who we are"}, bodies={"en": "Two people."})


@pytest.fixture
def pages(app: Flask) -> ContentPages:
    found = service(ContentPages, app)
    found.add(TERMS)
    found.add(ABOUT)
    return found


def test_a_page_is_read_as_it_was_written(pages: ContentPages, shopper: Shopper) -> None:
    answer = shopper.get("/pages/terms")
    read = soup(answer)
    assert answer.status_code == 200
    assert read.title.text == "Terms · MossX"
    assert [each.text for each in read.select("main :is(h1, h2)")] == ["Terms", "Orders"]
    assert read.select_one("main em").text == "once"
    assert read.select_one('meta[name="description"]')["content"] == "Orders You pay once."
    assert read.select_one('link[rel="canonical"]')["href"].endswith("/pages/terms")
    assert not read.select('meta[name="robots"]')
    fragment = shopper.get("/pages/terms", headers=HTMX).text
    assert "<h1>Terms</h1>" in fragment
    assert "<html" not in fragment


def test_readers_see_their_language_or_the_english(pages: ContentPages, shopper: Shopper) -> None:
    shopper.post("/market", {"market": "DE", "language": "auto"})
    assert soup(shopper.get("/pages/terms")).h1.text == "AGB"
    about = soup(shopper.get("/pages/about"))
    assert about.h1.text == "Who we are"
    assert about.select_one(".prose")["lang"] == "en"


def test_pages_are_linked_in_their_order(pages: ContentPages, shopper: Shopper) -> None:
    links = soup(shopper.get("/")).select('footer a[href^="/pages/"]')
    assert [each.text for each in links] == ["Who we are", "Terms"]
    pages.change(replace(pages.read("about"), in_footer=False))
    links = soup(shopper.get("/")).select('footer a[href^="/pages/"]')
    assert [each.text for each in links] == ["Terms"]


def test_terms_are_read_before_paying_and_kept_in_the_mail(
    pages: ContentPages,
    catalog: CatalogMaker,
    shopper: Shopper,
    sandbox: Sandbox,
    mailbox: Mailbox,
) -> None:
    catalog.mug()
    shopper.add("MUG")
    links = soup(shopper.get("/checkout")).select('.summary a[href^="/pages/"]')
    assert [(each["href"], each["target"]) for each in links] == [("/pages/terms", "_blank")]
    shopper.pay(sandbox)
    (mail,) = mailbox.read("ann@example.com")
    for kind in ("plain", "html"):
        text = mail.get_body((kind,)).get_content()
        assert "/pages/terms" in text
        assert "/pages/about" not in text


def test_search_engines_are_told(pages: ContentPages, shopper: Shopper) -> None:
    assert "/pages/terms</loc>" in shopper.get("/sitemap.xml").text


@pytest.mark.parametrize("slug", ["nothing", "new", "Terms", "terms%00", "../terms"])
def test_there_is_no_other_page(pages: ContentPages, shopper: Shopper, slug: str) -> None:
    assert shopper.get(f"/pages/{slug}").status_code == 404


def test_what_is_taken_down_is_gone(pages: ContentPages, shopper: Shopper) -> None:
    assert shopper.get("/pages/terms").status_code == 200
    version = pages.read("terms").version
    pages.remove("terms", version)
    pages.remove("terms", version)
    assert shopper.get("/pages/terms").status_code == 404
    pages.add(replace(TERMS, titles={"en": "New terms"}))
    assert soup(shopper.get("/pages/terms")).h1.text == "New terms"


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("<script>alert(1)</script>Hello", "Hello"),
        ("# Big", "<h2>Big</h2>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ('<a href="javascript:alert(1)" onclick="x()">x</a>', '<p><a rel="noopener nofollow">x</a></p>'),
        ("[cart](/cart)", '<p><a href="/cart" rel="noopener nofollow">cart</a></p>'),
        ("- one\n- two", "<ul>\n<li>one</li>\n<li>two</li>\n</ul>"),
    ],
)  # fmt: skip
def test_what_is_written_cannot_harm_who_reads(written: str, made: str) -> None:
    assert str(format_body(written)) == made


def test_the_demo_store_has_pages_until_its_owner_has_others(app: Flask) -> None:
    pages = service(ContentPages, app)
    assert make_demo_pages(pages) == 4
    changed = pages.change(replace(pages.read("terms"), titles={"en": "Mine"}))
    pages.remove("about", 1)
    assert make_demo_pages(pages) == 0
    assert pages.read("terms") == changed
    assert [each.slug for each in pages.every()] == ["shipping-and-returns", "privacy", "terms"]
