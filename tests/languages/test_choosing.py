"""Choosing a language, and never being shown another's."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.web.page_cache import PageCache
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.following import following
from tests.support.shopper import HTMX, Shopper, soup

_TOKEN = re.compile(r'name="csrf_token" value="[0-9a-f]{64}"')
ADD = {"en": "Add to cart", "de": "In den Warenkorb", "hi": "कार्ट में डालें"}


def spoken(answer: TestResponse) -> str:
    """The language that a page says it is in."""
    html = soup(answer).html
    assert html is not None
    return str(html["lang"])


def chosen(shopper: Shopper) -> str:
    """What the select of the footer shows."""
    option = soup(shopper.get("/orders/lookup")).select_one("#language option[selected]")
    assert option is not None
    return str(option["value"])


@pytest.mark.parametrize(
    ("form", "language"),
    [
        ({"market": "DE"}, "en"),
        ({"market": "DE", "language": "auto"}, "de"),
        ({"market": "IN", "language": "auto"}, "en"),
        ({"market": "US", "language": "auto"}, "en"),
        ({"market": "IN", "language": "hi"}, "hi"),
        ({"market": "US", "language": "de"}, "de"),
        ({"market": "DE", "language": "en"}, "en"),
    ],
)
def test_a_market_and_a_language_are_chosen_together(
    shopper: Shopper, form: dict[str, str], language: str
) -> None:
    assert shopper.post("/market", form).status_code == 303
    assert spoken(shopper.get("/")) == language


def test_a_client_that_names_no_language_keeps_its_own(shopper: Shopper) -> None:
    shopper.post("/market", {"market": "IN", "language": "hi"})
    shopper.post("/market", {"market": "DE"})
    assert spoken(shopper.get("/")) == "hi"
    assert chosen(shopper) == "hi"


def test_english_is_chosen_back(shopper: Shopper) -> None:
    shopper.post("/market", {"market": "DE", "language": "auto"})
    assert chosen(shopper) == "auto"
    shopper.post("/market", {"market": "DE", "language": "en"})
    assert spoken(shopper.get("/")) == "en"
    assert chosen(shopper) == "en"


@pytest.mark.parametrize("language", ["", "fr", "DE", "auto ", "../de"])
def test_an_unknown_language_is_refused_and_nothing_changes(
    shopper: Shopper, language: str
) -> None:
    shopper.post("/market", {"market": "IN", "language": "hi"})
    answer = shopper.post("/market", {"market": "DE", "language": language})
    assert answer.status_code == 422
    assert spoken(answer) == "hi"
    assert soup(shopper.get("/")).select_one("#market option[selected][value=IN]")


@pytest.mark.parametrize("cookie", ["fr", "", "DE", "x" * 500, "en"])
def test_a_cookie_that_names_no_language_is_english(shopper: Shopper, cookie: str) -> None:
    shopper.client.set_cookie("mossx_language", cookie)
    assert spoken(shopper.get("/orders/lookup")) == "en"


def test_the_control_names_each_language_by_its_own_name(shopper: Shopper) -> None:
    options = soup(shopper.get("/")).select("#language option")
    assert [(each["value"], each.text) for each in options] == [
        ("auto", "Language of the country"),
        ("en", "English"),
        ("de", "Deutsch"),
        ("hi", "हिन्दी"),
    ]


@pytest.mark.parametrize(
    ("market", "language", "price"),
    [
        ("US", "en", "$20.00"),
        ("US", "de", "20,00\xa0$"),
        ("DE", "en", "20,00\xa0€"),
        ("DE", "de", "20,00\xa0€"),
        ("IN", "en", "₹20.00"),
        ("IN", "hi", "₹20.00"),
    ],
)
def test_amounts_are_written_as_the_reader_of_that_country_does(
    shopper: Shopper, catalog: CatalogMaker, market: str, language: str, price: str
) -> None:
    catalog.mug()
    shopper.post("/market", {"market": market, "language": language})
    shown = soup(shopper.get("/products/dune-mug")).select_one(".product-price")
    assert shown is not None
    assert price in shown.text


# --- pages that are kept ----------------------------------------------------------------------


@pytest.fixture
def pages(app: Flask, catalog: CatalogMaker) -> Iterator[PageCache]:
    """The cache of a server that follows what changes."""
    catalog.mug()
    with following(app) as pages:
        yield pages


@pytest.fixture
def client(app: Flask, pages: PageCache) -> FlaskClient:
    return app.test_client(use_cookies=False)


def cookies(language: str, market: str = "") -> dict[str, str]:
    """Headers of a browser that chose these."""
    named = {"mossx_market": market, "mossx_language": language}
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in named.items() if value)}


def test_no_visitor_is_shown_the_page_of_another_language(
    client: FlaskClient, pages: PageCache
) -> None:
    for _ in range(3):
        for language, words in ADD.items():
            for fragment in ({}, HTMX):
                answer = client.get("/products/dune-mug", headers={**cookies(language), **fragment})
                others = [each for each in ADD.values() if each != words]
                assert words in answer.text
                assert not any(each in answer.text for each in others)
    assert pages.counts.misses == len(ADD) * 2


def test_cards_in_redis_know_their_language(client: FlaskClient, catalog: CatalogMaker) -> None:
    colours = [make_variant(f"LAMP-{each}", {"Colour": each}) for each in ("Sand", "Moss")]
    catalog.add(make_product("Lamp", *colours))
    words = {"de": "2 Varianten", "en": "2 choices", "hi": "2 विकल्प"}
    for language in ("de", "en", "hi", "de"):
        cards = soup(client.get("/products?q=lamp", headers=cookies(language))).select(".card")
        assert any(words[language] in card.text for card in cards)
        others = [each for other, each in words.items() if other != language]
        assert not any(each in card.text for card in cards for each in others)


@pytest.mark.parametrize("cookie", ["fr", "de%0d%0a", "xx", "DE", "en", "de_DE"])
def test_unknown_languages_make_no_pages_of_their_own(
    client: FlaskClient, pages: PageCache, cookie: str
) -> None:
    plain = client.get("/products/dune-mug")
    other = client.get("/products/dune-mug", headers=cookies(cookie))
    assert pages.counts.misses == 1
    assert _TOKEN.sub("", plain.text) == _TOKEN.sub("", other.text)


def test_a_page_made_beforehand_is_the_one_its_reader_gets(
    client: FlaskClient, pages: PageCache
) -> None:
    pages.warm(("/products/dune-mug", ""), "DE", "de")
    answer = client.get("/products/dune-mug", headers=cookies("de", "DE"))
    assert pages.counts.misses == 1
    assert ADD["de"] in answer.text
    assert "€" in answer.text


def test_the_language_of_one_request_is_not_that_of_the_next_in_its_thread(
    client: FlaskClient,
) -> None:
    client.get("/orders/lookup", headers=cookies("de"))
    assert spoken(client.get("/orders/lookup")) == "en"
    assert spoken(client.get("/nowhere")) == "en"
