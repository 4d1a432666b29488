"""The address book, and ordering again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.account.order_routes import blueprint
from app.db.database import Database
from tests.support.answers import BOTH_WAYS, assert_refused, assert_went_to, field_of
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Member
from tests.support.shopper import ADDRESS, soup

BOOK = "/account/addresses"
ENTRY = {name: ADDRESS[name] for name in ("name", "phone", "line1", "line2", "city", "state", "postal_code", "country")}  # fmt: skip


def book(database: Database) -> list[dict[str, Any]]:
    """The stored entries of the one account there is."""
    account = database["accounts"].find_one()
    assert account is not None
    return list(account["addresses"])


@pytest.fixture
def two(member: Member, database: Database) -> list[str]:
    """Ann keeps two addresses; the first is offered first."""
    member.post(BOOK, ENTRY)
    member.post(BOOK, {**ENTRY, "line1": "2 Side Street"})
    return [str(each["id"]) for each in book(database)]


def defaults(database: Database) -> list[bool]:
    """Which entries are offered first."""
    return [each["is_default"] for each in book(database)]


@BOTH_WAYS
def test_an_address_is_kept(member: Member, database: Database, htmx: bool) -> None:
    assert_went_to(member.post(BOOK, ENTRY, htmx=htmx), BOOK, htmx=htmx)
    (entry,) = book(database)
    assert entry["address"] == ENTRY
    assert entry["is_default"]
    assert "1 Main Street" in member.get(BOOK).text


def test_the_same_address_twice_is_one(member: Member, database: Database) -> None:
    for _ in range(2):
        assert_went_to(member.post(BOOK, ENTRY), BOOK)
    assert len(book(database)) == 1


@BOTH_WAYS
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"phone": "call me"}, "phone"),
        ({"line1": " "}, "line1"),
        ({"line1": "x" * 201}, "line1"),
        ({"city": ""}, "city"),
        ({"state": ""}, "state"),
        ({"postal_code": "12"}, "postal_code"),
        ({"country": "XX"}, "country"),
    ],
)
def test_a_bad_address_is_explained_and_not_kept(
    member: Member, database: Database, change: dict[str, str], field: str, htmx: bool
) -> None:
    answer = member.post(BOOK, {**ENTRY, **change}, htmx=htmx)
    errors = [str(each["id"]) for each in soup(answer).select("p.error[id]")]
    assert f"{field}-error" in errors
    if field != "country":  # whose rules decide about the others
        assert_refused(answer, field, htmx=htmx)
    assert book(database) == []


@BOTH_WAYS
def test_an_address_changes(member: Member, two: list[str], database: Database, htmx: bool) -> None:
    path = f"{BOOK}/{two[1]}"
    assert field_of(member.get(path), "line1") == "2 Side Street"
    changed = {**ENTRY, "line1": "3 New Street", "is_default": "y"}
    assert_went_to(member.post(path, changed, htmx=htmx), BOOK, htmx=htmx)
    assert [each["address"]["line1"] for each in book(database)] == [
        "1 Main Street",
        "3 New Street",
    ]
    assert defaults(database) == [False, True]


@BOTH_WAYS
def test_a_bad_change_keeps_the_address(
    member: Member, two: list[str], database: Database, htmx: bool
) -> None:
    before = book(database)
    answer = member.post(f"{BOOK}/{two[1]}", {**ENTRY, "city": ""}, htmx=htmx)
    assert_refused(answer, "city", htmx=htmx)
    assert book(database) == before


@BOTH_WAYS
def test_another_address_is_offered_first(
    member: Member, two: list[str], database: Database, htmx: bool
) -> None:
    assert_went_to(member.post(f"{BOOK}/{two[1]}/default", {}, htmx=htmx), BOOK, htmx=htmx)
    assert defaults(database) == [False, True]


@BOTH_WAYS
def test_an_address_is_removed_and_the_next_is_offered_first(
    member: Member, two: list[str], database: Database, htmx: bool
) -> None:
    for _ in range(2):  # an impatient double click
        assert_went_to(member.post(f"{BOOK}/{two[0]}/removal", {}, htmx=htmx), BOOK, htmx=htmx)
    assert [each["id"] for each in book(database)] == [two[1]]
    assert defaults(database) == [True]


@pytest.mark.parametrize("address_id", ["nothing", "adr_x", "%00", "x" * 2000, "$ne"])
def test_an_address_that_is_not_there_is_missing(
    member: Member, two: list[str], database: Database, address_id: str
) -> None:
    before = book(database)
    assert member.get(f"{BOOK}/{address_id}").status_code == 404
    assert member.post(f"{BOOK}/{address_id}", ENTRY).status_code == 404
    assert member.post(f"{BOOK}/{address_id}/default", {}).status_code == 404
    assert book(database) == before


def test_there_is_an_end_to_the_book(member: Member, database: Database) -> None:
    for number in range(20):
        member.post(BOOK, {**ENTRY, "line1": f"{number} Main Street"})
    answer = member.post(BOOK, {**ENTRY, "line1": "One Too Many"})
    assert answer.status_code == 422
    assert "up to 20 addresses" in answer.text
    assert len(book(database)) == 20


# --- ordering again ------------------------------------------------------------------------------------


@BOTH_WAYS
def test_an_order_is_put_into_the_cart_again(
    member: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database, htmx: bool
) -> None:
    member.add(catalog.mug(stock=5), 2)
    member.pay(sandbox)
    number = database["orders"].find_one()["number"]
    assert member.cart_lines() == {}
    history = member.get("/account/orders").text
    assert number in history
    path = f"{blueprint.url_prefix}/{number}/reorder"
    assert_went_to(member.post(path, {}, htmx=htmx), "/cart", htmx=htmx)
    assert list(member.cart_lines().values()) == [2]


def test_what_is_sold_out_is_said_and_left_out(
    member: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    member.add(catalog.mug(stock=2), 2)
    member.pay(sandbox)
    number = database["orders"].find_one()["number"]
    member.post(f"/account/orders/{number}/reorder", {})
    assert "Dune Mug" in member.get("/cart").text
    assert member.cart_lines() == {}


def test_a_missing_order_cannot_be_ordered_again(app: Flask, member: Member) -> None:
    assert member.post("/account/orders/MX-NOTHING/reorder", {}).status_code == 404
