"""Forms of the account sent twice by an impatient double click: the browser shows the last answer,
and only that."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.account.signing_in import CODE_PATH, HALF_WAY, SET_UP_PATH
from app.db.database import Database
from tests.support.answers import assert_went_to
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox, form_fields
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


@pytest.mark.parametrize("spent", ["a code of the app", "a recovery code"])
def test_a_code_lets_in_once_and_each_click_lands_where_the_first_one_led(
    app: Flask, member: Member, database: Database, spent: str
) -> None:
    secret = secret_of(member)
    form = {"code": secret.now(), "current_password": PASSWORD}
    codes = recovery_codes(member.post(SET_UP_PATH, form))
    member.log_out()
    member.log_in(next="/account/orders")
    sessions = database["auth_sessions"].count_documents({})
    typed = codes[4] if spent == "a recovery code" else secret.at(int(time.time()) + 30)
    shown = soup(member.get(CODE_PATH)).select_one("main form")
    form = {**form_fields(shown), "code": typed}
    tabs = [half_way_twin(member) for _ in range(3)]
    with ThreadPoolExecutor(len(tabs)) as pool:
        answers = list(pool.map(lambda tab: tab.client.post(CODE_PATH, data=form), tabs))
    for answer in answers:
        assert_went_to(answer, "/account/orders")
    (entered,) = [tab for tab in tabs if tab.is_in()]
    assert_went_to(entered.client.post(CODE_PATH, data=form), "/account/orders")
    assert "took a little long" not in entered.get("/account").text
    assert database["auth_sessions"].count_documents({}) == sessions + 1


def test_a_spent_code_leads_nobody_on_who_came_half_way_another_time(
    app: Flask, member: Member
) -> None:
    secret = secret_of(member)
    member.post(SET_UP_PATH, {"code": secret.now(), "current_password": PASSWORD})
    first, second = Member(app), Member(app)
    for browser in (first, second):
        browser.log_in()
    same = half_way_twin(first)
    code = {"code": secret.at(int(time.time()) + 30)}
    assert_went_to(first.post(CODE_PATH, code), "/account")
    assert second.post(CODE_PATH, code).status_code == 422
    assert same.post(CODE_PATH, {"code": "000000"}).status_code == 422
    assert_went_to(same.post(CODE_PATH, code), "/account")
    assert not second.is_in()
    assert not same.is_in()


def half_way_twin(member: Member) -> Member:
    """Another click of a browser that has given the password and not the code."""
    twin = member.twin()
    held = member.client.get_cookie(HALF_WAY, path=CODE_PATH)
    assert held is not None
    twin.client.set_cookie(HALF_WAY, held.value, path=CODE_PATH)
    return twin
