"""Waiting for something sold out: asked once, told once, ended by a link."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask

from app.db.database import Database
from app.inventory.service import InventoryService
from app.shared.ids import Sku
from app.stock_alerts.service import StockAlertService
from app.web.registry import service
from tests.support.answers import BOTH_WAYS, assert_shown
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.member import Mailbox, Member
from tests.support.shopper import Shopper, soup

ASK = "/stock-alerts"
EVE = "eve@example.com"


@pytest.fixture(autouse=True)
def shelf(catalog: CatalogMaker) -> None:
    catalog.add(make_product("Lamp", make_variant("LAMP")), stock=0)
    catalog.add(make_product("Mug", make_variant("MUG")))


def _restock(app: Flask, units: int = 5) -> None:
    service(InventoryService, app).set_on_hand({Sku("LAMP"): units}, "test")


def _waiting(database: Database) -> list[str]:
    return [each["email"] for each in database["stock_alerts"].find({"waiting": True})]


@BOTH_WAYS
def test_who_asks_is_told_once(
    app: Flask, shopper: Shopper, database: Database, mailbox: Mailbox, htmx: bool
) -> None:
    for email in (EVE, " Eve@Example.com", EVE):
        answer = shopper.post(ASK, {"sku": "LAMP", "email": email}, htmx=htmx)
        if htmx:
            assert_shown(answer, htmx=True)
            assert "We write once" in answer.text
        else:
            assert (answer.status_code, answer.location) == (303, "/stock-alerts?sku=LAMP")
            assert "We write once" in shopper.get(answer.location).text
    assert _waiting(database) == [EVE]
    assert mailbox.subjects(EVE) == []
    _restock(app)
    assert mailbox.subjects(EVE) == ["Lamp is back"]
    _restock(app, 0)
    _restock(app)
    database["outbox"].update_many({}, {"$set": {"state": "pending", "done": []}})
    assert mailbox.subjects(EVE) == ["Lamp is back"]
    assert mailbox.link(EVE, "products/lamp") == "/products/lamp"
    assert _waiting(database) == []


def test_the_form_stands_only_where_something_is_sold_out(shopper: Shopper) -> None:
    form = soup(shopper.get("/products/lamp")).select_one(f"form[action='{ASK}']")
    assert form is not None
    fields = {str(f["name"]): str(f["value"]) for f in form.select("input")}
    answer = shopper.client.post(ASK, data={**fields, "email": EVE})
    assert answer.status_code == 303
    assert not soup(shopper.get("/products/mug")).select(f"form[action='{ASK}']")


@BOTH_WAYS
@pytest.mark.parametrize("email", ["", "nobody", "a@b@c"])
def test_what_is_no_address_is_refused(
    shopper: Shopper, database: Database, email: str, htmx: bool
) -> None:
    answer = shopper.post(ASK, {"sku": "LAMP", "email": email}, htmx=htmx)
    assert_shown(answer, htmx=htmx, status=422)
    field = soup(answer).select_one("[name=email]")
    assert field is not None
    assert (field["aria-invalid"], field["value"]) == ("true", email)
    assert "email-error" in str(field["aria-describedby"])
    assert _waiting(database) == []


def test_what_is_there_or_unknown_cannot_be_waited_for(
    shopper: Shopper, database: Database
) -> None:
    answer = shopper.post(ASK, {"sku": "MUG", "email": EVE})
    assert answer.status_code == 422
    assert "in stock" in answer.text
    assert shopper.post(ASK, {"sku": "NOTHING", "email": EVE}).status_code == 404
    assert _waiting(database) == []


def test_a_member_asks_with_one_click(member: Member, database: Database) -> None:
    assert member.post(ASK, {"sku": "LAMP", "email": ""}).status_code == 303
    assert _waiting(database) == [member.email]


def test_the_answer_does_not_tell_who_has_an_account(app: Flask, member: Member) -> None:
    stranger = Shopper(app)
    known, new = (
        stranger.post(ASK, {"sku": "LAMP", "email": email}) for email in (member.email, EVE)
    )
    assert (known.status_code, known.location) == (new.status_code, new.location)


def test_one_address_is_asked_for_ten_times_an_hour(
    shopper: Shopper, catalog: CatalogMaker
) -> None:
    codes = [shopper.post(ASK, {"sku": "LAMP", "email": EVE}).status_code for _ in range(11)]
    assert codes == [303] * 10 + [429]
    other = shopper.post(ASK, {"sku": "LAMP", "email": "ann@example.com"})
    assert other.status_code == 303


def test_a_link_ends_everything_and_reading_it_ends_nothing(
    app: Flask, shopper: Shopper, database: Database, mailbox: Mailbox, catalog: CatalogMaker
) -> None:
    catalog.add(make_product("Rug", make_variant("RUG")), stock=0)
    for sku in ("LAMP", "RUG"):
        shopper.post(ASK, {"sku": sku, "email": EVE})
    shopper.post(ASK, {"sku": "RUG", "email": "ann@example.com"})
    _restock(app)
    (mail,) = mailbox.read(EVE)
    path = mailbox.link(EVE, "stock-alerts/stop/")
    assert str(mail["List-Unsubscribe"]).endswith(f"{path}>")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stranger = app.test_client()
    assert "Stop them" in stranger.get(path).text
    assert set(_waiting(database)) == {EVE, "ann@example.com"}
    for _ in range(2):  # as a mail program posts it: without a cookie
        answer = stranger.post(path, data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "Done" in answer.text
    assert _waiting(database) == ["ann@example.com"]
    assert stranger.get("/stock-alerts/stop/forged").status_code == 404
    assert stranger.post(path[:-2]).status_code == 404
    assert EVE not in path


def test_who_begins_to_wait_while_stock_moves_is_not_forgotten(
    app: Flask, shopper: Shopper, database: Database, mailbox: Mailbox
) -> None:
    shopper.post(ASK, {"sku": "LAMP", "email": EVE})
    # As if the stock's transaction had not seen the alert, and the alert's not the stock.
    database["stock_levels"].update_one({"_id": "LAMP"}, {"$set": {"available": 3, "on_hand": 3}})
    assert mailbox.subjects(EVE) == []
    waiting = database["outbox"].find_one({"topic": "stock_alerts.stock_moved"})
    assert waiting is not None
    assert waiting["available_at"] > waiting["created_at"]
    database["outbox"].update_many({}, {"$set": {"available_at": waiting["created_at"]}})
    assert mailbox.subjects(EVE) == ["Lamp is back"]


def test_many_at_once_are_one_and_stock_that_comes_twice_calls_once(
    app: Flask, database: Database, mailbox: Mailbox
) -> None:
    alerts = service(StockAlertService, app)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: alerts.wait(Sku("LAMP"), EVE), range(6)))
        assert _waiting(database) == [EVE]
        list(pool.map(lambda units: _restock(app, units), (3, 0, 4, 0, 5)))
    _restock(app, 5)
    assert mailbox.subjects(EVE) == ["Lamp is back"]
    assert database["outbox"].count_documents({"topic": "stock_alerts.back"}) == 1


def test_stock_that_nobody_waits_for_makes_no_work(app: Flask, database: Database) -> None:
    _restock(app)
    assert database["outbox"].count_documents({}) == 0
