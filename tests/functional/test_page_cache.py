"""The page cache: the same page for everybody, and nothing a client sends changes another's."""

from __future__ import annotations

import gzip
import re
import threading
import time
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.catalog.service import CatalogService
from app.web.page_cache import PageCache
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.member import Member
from tests.support.shopper import Shopper

_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')


@pytest.fixture
def pages(app: Flask, catalog: CatalogMaker) -> Iterator[PageCache]:
    """The cache of a server, which follows what changes."""
    catalog.add(make_product("Lamp", make_variant("LAMP")), stock=50)
    catalog.add(make_product("Bowl", make_variant("BOWL")), stock=50)
    follower = service(CatalogService, app).follower
    follower.start()
    end = time.monotonic() + 10
    while not follower.is_following:
        assert time.monotonic() < end
        time.sleep(0.01)
    yield service(PageCache, app)
    follower.close()


@pytest.fixture
def client(app: Flask, pages: PageCache) -> FlaskClient:
    return app.test_client(use_cookies=False)


def _made(pages: PageCache) -> int:
    return pages.counts.misses


def test_a_page_is_made_once_and_is_the_same_for_everybody(
    client: FlaskClient, pages: PageCache
) -> None:
    first = client.get("/products/lamp")
    second = client.get("/products/lamp", headers={"Cookie": "mossx_visitor=forged; other=1"})

    assert _made(pages) == 1
    assert first.data == second.data
    assert "Set-Cookie" not in first.headers
    assert first.headers["Cache-Control"] == "no-cache"
    assert {"Cookie", "Accept-Encoding", "HX-Request"} <= set(first.headers["Vary"].split(", "))


@pytest.mark.parametrize("path", ["/", "/products", "/search?q=lamp", "/products/lamp"])
def test_a_known_page_is_not_sent_again(client: FlaskClient, path: str) -> None:
    etag = client.get(path).headers["ETag"]
    again = client.get(path, headers={"If-None-Match": f'"other", {etag}'})

    assert again.status_code == 304
    assert again.data == b""
    assert again.headers["ETag"] == etag
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_bodies_are_sent_packed_to_those_who_take_them(client: FlaskClient) -> None:
    plain = client.get("/products")
    packed = client.get("/products", headers={"Accept-Encoding": "gzip;q=0.5, br;q=0"})
    refused = client.get("/products", headers={"Accept-Encoding": "gzip;q=0"})
    best = client.get("/products", headers={"Accept-Encoding": "gzip, deflate, br, zstd"})

    assert gzip.decompress(packed.data) == plain.data == refused.data
    assert "Content-Encoding" not in refused.headers
    assert best.headers["Content-Encoding"] == "br"
    assert len(best.data) < len(packed.data) < len(plain.data) / 3


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
    assert "/cart/badge" in with_cart.text
    assert "/cart/badge" not in whole.text
    assert "<html" not in fragment.text
    assert boosted.data == whole.data


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
    assert after.data == honest.data
    assert "evil" not in str(after.headers)


def test_a_missing_page_is_not_kept_and_names_nobody(client: FlaskClient, pages: PageCache) -> None:
    for _ in range(2):
        answer = client.get("/products/none", headers={"Host": "evil.example"})
        assert answer.status_code == 404
        assert "Set-Cookie" not in answer.headers
        assert "evil" not in answer.text
    assert len(pages.store) == 0


def test_who_is_signed_in_is_served_past_the_cache(pages: PageCache, member: Member) -> None:
    answer = member.get("/products/lamp")

    assert answer.status_code == 200
    assert _made(pages) == 0
    assert "private" in answer.headers["Cache-Control"]


# --- forms on shared pages ------------------------------------------------------------------------


def _token(answer: TestResponse) -> str:
    found = _TOKEN.search(answer.text)
    assert found
    return found[1]


def test_a_shared_form_works_for_a_guest_and_for_who_logged_in_meanwhile(
    shopper: Shopper, member: Member, client: FlaskClient
) -> None:
    token = _token(client.get("/products/lamp"))
    form = {"csrf_token": token, "sku": "LAMP", "quantity": "2"}

    for who in (shopper, member):
        assert who.client.post("/cart/items", data=form).status_code == 303
        assert "Lamp" in who.get("/cart").text


def test_a_shared_token_opens_nothing_else(shopper: Shopper, client: FlaskClient) -> None:
    token = _token(client.get("/products/lamp"))
    form = {"csrf_token": token, "email": "a@example.com", "password": "long enough for this"}

    for path in ("/account/login", "/account/register", "/checkout", "/cart/coupons"):
        assert shopper.client.post(path, data=form).status_code in {403, 404}, path


def test_a_shared_token_is_no_use_from_another_site(shopper: Shopper, client: FlaskClient) -> None:
    token = _token(client.get("/products/lamp"))
    form = {"csrf_token": token, "sku": "LAMP", "quantity": "2"}

    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        assert shopper.client.post("/cart/items", data=form, headers=headers).status_code == 403
    assert "Lamp" not in shopper.get("/cart").text


def test_a_shared_token_ends_after_weeks(
    client: FlaskClient, shopper: Shopper, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"csrf_token": _token(client.get("/products/lamp")), "sku": "LAMP", "quantity": "1"}
    window = 7 * 24 * 3600
    clock = time.time
    monkeypatch.setattr("app.web.csrf.time.time", lambda: clock() + 2 * window)
    assert shopper.client.post("/cart/items", data=form).status_code == 303
    monkeypatch.setattr("app.web.csrf.time.time", lambda: clock() + 3 * window)
    assert shopper.client.post("/cart/items", data=form).status_code == 403
    assert _token(client.get("/products/lamp")) != form["csrf_token"]


# --- many at once ---------------------------------------------------------------------------------


def test_one_thread_makes_a_page_while_the_others_wait(app: Flask, pages: PageCache) -> None:
    answers: list[bytes] = []

    def ask() -> None:
        answers.append(app.test_client(use_cookies=False).get("/products/lamp").data)

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert _made(pages) == 1
    assert len(set(answers)) == 1
    assert len(answers) == 40
