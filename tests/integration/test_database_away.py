"""A database that is away: nobody waits for it in a row, and what is kept is still shown."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app import create_app
from app.db.database import Database
from app.db.errors import PyMongoError
from app.web.registry import service
from app.web.turns import TOO_MANY
from tests.faults.proxy import Proxy
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.following import following
from tests.support.member import Member
from tests.support.shopper import HTMX, Shopper
from tests.support.staff import Staff
from tests.support.waiting import wait_until

NOWHERE = "mongodb://127.0.0.1:1/mossx"


def test_once_it_is_known_nobody_waits_for_it(environment: dict[str, str]) -> None:
    lonely = create_app({**environment, "MONGODB_URI": NOWHERE})
    database = service(Database, lonely)
    with pytest.raises(PyMongoError):
        database.command("ping")
    wait_until(lambda: database._presence.is_away)
    began = time.monotonic()
    for _ in range(10):
        with database.at_once_if_away(), pytest.raises(PyMongoError):
            database.in_transaction(lambda session: database["x"].insert_one({}, session=session))
    assert time.monotonic() - began < 15  # the driver alone waits 3 seconds each time
    for path in ("/", "/search?q=mug", "/cart", "/checkout", "/account/login"):
        answer = Shopper(lonely).get(path)
        assert answer.status_code in {200, 303, 503}, path
        if answer.status_code == 503:
            assert answer.headers["Retry-After"] == "5"
            assert "try again soon" in answer.text


def test_one_that_comes_back_is_used_at_once(database: Database) -> None:
    database.command("ping")
    database._presence._gone_since = 0.0
    assert database._presence.is_away
    database._presence._gone_since = None
    with database.at_once_if_away():
        database.command("ping")


def test_a_page_that_cannot_be_made_anew_is_shown_as_it_was(
    app: Flask, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP", US=1234)), stock=50)
    client = app.test_client(use_cookies=False)
    with following(app) as pages:
        before = client.get("/products/lamp")
        pages.store.drop_all()
        service(Database, app).close()
        during = client.get("/products/lamp")
        never_made = client.get("/products/lamp?option.Colour=Moss")

    assert before.status_code == during.status_code == 200
    assert "$12.34" in during.text
    assert during.text.count("Lamp") == before.text.count("Lamp")
    assert never_made.status_code == 503


def test_a_server_that_was_ready_goes_on_without_the_database_and_says_so_soon(
    environment: dict[str, str], app: Flask
) -> None:
    line = Proxy(urlsplit(environment["MONGODB_URI"]).port or 0)
    line.start()
    try:
        there = f"mongodb://127.0.0.1:{line.port}/mossx?directConnection=true"
        elsewhere = create_app({**environment, "MONGODB_URI": there})
        client = elsewhere.test_client()
        assert client.get("/readyz").status_code == 200
        line.silence(True)
        began = time.monotonic()
        answer = client.get("/readyz?kept")
        assert time.monotonic() - began < 1.9
        assert answer.status_code == 200
        assert answer.get_json()["checks"]["mongodb"] == "unreachable"
        assert client.get("/readyz").status_code == 503
        service(Database, elsewhere).close()
    finally:
        line.stop()
    lonely = create_app({**environment, "MONGODB_URI": NOWHERE}).test_client()
    assert lonely.get("/readyz?kept").status_code == 503  # it has nothing to show yet


def test_whose_turn_did_not_come_is_told_so_in_a_page(app: Flask) -> None:
    shopper = Shopper(app)
    turned_away = shopper.client.get("/orders/lookup", environ_overrides={TOO_MANY: True})
    assert turned_away.status_code == 503
    assert "Very many people are here" in turned_away.text
    listing = shopper.client.get("/products?sort=price", environ_overrides={TOO_MANY: True})
    assert listing.status_code == 503  # it is not there, and would have to be made
    assert shopper.get("/orders/lookup").status_code == 200


def test_who_is_signed_in_reads_the_same_errors(app: Flask) -> None:
    member = Member(app)
    member.register()
    service(Database, app).close()
    assert member.get("/nowhere").status_code == 404
    for path in ("/products/lamp", "/cart"):
        assert member.get(path).status_code == 503, path


def test_what_a_page_asks_for_by_itself_fails_in_silence(app: Flask) -> None:
    member = Member(app)
    member.register()
    service(Database, app).close()
    asked = member.get("/cart/badge", headers=HTMX)
    assert (asked.status_code, asked.headers["HX-Retarget"]) == (503, "#trouble")
    aside = member.get("/cart/badge", headers={**HTMX, "HX-Aside": "1"})
    assert (aside.status_code, aside.headers["HX-Reswap"]) == (503, "none")


@pytest.mark.parametrize("path", ["/admin/audit", "/admin/audit?undo=aud_1"])
def test_staff_stay_in_the_panel_when_it_goes_while_they_are_answered(
    app: Flask, path: str
) -> None:
    staff = Staff(app)
    audit = app.before_request_funcs["admin_audit"]
    audit.append(lambda: service(Database, app).close())  # behind the guard
    answer = staff.get(path)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert "try again soon" in answer.text
    assert "Back to the panel" in answer.text
