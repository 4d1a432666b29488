"""Recovery codes made anew, and the way in of who has lost everything."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from flask import Flask

from app.account.signing_in import CODE_PATH, SET_UP_PATH
from app.db.database import Database
from app.identity.models import Role
from app.identity.service import AccountService
from app.web.registry import service
from tests.functional.test_double_clicks import pressed_twice
from tests.functional.test_two_factor import NOW, set_up, stored
from tests.support.answers import BOTH_WAYS, assert_refused, assert_went_to
from tests.support.member import PASSWORD, Mailbox, Member, make_proven
from tests.support.shopper import soup

CODES = f"{SET_UP_PATH}/codes"


@pytest.fixture(autouse=True)
def _clock_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a factor is set up."""
    monkeypatch.setattr("app.identity.two_factor.time", SimpleNamespace(time=lambda: NOW))


@pytest.fixture
def guarded(app: Flask) -> tuple[Member, list[str]]:
    """Ann, logged in with a second factor, and her recovery codes."""
    make_proven(app, "ann@example.com")
    member = Member(app)
    member.log_in()
    return member, set_up(member)[1]


def _shown(answer: object) -> list[str]:
    return [each.text for each in soup(answer).select(".codes code")]


def _form(member: Member, password: str = PASSWORD) -> dict[str, str]:
    seen = soup(member.get(SET_UP_PATH)).select_one("input[name=seen]")
    assert seen is not None
    return {"password": password, "seen": str(seen["value"])}


@BOTH_WAYS
def test_new_codes_open_and_old_ones_do_not(
    app: Flask, guarded: tuple[Member, list[str]], mailbox: Mailbox, *, htmx: bool
) -> None:
    member, old = guarded
    answer = member.post(CODES, _form(member), htmx=htmx)
    assert answer.status_code == 200
    new = _shown(answer)
    assert len(new) == len(old) == 10
    assert not set(new) & set(old)
    assert mailbox.subjects(member.email)[-1] == "You have new recovery codes"
    newcomer = Member(app)
    newcomer.log_in()
    assert_refused(newcomer.post(CODE_PATH, {"code": old[0]}), "code")
    assert newcomer.post(CODE_PATH, {"code": new[0]}).status_code == 303
    assert "9 recovery codes left" in newcomer.get(SET_UP_PATH).text


def test_each_round_has_codes_of_its_own(guarded: tuple[Member, list[str]]) -> None:
    member, codes = guarded
    known = set(codes)
    for number in range(1, 4):
        known |= set(_shown(member.post(CODES, _form(member))))
        assert len(known) == 10 * (number + 1)


def test_a_double_click_shows_the_codes_that_count(
    app: Flask, guarded: tuple[Member, list[str]], mailbox: Mailbox
) -> None:
    member, _ = guarded
    answers = pressed_twice(member, CODES, _form(member))
    assert {answer.status_code for answer in answers} == {200}
    (codes,) = {tuple(_shown(answer)) for answer in answers}
    assert mailbox.subjects(member.email).count("You have new recovery codes") == 1
    newcomer = Member(app)
    newcomer.log_in()
    assert newcomer.post(CODE_PATH, {"code": codes[9]}).status_code == 303


def test_a_form_of_two_rounds_ago_changes_nothing(
    guarded: tuple[Member, list[str]], database: Database
) -> None:
    member, _ = guarded
    old = _form(member)
    member.post(CODES, old)
    member.post(CODES, _form(member))
    before = stored(database)
    assert member.post(CODES, old).status_code == 409
    assert stored(database) == before


@BOTH_WAYS
@pytest.mark.parametrize("password", ["", "not this one"])
def test_without_the_password_the_codes_stay(
    guarded: tuple[Member, list[str]], database: Database, password: str, *, htmx: bool
) -> None:
    member, _ = guarded
    form, before = _form(member, password), stored(database)
    assert_refused(member.post(CODES, form, htmx=htmx), "password", htmx=htmx)
    assert stored(database) == before


def test_without_a_factor_there_are_none(member: Member, database: Database) -> None:
    before = stored(database)
    assert member.post(CODES, {"password": PASSWORD, "seen": "0"}).status_code == 409
    assert stored(database) == before


def test_who_must_have_a_factor_is_offered_codes_and_no_way_to_do_without(
    app: Flask, database: Database
) -> None:
    account = service(AccountService, app).create_proven(
        "eve@example.com", PASSWORD, "Eve", Role.OWNER
    )
    eve = Member(app, account.email)
    eve.log_in()
    set_up(eve)
    assert eve.get(SET_UP_PATH).text.count('<form class="form"') == 2
    database["accounts"].update_one({}, {"$set": {"second_factor_required": True}})
    page = soup(eve.get(SET_UP_PATH))
    assert [form["action"] for form in page.select("form.form")] == [CODES]


# --- who has lost everything --------------------------------------------------------------------------------


def _command(app: Flask, email: str) -> tuple[int, str]:
    done = app.test_cli_runner().invoke(args=["users", "reset-second-factor", email])
    return done.exit_code, done.output


def test_a_command_lets_somebody_in_who_has_lost_everything(
    app: Flask, guarded: tuple[Member, list[str]], mailbox: Mailbox
) -> None:
    code, said = _command(app, "Ann@Example.com")
    assert (code, "ann@example.com is off" in said) == (0, True)
    assert mailbox.subjects("ann@example.com")[-1] == "Your second factor was turned off"
    assert_went_to(Member(app).log_in(), "/account")
    assert "has no second factor" in _command(app, "ann@example.com")[1]


@pytest.mark.parametrize(
    ("email", "code"), [("nobody@example.com", 1), ("claimed@example.com", 1), ("no address", 2)]
)
def test_the_command_says_whom_it_does_not_know(
    app: Flask, database: Database, email: str, code: int
) -> None:
    Member(app, "claimed@example.com").register()
    before = stored(database)
    done, said = _command(app, email)
    assert done == code
    assert email in said or "e-mail" in said
    assert stored(database) == before
