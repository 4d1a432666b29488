"""The page cache: one page for everybody but for the form token, and nothing a client sends
changes another's."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.web import csrf
from app.web.page_cache import PageCache
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.following import following
from tests.support.member import Member

_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')


@pytest.fixture
def pages(app: Flask, catalog: CatalogMaker) -> Iterator[PageCache]:
    """The cache of a server, which follows what changes."""
    catalog.add(make_product("Lamp", make_variant("LAMP")), stock=50)
    catalog.add(make_product("Bowl", make_variant("BOWL")), stock=50)
    with following(app) as pages:
        yield pages


@pytest.fixture
def client(app: Flask, pages: PageCache) -> FlaskClient:
    return app.test_client(use_cookies=False)


def _made(pages: PageCache) -> int:
    return pages.counts.misses


def _blanked(answer: TestResponse) -> str:
    """The page without what is the visitor's own in it."""
    return _TOKEN.sub("token", answer.text)


def _token(answer: TestResponse) -> str:
    found = set(_TOKEN.findall(answer.text))
    assert len(found) == 1
    return str(found.pop())


def test_a_page_is_made_once_and_is_the_same_for_everybody_but_for_the_token(
    client: FlaskClient, pages: PageCache
) -> None:
    first = client.get("/products/lamp")
    second = client.get("/products/lamp", headers={"Cookie": "mossx_visitor=forged; other=1"})

    assert _made(pages) == 1
    assert _blanked(first) == _blanked(second)
    assert _token(first) != _token(second)
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Cookie", "Accept-Encoding", "HX-Request"} <= set(first.headers["Vary"].split(", "))


def test_a_browser_is_given_a_name_once(app: Flask, pages: PageCache) -> None:
    browser = app.test_client()
    first = browser.get("/products/lamp")
    second = browser.get("/products")

    assert "HttpOnly" in first.headers["Set-Cookie"]
    assert "SameSite=Lax" in first.headers["Set-Cookie"]
    assert "Set-Cookie" not in second.headers
    assert _token(first) == _token(second) == _token(browser.get("/cart"))


@pytest.mark.parametrize("path", ["/", "/products", "/search?q=lamp", "/products/lamp"])
def test_a_known_page_is_not_sent_again(client: FlaskClient, path: str) -> None:
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": f'"other", {etag}'})

    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == etag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_visitor_holds_their_own_page_and_no_other(app: Flask, pages: PageCache) -> None:
    one, other = app.test_client(), app.test_client()
    etag = one.get("/products/lamp").headers["ETag"]
    others = other.get("/products/lamp").headers["ETag"]

    assert one.get("/products/lamp", headers={"If-None-Match": etag}).status_code == 304
    assert other.get("/products/lamp", headers={"If-None-Match": etag}).status_code == 200
    assert etag.split(".")[0] == others.split(".")[0]
    assert etag != others


def test_bodies_are_sent_packed_to_those_who_take_them(app: Flask, pages: PageCache) -> None:
    browser = app.test_client()
    plain = browser.get("/products")
    for wish in ("gzip;q=0.5, br;q=0", "gzip, deflate, br, zstd", "br;q=1, gzip;q=0.8, *;q=0.1"):
        packed = browser.get("/products", headers={"Accept-Encoding": wish})
        assert packed.headers["Content-Encoding"] == "gzip", wish
        assert gzip.decompress(packed.data) == plain.data
        assert len(packed.data) < len(plain.data) / 3
        assert packed.headers["Content-Length"] == str(len(packed.data))
    for wish in ("gzip;q=0", "br", "identity", "gzip;q=0.2, identity;q=0.9"):
        refused = browser.get("/products", headers={"Accept-Encoding": wish})
        assert "Content-Encoding" not in refused.headers, wish
        assert refused.data == plain.data


def test_a_head_has_the_headers_alone(client: FlaskClient) -> None:
    whole = client.get("/products")
    head = client.head("/products")

    assert head.data == b""
    assert head.headers["Content-Length"] == whole.headers["Content-Length"]


def test_what_a_page_does_not_depend_on_makes_no_other_page(
    client: FlaskClient, pages: PageCache
) -> None:
    client.get("/products?vendor=Halden&sort=price_asc")
    for query in (
        "sort=price_asc&vendor=Halden",
        "sort=price_asc&vendor=Halden&utm_source=mail&fbclid=x",
        "sort=price_asc&vendor=Halden&page=1&in_stock=&q=",
    ):
        client.get(f"/products?{query}")

    assert _made(pages) == 1


def test_market_cart_and_fragment_make_pages_of_their_own(
    client: FlaskClient, pages: PageCache
) -> None:
    whole = client.get("/products")
    indian = client.get("/products", headers={"Cookie": "mossx_market=IN"})
    with_cart = client.get("/products", headers={"Cookie": "mossx_cart=whatever"})
    fragment = client.get("/products", headers={"HX-Request": "true"})
    boosted = client.get("/products", headers={"HX-Request": "true", "HX-Boosted": "true"})

    assert _made(pages) == 4
    assert "₹" in indian.text
    assert "₹" not in whole.text
    assert 'hx-trigger="load' in with_cart.text
    assert 'hx-trigger="load' not in whole.text
    assert "<html" not in fragment.text
    assert _blanked(boosted) == _blanked(whole)


_ATTEMPTS = [
    {"Host": "evil.example"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "evil", "X-Forwarded-For": "evil"},
    {"X-Original-URL": "/evil", "X-Rewrite-URL": "/evil", "X-HTTP-Method-Override": "POST"},
    {"Referer": "https://evil.example/", "Origin": "https://evil.example"},
    {"Cookie": "mossx_market=evil; mossx_visitor=evil; session=evil"},
    {"Cookie": 'mossx_market="><script>evil</script>'},
    {"HX-Target": "evil", "HX-Current-URL": "https://evil.example", "HX-Prompt": "evil"},
    {"HX-Request": "evil"},
    {"Accept-Encoding": "evil, gzip;q=evil", "Accept-Language": "evil", "Accept": "evil/evil"},
    {"Accept-Encoding": "identity;q=0, *;q=0"},
    {"If-None-Match": 'W/"evil"', "If-Modified-Since": "evil", "Range": "bytes=0-3"},
    {"X-Request-Id": "evilevil", "Content-Length": "0", "Transfer-Encoding": "evil"},
    {"X-CSRF-Token": "evil", "Authorization": "Bearer evil"},
]


@pytest.mark.parametrize("attempt", _ATTEMPTS, ids="+".join)
@pytest.mark.parametrize("path", ["/", "/products", "/products/lamp", "/search?q=lamp"])
def test_nothing_a_client_sends_changes_what_another_gets(
    app: Flask, client: FlaskClient, pages: PageCache, path: str, attempt: dict[str, str]
) -> None:
    honest = client.get(path)
    pages.store.clear()
    glue = "&" if "?" in path else "?"
    client.get(f"{path}{glue}evil=evil&utm_content=evil", headers=attempt)
    client.get(path, headers=attempt)
    after = client.get(path)

    assert after.status_code == 200
    assert _blanked(after) == _blanked(honest)
    assert "evil" not in str(after.headers)


def test_a_missing_page_is_not_kept_and_its_form_works(app: Flask, pages: PageCache) -> None:
    browser = app.test_client()
    for host in ("evil.example", "localhost"):
        answer = browser.get("/products/none", headers={"Host": host})
        assert answer.status_code == 404
        assert "evil" not in answer.text
    form = {"csrf_token": _token(answer), "market": "IN"}

    assert len(pages.store) == 0
    assert browser.post("/market", data=form).status_code == 303


def test_who_is_signed_in_is_served_past_the_cache(pages: PageCache, member: Member) -> None:
    answer = member.get("/products/lamp")

    assert answer.status_code == 200
    assert _made(pages) == 0
    assert "private" in answer.headers["Cache-Control"]


# --- forms on kept pages --------------------------------------------------------------------------


def test_a_form_of_a_kept_page_works_for_a_guest(app: Flask, pages: PageCache) -> None:
    app.test_client().get("/products/lamp")
    browser = app.test_client()
    form = {"csrf_token": _token(browser.get("/products/lamp")), "sku": "LAMP", "quantity": "2"}

    assert _made(pages) == 1
    assert browser.post("/cart/items", data=form).status_code == 303
    assert "Lamp" in browser.get("/cart").text


def test_a_form_opened_before_logging_in_still_works(member: Member, pages: PageCache) -> None:
    member.log_out()
    form = {"csrf_token": _token(member.get("/products/lamp")), "sku": "LAMP", "quantity": "2"}
    assert member.log_in().status_code == 303

    assert member.client.post("/cart/items", data=form).status_code == 303
    assert "Lamp" in member.get("/cart").text


@pytest.mark.parametrize("path", ["/cart/items", "/market"])
def test_another_visitors_token_changes_nothing(app: Flask, pages: PageCache, path: str) -> None:
    one, other, newcomer = app.test_client(), app.test_client(), app.test_client()
    other.get("/products/lamp")
    foreign = _token(one.get("/products/lamp"))
    form = {"csrf_token": foreign, "sku": "LAMP", "quantity": "2", "market": "IN"}

    for who in (other, newcomer):
        answer = who.post(path, data=form)
        assert answer.status_code == 403
        assert "mossx_market" not in str(answer.headers)
        assert "Lamp" not in who.get("/cart").text


def test_what_stands_for_the_token_is_never_sent(
    app: Flask, client: FlaskClient, pages: PageCache, member: Member
) -> None:
    with app.app_context():
        blank = csrf.blank()
    for path in ("/", "/products", "/products/lamp", "/products/none", "/search?q=lamp"):
        for headers in ({}, {"HX-Request": "true"}, {"Cookie": "mossx_cart=whatever"}):
            assert blank not in client.get(path, headers=headers).text
            assert blank not in member.get(path).text


def test_who_is_signed_in_has_the_token_in_pieces_kept_for_all(
    app: Flask, pages: PageCache, member: Member
) -> None:
    app.test_client().get("/products/lamp")
    form = {"csrf_token": _token(member.get("/products/lamp")), "sku": "LAMP", "quantity": "1"}

    assert member.client.post("/cart/items", data=form).status_code == 303


# --- many at once ---------------------------------------------------------------------------------


def test_one_thread_makes_a_page_while_the_others_wait(app: Flask, pages: PageCache) -> None:
    answers: list[str] = []

    def ask() -> None:
        answers.append(_blanked(app.test_client(use_cookies=False).get("/products/lamp")))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert _made(pages) == 1
    assert len(set(answers)) == 1
    assert len(answers) == 40
