"""Forms of the account sent twice by an impatient double click: the browser shows the last answer,
and only that."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from flask import Flask
from werkzeug.test import TestResponse

from app.db.database import Database
from tests.support.answers import assert_went_to
from tests.support.member import PASSWORD, Mailbox, Member

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
