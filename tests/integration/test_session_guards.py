"""Each condition under which a refresh token is spent holds by itself, and what ended has ended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.db.database import Database
from app.identity.models import AuthSession
from app.identity.session_repository import SessionRepository
from app.shared.clock import now
from app.shared.ids import AccountId, SessionId
from tests.support.member import Member

ID, LIFE, GRACE = SessionId("ses_1"), timedelta(days=30), timedelta(seconds=10)


@pytest.fixture
def sessions(database: Database) -> SessionRepository:
    """With a session whose token is "first"."""
    sessions = SessionRepository(database)
    auth = AuthSession(
        id=ID, account_id=AccountId("acc_1"), csrf="c", agent="", network="", created_at=now(),
        last_seen_at=now(), revoked_at=None,
    )  # fmt: skip
    sessions.insert(auth, "first", now() + LIFE)
    return sessions


def rotate(sessions: SessionRepository, spent: str, fresh: str, grace: timedelta = GRACE) -> bool:
    moment = now()
    return sessions.rotate(ID, spent, fresh, moment, moment + LIFE, not_since=moment - grace)


def test_a_token_is_spent_once_and_a_fresh_one_not_at_once(sessions: SessionRepository) -> None:
    assert not rotate(sessions, "other", "second")
    assert rotate(sessions, "first", "second")
    assert not rotate(sessions, "first", "second")
    assert not rotate(sessions, "second", "third")
    assert rotate(sessions, "second", "third", -GRACE)


def test_what_is_fresh_or_just_spent_is_so_for_a_moment(sessions: SessionRepository) -> None:
    assert rotate(sessions, "first", "second")
    for since, known in ((now() - GRACE, True), (now() + GRACE, False)):
        assert sessions.is_fresh(ID, "second", since) is known
        assert sessions.was_just_spent(ID, "first", since) is known
        assert not sessions.is_fresh(ID, "first", since)
        assert not sessions.was_just_spent(ID, "second", since)


def test_no_token_of_a_session_that_is_over_is_good(
    database: Database, sessions: SessionRepository
) -> None:
    assert rotate(sessions, "first", "second")
    assert sessions.revoke(ID, "lost", now())
    assert not sessions.revoke(ID, "again", now())
    assert not rotate(sessions, "second", "third", -GRACE)
    assert not sessions.is_fresh(ID, "second", now() - GRACE)
    assert not sessions.was_just_spent(ID, "first", now() - GRACE)
    over = {"revoked_at": None, "expires_at": now() - GRACE}
    database["auth_sessions"].update_one({}, {"$set": over})
    assert not rotate(sessions, "second", "third", -GRACE)
    assert sessions.find(ID) is None


def test_a_tab_of_a_session_that_was_logged_out_is_not_told_of_a_theft(member: Member) -> None:
    tab = member.twin()
    member.log_out()
    page = tab.get("/account/refresh", follow_redirects=True)
    assert "copy of your login" not in page.text
    assert not tab.is_in()


def test_whoever_was_seen_in_a_moment_ago_is_out_at_once(app: Flask, member: Member) -> None:
    phone = Member(app)
    phone.log_in()
    assert phone.is_in()
    assert member.is_in()
    member.post("/account/sessions", {"session": "others"})
    assert not phone.is_in()


def test_the_family_of_a_stolen_token_is_out_at_once(member: Member, database: Database) -> None:
    thief = member.twin()
    member.get("/account/refresh")
    database["auth_sessions"].update_many({}, {"$set": {"rotated_at": now() - 3 * GRACE}})
    assert member.is_in()
    thief.get("/account/refresh")
    assert not member.is_in()
