"""The second factor: setting it up, coming in with it, and who must have it."""

from __future__ import annotations

import re
import time
from types import SimpleNamespace

import pyotp
import pytest
from flask import Flask

from app import create_app
from app.account.signing_in import SET_UP_PATH
from app.db.database import Database
from app.identity.models import Role
from app.identity.service import AccountService
from app.identity.two_factor import TwoFactor
from app.shared.ids import AccountId
from app.web.registry import service
from tests.support.answers import BOTH_WAYS, assert_refused, assert_shown, assert_went_to
from tests.support.member import PASSWORD, Mailbox, Member, make_proven
from tests.support.shopper import HTMX, soup

CODE = "/account/login/code"
PRODUCTION = {
    "MOSSX_ENV": "production",
    "BASE_URL": "https://shop.example",
    "SECRET_KEY": "Xv3-first-secret-of-a-test-0123456789",
    "JWT_SECRET_KEY": "Yw4-second-secret-of-a-test-0123456789",
}


NOW = 1_900_000_005


@pytest.fixture(autouse=True)
def _clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """No half-minute ends in the middle of a test."""
    monkeypatch.setattr("app.identity.two_factor.time", SimpleNamespace(time=lambda: NOW))


def code_of(secret: str, steps: int = 0) -> str:
    """What the app shows now, or some half-minutes later."""
    return pyotp.TOTP(secret).at(NOW + 30 * steps)


def stored(database: Database) -> list[dict[str, object]]:
    """Accounts and sessions, to see that nothing changed."""
    return [
        document
        for name in ("accounts", "auth_sessions")
        for document in database[name].find().sort("_id", 1)
    ]


def factor(code: str) -> dict[str, str]:
    """The form that turns it on."""
    return {"code": code, "current_password": PASSWORD}


def set_up(member: Member) -> tuple[str, list[str]]:
    """Turn it on as the page says; the secret and the recovery codes.

    With the code of half a minute ago, so that the one of now is still good for coming in.
    """
    shown = soup(member.get(SET_UP_PATH)).select_one("main p code")
    assert shown is not None
    answer = member.post(SET_UP_PATH, factor(code_of(shown.text, -1)))
    assert answer.status_code == 200, answer.text
    return shown.text, [each.text for each in soup(answer).select(".codes code")]


@pytest.fixture
def guarded(app: Flask) -> tuple[str, list[str]]:
    """Ann's account has a second factor."""
    make_proven(app, "ann@example.com")
    member = Member(app)
    member.log_in()
    return set_up(member)


# --- setting it up ------------------------------------------------------------------------------------


def test_the_page_shows_what_to_scan(member: Member) -> None:
    page = soup(member.get(SET_UP_PATH))
    assert page.select_one(".qr svg")
    assert page.select_one("form[action='/account/two-factor'] [name=code]")


def test_looking_again_shows_the_same_secret(member: Member) -> None:
    first, second = (soup(member.get(SET_UP_PATH)).select_one("main p code") for _ in range(2))
    assert first == second


@BOTH_WAYS
def test_a_first_code_turns_it_on_and_shows_recovery_codes_once(
    member: Member, mailbox: Mailbox, htmx: bool
) -> None:
    shown = soup(member.get(SET_UP_PATH)).select_one("main p code")
    assert shown is not None
    typed = code_of(shown.text)
    answer = member.post(SET_UP_PATH, factor(f"{typed[:3]} {typed[3:]}"), htmx=htmx)
    assert_shown(answer, htmx=htmx)
    codes = [each.text for each in soup(answer).select(".codes code")]
    assert len(set(codes)) == 10
    after = member.get(SET_UP_PATH).text
    assert "It is on" in after
    assert "10 recovery codes" in after
    assert shown.text not in after
    assert not any(code in after for code in codes)
    assert mailbox.subjects("ann@example.com")[-1] == "Your second factor was turned on"


@BOTH_WAYS
@pytest.mark.parametrize("code", ["", "000", "12345a", "x" * 100])
def test_a_wrong_first_code_turns_nothing_on(
    member: Member, database: Database, code: str, htmx: bool
) -> None:
    member.get(SET_UP_PATH)
    before = stored(database)
    answer = member.post(SET_UP_PATH, factor(code), htmx=htmx)
    assert_refused(answer, "code", htmx=htmx)
    assert stored(database) == before


@BOTH_WAYS
@pytest.mark.parametrize("password", ["", "not the password"])
def test_an_open_session_is_not_enough_to_lock_its_owner_out(
    member: Member, database: Database, password: str, htmx: bool
) -> None:
    shown = soup(member.get(SET_UP_PATH)).select_one("main p code")
    assert shown is not None
    before = stored(database)
    form = {"code": code_of(shown.text), "current_password": password}
    answer = member.post(SET_UP_PATH, form, htmx=htmx)
    assert_refused(answer, "current_password", htmx=htmx)
    assert stored(database) == before


def test_a_factor_that_is_on_is_not_replaced_without_the_password(
    app: Flask, member: Member, database: Database
) -> None:
    secret, _ = set_up(member)
    before = stored(database)
    assert member.post(SET_UP_PATH, factor(code_of(secret))).status_code == 409
    assert stored(database) == before


def test_the_database_holds_neither_secret_nor_codes(member: Member, database: Database) -> None:
    secret, codes = set_up(member)
    kept = str(list(database["accounts"].find()))
    assert secret not in kept
    assert not any(code in kept for code in codes)


# --- coming in with it -------------------------------------------------------------------------------------


@BOTH_WAYS
def test_the_password_alone_does_not_let_in(
    app: Flask, guarded: tuple[str, list[str]], database: Database, htmx: bool
) -> None:
    sessions = database["auth_sessions"].count_documents({})
    member = Member(app)
    sent = {"email": "ann@example.com", "password": PASSWORD}
    assert_went_to(member.post("/account/login", sent, htmx=htmx), CODE, htmx=htmx)
    assert not member.is_in()
    assert database["auth_sessions"].count_documents({}) == sessions


@BOTH_WAYS
def test_password_and_code_let_in_to_where_one_was_going(
    app: Flask, guarded: tuple[str, list[str]], htmx: bool
) -> None:
    member = Member(app)
    member.log_in(next="/account/orders")
    assert_shown(member.get(CODE, headers=HTMX if htmx else None), htmx=htmx)
    answer = member.post(CODE, {"code": code_of(guarded[0])}, htmx=htmx)
    assert_went_to(answer, "/account/orders", htmx=htmx)
    assert member.is_in()


@BOTH_WAYS
@pytest.mark.parametrize("code", ["", "000000", "abcdefghjk", "\x00", "x" * 100])
def test_a_wrong_code_does_not_let_in(
    app: Flask, guarded: tuple[str, list[str]], database: Database, code: str, htmx: bool
) -> None:
    member = Member(app)
    member.log_in()
    before = stored(database)
    assert_refused(member.post(CODE, {"code": code}, htmx=htmx), "code", htmx=htmx)
    assert stored(database) == before
    assert not member.is_in()


def test_a_code_opens_once(app: Flask, guarded: tuple[str, list[str]]) -> None:
    first, second = Member(app), Member(app)
    code = code_of(guarded[0])
    for member in (first, second):
        member.log_in()
    assert first.post(CODE, {"code": code}).status_code == 303
    assert second.post(CODE, {"code": code}).status_code == 422
    assert not second.is_in()


def test_an_older_code_does_not_open_after_a_newer_one(
    app: Flask, guarded: tuple[str, list[str]]
) -> None:
    first, second = Member(app), Member(app)
    for member in (first, second):
        member.log_in()
    assert first.post(CODE, {"code": code_of(guarded[0], 1)}).status_code == 303
    assert second.post(CODE, {"code": code_of(guarded[0])}).status_code == 422


def test_a_recovery_code_opens_once(app: Flask, guarded: tuple[str, list[str]]) -> None:
    code = guarded[1][3]
    for typed, status in ((f" {code[:5].upper()}-{code[5:]}", 303), (code, 422)):
        member = Member(app)
        member.log_in()
        assert member.post(CODE, {"code": typed}).status_code == status
        assert member.is_in() is (status == 303)
    member = Member(app)
    member.log_in()
    member.post(CODE, {"code": guarded[1][4]})
    assert "8 recovery codes" in member.get(SET_UP_PATH).text


def test_codes_cannot_be_tried_for_ever(app: Flask, guarded: tuple[str, list[str]]) -> None:
    member = Member(app)
    member.log_in()
    answers = [member.post(CODE, {"code": "000000"}).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


@pytest.mark.parametrize("cookie", ["", "x", "WyJhY2MiLCIvIl0.aaaaaa.bbbbbb"])
def test_nobody_gets_half_way_without_the_password(
    app: Flask, guarded: tuple[str, list[str]], cookie: str
) -> None:
    member = Member(app)
    member.client.set_cookie("mossx_half_way", cookie, path=CODE)
    assert_went_to(member.post(CODE, {"code": code_of(guarded[0])}), "/account/login")
    assert not member.is_in()


def test_whoever_is_slow_starts_again(
    app: Flask, guarded: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    member = Member(app)
    member.log_in()
    later = time.time() + 301
    monkeypatch.setattr("itsdangerous.timed.time.time", lambda: later)
    assert_went_to(member.post(CODE, {"code": code_of(guarded[0])}), "/account/login")
    assert "took a little long" in member.get("/account/login").text


def test_a_password_that_was_changed_meanwhile_is_no_half_of_the_way(
    app: Flask, guarded: tuple[str, list[str]]
) -> None:
    thief = Member(app)
    thief.log_in()
    accounts = service(AccountService, app)
    accounts.change_password(
        accounts.authenticate("ann@example.com", PASSWORD), PASSWORD, "four loud bitterns"
    )
    assert_went_to(thief.post(CODE, {"code": code_of(guarded[0])}), "/account/login")
    assert not thief.is_in()


def test_a_reset_password_asks_for_the_code_as_well(
    app: Flask, guarded: tuple[str, list[str]], mailbox: Mailbox
) -> None:
    member = Member(app)
    member.post("/account/forgot", {"email": "ann@example.com"})
    path = mailbox.link("ann@example.com", "/reset/")
    assert_went_to(member.post(path, {"password": "four loud bitterns"}), CODE)
    assert not member.is_in()
    member.post(CODE, {"code": code_of(guarded[0])})
    assert member.is_in()


# --- turning it off --------------------------------------------------------------------------------------------


@BOTH_WAYS
def test_the_password_turns_it_off(
    app: Flask, member: Member, mailbox: Mailbox, htmx: bool
) -> None:
    set_up(member)
    answer = member.post(f"{SET_UP_PATH}/removal", {"current_password": PASSWORD}, htmx=htmx)
    assert_went_to(answer, SET_UP_PATH, htmx=htmx)
    assert mailbox.subjects("ann@example.com")[-1] == "Your second factor was turned off"
    assert_went_to(Member(app).log_in(), "/account")


@BOTH_WAYS
@pytest.mark.parametrize("password", ["", "not this one"])
def test_without_the_password_it_stays_on(
    member: Member, database: Database, password: str, htmx: bool
) -> None:
    set_up(member)
    before = stored(database)
    answer = member.post(f"{SET_UP_PATH}/removal", {"current_password": password}, htmx=htmx)
    assert_refused(answer, "current_password", htmx=htmx)
    assert stored(database) == before


def test_a_new_factor_has_new_codes(app: Flask, member: Member) -> None:
    secret, codes = set_up(member)
    member.post(f"{SET_UP_PATH}/removal", {"current_password": PASSWORD})
    fresh, _ = set_up(member)
    assert fresh != secret
    newcomer = Member(app)
    newcomer.log_in()
    assert newcomer.post(CODE, {"code": codes[0]}).status_code == 422
    assert newcomer.post(CODE, {"code": code_of(fresh)}).status_code == 303


# --- who must have it ---------------------------------------------------------------------------------------------


@pytest.fixture
def production(environment: dict[str, str], app: Flask) -> Flask:
    """The shop as it runs for real."""
    return create_app({**environment, **PRODUCTION})


class Staff(Member):
    """Somebody who works here; their browser speaks HTTPS."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app, "eve@example.com")
        self.client.environ_base["wsgi.url_scheme"] = "https"
        service(AccountService, app).create_proven(self.email, PASSWORD, "Eve", Role.MANAGER)


def test_staff_are_sent_to_set_it_up(production: Flask) -> None:
    staff = Staff(production)
    assert_went_to(staff.log_in(next="/account/orders"), SET_UP_PATH)
    assert "People who work here need a second factor" in staff.get(SET_UP_PATH).text
    set_up(staff)
    staff.log_out()
    assert_went_to(staff.log_in(), CODE)


def test_staff_cannot_turn_it_off(production: Flask, database: Database) -> None:
    staff = Staff(production)
    staff.log_in()
    set_up(staff)
    before = stored(database)
    answer = staff.post(f"{SET_UP_PATH}/removal", {"current_password": PASSWORD})
    assert_refused(answer, "current_password")
    assert "cannot be turned off" in answer.text
    assert stored(database) == before


def test_customers_need_none_in_production(production: Flask) -> None:
    make_proven(production, "ann@example.com")
    member = Member(production)
    member.client.environ_base["wsgi.url_scheme"] = "https"
    assert_went_to(member.log_in(), "/account")


def test_a_secret_of_another_key_is_set_up_anew(environment: dict[str, str], app: Flask) -> None:
    account_id = AccountId(make_proven(app, "ann@example.com"))
    account = service(AccountService, app).get(account_id)
    before = service(TwoFactor, app).begin(account)
    rotated = create_app({**environment, "SECRET_KEY": "another key for another day"})
    assert service(TwoFactor, rotated).begin(account) != before


# --- accounts of people who work here, from the command line -------------------------------------------------------


def test_create_admin_makes_an_owner_whose_printed_password_works(app: Flask) -> None:
    result = app.test_cli_runner().invoke(args=["users", "create-admin", "Owner@Example.com"])
    assert result.exit_code == 0, result.output
    assert "owner@example.com is an owner now." in result.output
    found = re.search(r"Password: (\S+)", result.output)
    assert found is not None
    member = Member(app, "owner@example.com")
    member.log_in(found[1])
    assert member.is_in()
    assert service(AccountService, app).authenticate(member.email, found[1]).role is Role.OWNER


def test_create_admin_promotes_whoever_has_proven_the_address(app: Flask) -> None:
    account_id = AccountId(make_proven(app, "ann@example.com"))
    result = app.test_cli_runner().invoke(args=["users", "create-admin", "ann@example.com"])
    assert result.exit_code == 0
    assert "Password:" not in result.output
    assert service(AccountService, app).get(account_id).role is Role.OWNER
    assert service(AccountService, app).authenticate("ann@example.com", PASSWORD).id == account_id


def test_create_admin_promotes_no_strangers_claim(app: Flask, database: Database) -> None:
    Member(app, "owner@example.com").register("Eve", "four loud bitterns")
    result = app.test_cli_runner().invoke(args=["users", "create-admin", "owner@example.com"])
    assert result.exit_code == 0
    claim = database["accounts"].find_one({"login": "claimed:owner@example.com"})
    assert claim is not None
    assert claim["role"] == "customer"


@pytest.mark.parametrize("email", ["nobody", "", "a@b@c", "x" * 500 + "@example.com"])
def test_create_admin_says_what_is_wrong(app: Flask, database: Database, email: str) -> None:
    result = app.test_cli_runner().invoke(args=["users", "create-admin", email])
    assert result.exit_code != 0
    assert "valid e-mail address" in result.output
    assert "Traceback" not in result.output
    assert database["accounts"].count_documents({}) == 0


def test_an_owner_cannot_delete_their_account(app: Flask) -> None:
    service(AccountService, app).create_proven("eve@example.com", PASSWORD, "Eve", Role.OWNER)
    owner = Member(app, "eve@example.com")
    owner.log_in()
    answer = owner.post("/account/deletion", {"current_password": PASSWORD})
    assert answer.status_code == 422
    assert "somebody else must own the shop first" in answer.text
    assert owner.is_in()
