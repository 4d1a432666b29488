"""One guest's cart, and many logins that bring it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.db.database import Database
from tests.support.catalog import CatalogMaker
from tests.support.member import PASSWORD, Member, make_proven

_COOKIES = ("mossx_cart", "mossx_visitor")


@pytest.mark.timeout(240)
def test_two_hundred_logins_with_one_guest_s_cart_merge_it_once(
    app: Flask, catalog: CatalogMaker, database: Database
) -> None:
    catalog.mug(stock=90)
    make_proven(app, "ann@example.com")
    guest = Member(app)
    guest.add("MUG", 2)
    entries = {"csrf_token": guest.token(), "email": guest.email, "password": PASSWORD}
    held = [guest.client.get_cookie(name) for name in _COOKIES]

    def log_in(_: int) -> int:
        client = app.test_client()
        for cookie in held:
            assert cookie is not None
            client.set_cookie(cookie.key, cookie.value)
        return client.post("/account/login", data=entries).status_code

    with ThreadPoolExecutor(16) as pool:
        assert set(pool.map(log_in, range(200))) == {303}
    assert database["cart_merges"].count_documents({}) == 1
    guest.log_in()
    assert list(guest.cart_lines().values()) == [2]
