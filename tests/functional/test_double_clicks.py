"""Forms of the account sent twice by an impatient double click: the browser shows the last answer,
and only that."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
from flask import Flask
from werkzeug.test import TestResponse

from app.account.signing_in import CODE_PATH, SET_UP_PATH
from app.db.database import Database
from tests.support.answers import assert_went_to
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import PASSWORD, Mailbox, Member
from tests.support.shopper import soup

NEW = "four loud bitterns"


def pressed_twice(member: Member, path: str, form: dict[str, str]) -> list[TestResponse]:
    """The answers to two clicks at once, and to a third when they are over."""
    sent = {"csrf_token": member.token(), **form}
    tabs = [member.twin(), member.twin()]
    with ThreadPoolExecutor(len(tabs)) as pool:
        answers = list(pool.map(lambda tab: tab.client.post(path, data=sent), tabs))
    return [*answers, member.client.post(path, data=sent)]


def test_a_new_password_is_one_change(member: Member, mailbox: Mailbox) -> None:
    form = {"current_password": PASSWORD, "password": NEW}
    for answer in pressed_twice(member, "/account/password", form):
        assert_went_to(answer, "/account")
    assert "password is changed" in member.get("/account").text
    assert mailbox.subjects(member.email).count("Your password was changed") == 1
    assert member.log_in(NEW).status_code == 303


def test_a_reset_password_lets_its_owner_in(
    app: Flask, member: Member, mailbox: Mailbox, database: Database
) -> None:
    phone = Member(app)
    phone.post("/account/forgot", {"email": member.email})
    link = mailbox.link(member.email, "/reset/")
    for answer in pressed_twice(phone, link, {"password": NEW}):
        assert_went_to(answer, "/account")
    assert phone.is_in()
    assert not member.is_in()
    assert mailbox.subjects(member.email).count("Your password was changed") == 1
    before = database["accounts"].find_one()
    assert phone.post(link, {"password": PASSWORD}).status_code == 404
    assert database["accounts"].find_one() == before


def test_an_order_is_put_into_the_cart_again_once(
    member: Member, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    member.add(catalog.mug(stock=20), 2)
    member.pay(sandbox)
    number = database["orders"].find_one()["number"]
    for answer in pressed_twice(member, f"/account/orders/{number}/reorder", {}):
        assert_went_to(answer, "/cart")
    assert list(member.cart_lines().values()) == [2]


def secret_of(member: Member) -> pyotp.TOTP:
    """What the app on the phone has scanned."""
    shown = soup(member.get(SET_UP_PATH)).select_one("main p code")
    assert shown is not None
    return pyotp.TOTP(shown.text)


def recovery_codes(page: TestResponse) -> list[str]:
    """As the page shows them."""
    return [each.text for each in soup(page).select(".codes code")]


def test_the_recovery_codes_that_are_shown_are_those_that_count(
    app: Flask, member: Member, mailbox: Mailbox
) -> None:
    form = {"code": secret_of(member).now(), "current_password": PASSWORD}
    first, second, third = map(recovery_codes, pressed_twice(member, SET_UP_PATH, form))
    assert first == second == third
    assert len(set(first)) == 10
    assert mailbox.subjects(member.email).count("Your second factor was turned on") == 1
    phone = Member(app)
    phone.log_in()
    assert_went_to(phone.post(CODE_PATH, {"code": first[9]}), "/account")


def test_the_recovery_codes_are_not_shown_again_with_another_code(member: Member) -> None:
    secret = secret_of(member)
    codes = recovery_codes(
        member.post(SET_UP_PATH, {"code": secret.now(), "current_password": PASSWORD})
    )
    later = {"code": secret.at(int(time.time()) + 30), "current_password": PASSWORD}
    answer = member.post(SET_UP_PATH, later)
    assert answer.status_code == 409
    assert len(codes) == 10
    assert not any(code in answer.text for code in codes)
