"""Somebody claims an address before its owner comes, or reads its mail after they left."""

from __future__ import annotations

import pyotp
from flask import Flask

from app.db.database import Database
from app.identity.tokens import ACCESS_COOKIE
from tests.support.member import PASSWORD, Mailbox, Member, make_proven
from tests.support.shopper import soup

STOLEN, OWN = "stolen before you came", "three quiet herons at dusk"


def _with_second_factor(app: Flask) -> Member:
    stranger = Member(app)
    assert stranger.register(password=STOLEN).status_code == 303
    key = soup(stranger.get("/account/two-factor")).select_one("main code")
    assert key is not None
    code = pyotp.TOTP(key.text).now()
    answer = stranger.post("/account/two-factor", {"code": code, "current_password": STOLEN})
    assert "recovery codes" in answer.text
    return stranger


def test_the_owner_resets_the_password_and_no_factor_of_the_stranger_is_in_the_way(
    app: Flask, mailbox: Mailbox
) -> None:
    stranger = _with_second_factor(app)
    owner = Member(app)
    owner.post("/account/forgot", {"email": owner.email})
    answer = owner.post(mailbox.link(owner.email, "/reset/"), {"password": OWN})
    assert answer.status_code == 303
    assert owner.is_in()
    assert not stranger.is_in()
    assert stranger.log_in(password=STOLEN).status_code == 422


def test_a_proven_account_keeps_its_second_factor_over_a_reset(
    app: Flask, mailbox: Mailbox
) -> None:
    owner = _with_second_factor(app)
    assert owner.verify(mailbox).status_code == 303
    elsewhere = Member(app)
    elsewhere.post("/account/forgot", {"email": owner.email})
    answer = elsewhere.post(mailbox.link(owner.email, "/reset/"), {"password": OWN})
    assert answer.location == "/account/login/code"
    assert not elsewhere.is_in()


def test_a_reset_link_ends_with_the_address_it_was_sent_to(
    app: Flask, member: Member, mailbox: Mailbox, database: Database
) -> None:
    member.post("/account/forgot", {"email": member.email})
    link = mailbox.link(member.email, "/reset/")
    sent = {"email": "ann.new@example.com", "current_password": PASSWORD}
    member.post("/account/email", sent)
    member.post(mailbox.link("ann.new@example.com", "/email/"), {})
    before = database["accounts"].find_one()
    reader = Member(app)  # of the old mailbox
    assert reader.get(link).status_code == 404
    assert reader.post(link, {"password": STOLEN}).status_code == 404
    assert database["accounts"].find_one() == before
    assert member.is_in()


def test_nobody_guesses_from_everywhere_by_registering(app: Flask) -> None:
    make_proven(app, "ann@example.com")
    stranger = Member(app)
    form = {"csrf_token": stranger.token(), "email": "ann@example.com", "name": "Eve"}
    answers = []
    for n in range(31):
        sent = {**form, "password": f"{STOLEN} {n}"}
        where = {"REMOTE_ADDR": f"198.51.100.{n}"}
        stranger.client.delete_cookie(ACCESS_COOKIE)
        answer = stranger.client.post("/account/register", data=sent, environ_overrides=where)
        answers.append(answer.status_code)
    assert answers == [303] * 30 + [429]
