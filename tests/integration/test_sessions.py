"""Sessions on real servers: rotation, races, theft, and Redis gone."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

import jwt
import pyotp
import pytest
from flask import Flask

from app import create_app
from app.db.cache import Cache
from app.db.database import Database
from app.db.migrations import upgrade
from app.identity.service import AccountService
from app.identity.session_repository import SessionRepository
from app.identity.sessions import SessionService
from app.identity.tokens import REFRESH_COOKIE, REFRESH_PATH
from app.identity.two_factor import TwoFactor
from app.shared.clock import now
from app.shared.ids import AccountId, SessionId
from app.web.limits import limiter
from app.web.registry import service
from dev.stack import Stack
from tests.support.catalog import CatalogMaker
from tests.support.member import PASSWORD, Mailbox, Member, make_proven
from tests.support.shopper import ADDRESS, Shopper

T = TypeVar("T")
OTHER = "four loud bitterns"
NOW = 1_900_000_005  # for codes, so that no half-minute ends in the middle of a test
REUSED = "We logged out one of your devices"


def at_once(count: int, work: Callable[[int], T]) -> list[T]:
    """Do something in several threads at the same moment."""
    barrier, results = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        barrier.wait()
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def refresh_id(member: Member) -> str:
    """Which refresh token a browser holds."""
    held = member.client.get_cookie(REFRESH_COOKIE, path=REFRESH_PATH)
    assert held is not None
    return str(jwt.decode(held.value, options={"verify_signature": False})["jti"])


def session_of(member: Member) -> SessionId:
    """The session a browser is in."""
    held = member.client.get_cookie("mossx_access")
    assert held is not None
    return SessionId(jwt.decode(held.value, options={"verify_signature": False})["sid"])


def let_time_pass(database: Database) -> None:
    """Half a minute, as far as refresh tokens go."""
    for auth in database["auth_sessions"].find():
        earlier = auth["rotated_at"] - timedelta(seconds=31)
        database["auth_sessions"].update_one(
            {"_id": auth["_id"]}, {"$set": {"rotated_at": earlier}}
        )


def revoked(database: Database) -> int:
    """How many sessions were ended."""
    return database["auth_sessions"].count_documents({"revoked_at": {"$ne": None}})


# --- rotation -----------------------------------------------------------------------------------------


def test_a_refresh_replaces_the_refresh_token(member: Member) -> None:
    before = refresh_id(member)
    member.get("/account/refresh")
    assert refresh_id(member) != before
    assert member.is_in()


def test_only_digests_of_tokens_are_stored(member: Member, database: Database) -> None:
    member.get("/account/refresh")
    assert refresh_id(member) not in str(list(database["auth_sessions"].find()))


def test_a_lost_answer_is_given_again(member: Member, database: Database) -> None:
    tab = member.twin()
    member.get("/account/refresh")
    tab.get("/account/refresh")
    assert refresh_id(tab) == refresh_id(member)
    assert revoked(database) == 0


def test_a_session_lives_on_from_day_to_day(member: Member, database: Database) -> None:
    seen = {refresh_id(member)}
    for _ in range(5):
        let_time_pass(database)
        member.get("/account/refresh")
        seen.add(refresh_id(member))
    assert len(seen) == 6
    assert member.is_in()


@pytest.mark.parametrize("tabs", [2, 8])
def test_tabs_that_refresh_at_once_all_stay_in(
    member: Member, mailbox: Mailbox, database: Database, tabs: int
) -> None:
    browsers = [member.twin() for _ in range(tabs)]
    at_once(tabs, lambda number: browsers[number].get("/account/refresh"))
    assert all(each.is_in() for each in browsers)
    assert len({refresh_id(each) for each in browsers}) == 1
    assert revoked(database) == 0
    assert REUSED not in mailbox.subjects("ann@example.com")


def test_a_slow_tab_comes_in_after_fast_ones_that_refreshed_again(
    member: Member, database: Database
) -> None:
    slow, fast = member.twin(), member.twin()
    for _ in range(3):
        fast.get("/account/refresh")
    slow.get("/account/refresh")
    assert slow.is_in()
    assert revoked(database) == 0


def test_a_storm_of_tabs_that_refresh_again_and_again_ends_nobodys_session(
    member: Member, database: Database
) -> None:
    browsers = [member.twin() for _ in range(8)]

    def refresh_thrice(number: int) -> None:
        for _ in range(3):
            browsers[number].get("/account/refresh")

    at_once(8, refresh_thrice)
    assert revoked(database) == 0
    assert all(each.is_in() for each in browsers)


# --- theft ----------------------------------------------------------------------------------------------


@pytest.fixture
def theft(app: Flask, member: Member, database: Database) -> tuple[Member, Member, Member]:
    """The owner, their phone, and a thief with a copy of the owner's tokens, already spent."""
    phone = Member(app)
    phone.log_in()
    thief = member.twin()
    member.get("/account/refresh")
    let_time_pass(database)
    return member, phone, thief


def test_a_stolen_token_ends_its_family_and_no_other(
    theft: tuple[Member, Member, Member], database: Database
) -> None:
    owner, phone, thief = theft
    thief.get("/account/refresh")
    assert not thief.is_in()
    assert not owner.is_in()
    assert phone.is_in()
    assert revoked(database) == 1


def test_the_owner_is_told_once_and_can_log_in_again(
    theft: tuple[Member, Member, Member], mailbox: Mailbox
) -> None:
    owner, _, thief = theft
    copies = [thief.twin() for _ in range(3)]
    for copy in copies:
        copy.get("/account/refresh")
    assert mailbox.subjects("ann@example.com").count(REUSED) == 1
    owner.log_in()
    assert owner.is_in()


def test_a_token_replayed_by_many_at_once_is_told_once(
    theft: tuple[Member, Member, Member], mailbox: Mailbox, database: Database
) -> None:
    copies = [theft[2].twin() for _ in range(8)]
    at_once(8, lambda number: copies[number].get("/account/refresh"))
    assert revoked(database) == 1
    assert mailbox.subjects("ann@example.com").count(REUSED) == 1
    assert not any(each.is_in() for each in copies)


def test_a_thief_who_is_faster_is_found_out_by_the_owner(
    member: Member, database: Database
) -> None:
    thief = member.twin()
    thief.get("/account/refresh")
    let_time_pass(database)
    answer = member.get("/account/refresh", follow_redirects=True)
    assert "copy of your login" in answer.text
    assert not thief.is_in()


def test_a_session_too_long_unused_is_over_and_no_theft(
    member: Member, mailbox: Mailbox, database: Database
) -> None:
    database["auth_sessions"].update_many({}, {"$set": {"expires_at": now() - timedelta(days=1)}})
    member.get("/account/refresh")
    assert not member.is_in()
    assert REUSED not in mailbox.subjects("ann@example.com")


# --- revocation --------------------------------------------------------------------------------------------


def test_every_process_knows_of_an_ended_session_at_once(
    environment: dict[str, str], app: Flask, member: Member
) -> None:
    elsewhere = member.twin(create_app(environment))
    assert elsewhere.is_in()
    again = elsewhere.twin()
    member.log_out()
    assert not again.is_in()


def test_an_ended_session_stays_ended_when_redis_forgets(app: Flask, member: Member) -> None:
    thief = member.twin()
    member.log_out()
    service(Cache, app).client.flushall()
    assert not thief.is_in()


def test_a_slow_reader_does_not_revive_an_ended_session(
    app: Flask, member: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessions, session_id = service(SessionService, app), session_of(member)
    service(Cache, app).client.flushall()
    read = SessionRepository.find

    def slowly(self: SessionRepository, wanted: SessionId) -> Any:
        found = read(self, wanted)
        monkeypatch.setattr(SessionRepository, "find", read)
        sessions.revoke(wanted, found.account_id, "meanwhile")
        return found

    monkeypatch.setattr(SessionRepository, "find", slowly)
    sessions.is_live(session_id)
    assert not sessions.is_live(session_id)


# --- things that must happen once -----------------------------------------------------------------------------


@pytest.mark.parametrize("count", [2, 8])
def test_a_registration_sent_twice_at_once_makes_one_account(
    app: Flask, mailbox: Mailbox, database: Database, count: int
) -> None:
    browser = Member(app)
    form = {
        "csrf_token": browser.token(),
        "email": browser.email,
        "password": PASSWORD,
        "name": "Ann",
    }
    tabs = [browser.twin() for _ in range(count)]
    answers = at_once(count, lambda n: tabs[n].client.post("/account/register", data=form))
    assert {each.status_code for each in answers} <= {303, 409}
    assert database["accounts"].count_documents({}) == 1
    assert mailbox.subjects("ann@example.com") == ["Please confirm your e-mail address"]
    assert Member(app).log_in().status_code == 303


def test_many_who_name_an_address_at_once_leave_one_claim(app: Flask, database: Database) -> None:
    strangers = [Member(app) for _ in range(6)]
    answers = at_once(6, lambda n: strangers[n].register(password=f"{OTHER} {n}").status_code)
    assert set(answers) <= {303, 409}
    assert database["accounts"].count_documents({}) == answers.count(303)
    assert database["accounts"].count_documents({"login": "claimed:ann@example.com"}) == 1


def test_of_many_who_prove_an_address_at_once_one_has_it(
    app: Flask, mailbox: Mailbox, database: Database
) -> None:
    claims = [Member(app) for _ in range(4)]
    for number, claim in enumerate(claims):
        claim.register(password=f"{OTHER} {number}")
    paths = [
        re.search(r"/account/verify/\S+", mail.get_body(("plain",)).get_content())
        for mail in mailbox.read("ann@example.com")
    ]
    tokens = [claim.token() for claim in claims]
    answers = at_once(
        4,
        lambda n: claims[n].client.post(paths[n][0], data={"csrf_token": tokens[n]}).status_code,
    )
    assert Counter(answers) == {303: 1, 422: 3}
    assert database["accounts"].count_documents({"login": "verified:ann@example.com"}) == 1
    assert database["accounts"].count_documents({"verified_at": {"$ne": None}}) == 1


def test_of_passwords_changed_at_once_one_counts(
    app: Flask, member: Member, mailbox: Mailbox
) -> None:
    tabs, token = [member.twin() for _ in range(6)], member.token()

    def change(number: int) -> int:
        form = {"csrf_token": token, "current_password": PASSWORD, "password": f"{OTHER} {number}"}
        return tabs[number].client.post("/account/password", data=form).status_code

    answers = at_once(6, change)
    assert answers.count(303) == 1
    assert set(answers) <= {303, 409, 422}
    working = [n for n in range(6) if Member(app).log_in(f"{OTHER} {n}").status_code == 303]
    assert working == [answers.index(303)]
    assert mailbox.subjects("ann@example.com").count("Your password was changed") == 1


def test_a_reset_link_used_twice_at_once_counts_once(app: Flask, mailbox: Mailbox) -> None:
    make_proven(app, "ann@example.com")
    browsers = [Member(app) for _ in range(4)]
    browsers[0].post("/account/forgot", {"email": "ann@example.com"})
    path = mailbox.link("ann@example.com", "/reset/")
    answers = at_once(4, lambda n: browsers[n].post(path, {"password": f"{OTHER} {n}"}).status_code)
    assert answers.count(303) == 1
    assert set(answers) <= {303, 404, 409}
    assert Member(app).log_in(f"{OTHER} {answers.index(303)}").status_code == 303


def test_addresses_added_at_once_are_all_kept(member: Member, database: Database) -> None:
    tabs, token = [member.twin() for _ in range(8)], member.token()

    def add(number: int) -> int:
        form = {**ADDRESS, "csrf_token": token, "line1": f"{number} Main Street"}
        return tabs[number].client.post("/account/addresses", data=form).status_code

    answers = at_once(8, add)
    assert set(answers) <= {303, 409}
    kept = database["accounts"].find_one()["addresses"]
    assert len(kept) == answers.count(303) >= 4
    assert sum(each["is_default"] for each in kept) == 1


@pytest.fixture
def with_codes(app: Flask, monkeypatch: pytest.MonkeyPatch) -> tuple[AccountId, str, list[str]]:
    """Ann with a second factor: her account, the secret and her recovery codes."""
    account_id = AccountId(make_proven(app, "ann@example.com"))
    monkeypatch.setattr("app.identity.two_factor.time", SimpleNamespace(time=lambda: NOW))
    factor, account = service(TwoFactor, app), service(AccountService, app).get(account_id)
    secret = factor.begin(account)
    return account_id, secret, factor.confirm(account, pyotp.TOTP(secret).at(NOW - 30))


def _open_with(app: Flask, code: str) -> list[int]:
    browsers = [Member(app) for _ in range(6)]
    for browser in browsers:
        browser.log_in()
    tokens = [browser.token() for browser in browsers]

    def enter(number: int) -> int:
        form = {"csrf_token": tokens[number], "code": code}
        return browsers[number].client.post("/account/login/code", data=form).status_code

    return at_once(6, enter)


def test_a_recovery_code_used_by_many_at_once_opens_once(
    app: Flask, with_codes: tuple[AccountId, str, list[str]], database: Database
) -> None:
    assert Counter(_open_with(app, with_codes[2][0])) == {303: 1, 422: 5}
    assert database["auth_sessions"].count_documents({}) == 1


def test_an_apps_code_used_by_many_at_once_opens_once(
    app: Flask, with_codes: tuple[AccountId, str, list[str]], database: Database
) -> None:
    code = pyotp.TOTP(with_codes[1]).at(NOW)
    assert Counter(_open_with(app, code)) == {303: 1, 422: 5}
    assert database["auth_sessions"].count_documents({}) == 1


# --- servers gone ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def own_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Servers that may be stopped without disturbing other tests."""
    stack = Stack(tmp_path_factory.mktemp("own"), environment={}, parts=("mongo", "redis"))
    try:
        stack.start()
        database = Database(stack.environment["MONGODB_URI"])
        upgrade(database)
        database.close()
        yield stack
    finally:
        stack.stop()
        limiter._storage_dead = False


@pytest.fixture
def own_app(own_stack: Stack, tmp_path: Path) -> Iterator[Flask]:
    """A shop on them, all of them running."""
    own_stack.start()
    app = create_app({**own_stack.environment, "MOSSX_DATA_DIR": str(tmp_path)})
    for name in ("accounts", "auth_sessions", "outbox"):
        service(Database, app)[name].delete_many({})
    yield app
    own_stack.start()
    service(Database, app).close()


def test_without_redis_everybody_stays_in_and_logging_out_works(
    own_stack: Stack, own_app: Flask
) -> None:
    member, phone = Member(own_app), Member(own_app)
    member.register()
    phone.log_in()
    own_stack.services["redis"].stop()
    assert member.is_in()
    assert phone.is_in()
    copy = phone.twin()
    member.post("/account/sessions", {"session": "others"})
    assert not copy.is_in()
    assert member.is_in()
    newcomer = Member(own_app)
    newcomer.log_in()
    assert newcomer.is_in()


def test_what_ended_without_redis_stays_ended_when_it_is_back(
    own_stack: Stack, own_app: Flask
) -> None:
    member = Member(own_app)
    member.register()
    thief = member.twin()
    assert thief.is_in()
    own_stack.services["redis"].stop()
    member.log_out()
    own_stack.start()
    assert not thief.is_in()


def test_without_the_database_a_member_is_told_plainly(own_stack: Stack, own_app: Flask) -> None:
    member = Member(own_app)
    member.register()
    service(Cache, own_app).client.flushall()
    own_stack.services["mongo"].stop()
    answer = member.get("/account")
    assert answer.status_code == 503
    assert "please try again soon" in answer.text


def test_carts_are_filled_on_while_redis_forgets_and_dies(own_stack: Stack, own_app: Flask) -> None:
    CatalogMaker(own_app).mug(stock=90)
    member, guest = Member(own_app), Shopper(own_app)
    member.register()
    for number in range(9):
        if number == 3:
            service(Cache, own_app).client.flushall()
        if number == 6:
            own_stack.services["redis"].kill()
        assert member.add("MUG").status_code == 303
        assert guest.add("MUG").status_code == 303
    assert list(member.cart_lines().values()) == [9]
    assert list(guest.cart_lines().values()) == [9]
    assert member.is_in()
