"""At an https address, cookies that another site, a subdomain or a proxy could have planted count
for nothing."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.security.conftest import HTTPS
from tests.support.member import Member, make_proven
from tests.support.shopper import Shopper

_SECURE = {"__Secure-mossx_refresh", "__Secure-mossx_known", "__Secure-mossx_half_way"}
_HOST = {"__Host-mossx_access", "__Host-mossx_visitor"}


class HttpsMember(Member):
    """Ann, whose browser speaks https."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app)
        self.client.environ_base["wsgi.url_scheme"] = "https"
        self.client.environ_base["HTTP_HOST"] = "shop.example"


def cookies_of(answer: TestResponse) -> SimpleCookie:
    """What an answer sets."""
    found = SimpleCookie()
    for each in answer.headers.getlist("Set-Cookie"):
        found.load(each)
    return found


@pytest.fixture
def ann(https: Flask) -> HttpsMember:
    make_proven(https, "ann@example.com")
    return HttpsMember(https)


def test_every_cookie_is_bound_to_this_host(ann: HttpsMember) -> None:
    login = cookies_of(ann.log_in())
    assert set(login) == _SECURE | _HOST
    for name, cookie in login.items():
        assert cookie["secure"], name
        assert cookie["httponly"] or cookie["max-age"] == "0", name
        assert not cookie["domain"], name
        assert cookie["path"] == "/" if name in _HOST else cookie["path"] != "/", name


def test_a_session_lives_and_ends_under_these_names(ann: HttpsMember) -> None:
    ann.log_in()
    assert ann.is_in()
    renewed = cookies_of(ann.get("/account/refresh?next=/account"))
    assert "__Secure-mossx_refresh" in renewed
    gone = cookies_of(ann.log_out())
    for name in ("__Host-mossx_access", "__Secure-mossx_refresh"):
        assert gone[name]["max-age"] == "0" or gone[name]["expires"], name
        assert gone[name]["secure"], name
    assert not ann.is_in()


@pytest.mark.parametrize("name", ["mossx_access", "__Secure-mossx_access", "__host-mossx_access"])
def test_a_planted_session_is_none(ann: HttpsMember, https: Flask, name: str) -> None:
    token = cookies_of(ann.log_in())["__Host-mossx_access"].value
    bare = https.test_client(use_cookies=False)  # sends the header as it is given

    def status(cookies: str) -> int:
        headers = {"Cookie": cookies}
        return bare.get("/account", base_url=HTTPS["BASE_URL"], headers=headers).status_code

    assert status(f"{name}={token}") == 303
    assert status(f"a=b; __Host-mossx_access={token}; c=d") == 200


def test_a_planted_name_of_a_visitor_gives_no_form_token(https: Flask) -> None:
    bare = https.test_client(use_cookies=False)
    path, base = "/orders/lookup", HTTPS["BASE_URL"]
    planted = cookies_of(bare.get(path, base_url=base))["__Host-mossx_visitor"].value

    def names_given(cookie: str) -> SimpleCookie:
        return cookies_of(bare.get(path, base_url=base, headers={"Cookie": cookie}))

    assert names_given(f"mossx_visitor={planted}")["__Host-mossx_visitor"].value != planted
    assert "__Host-mossx_visitor" not in names_given(f"__Host-mossx_visitor={planted}")


def test_without_https_names_stay_plain(app: Flask) -> None:
    assert "mossx_visitor" in cookies_of(Shopper(app).get("/orders/lookup"))
