"""Who comes in, or sets something up, while somebody else does the same or shuts the door."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from flask import Flask

from app.db.database import Database
from app.identity.models import Account
from app.identity.passwords import Passwords
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.identity.two_factor import TwoFactor
from app.shared.ids import AccountId
from app.web.registry import service
from tests.support.member import PASSWORD, Member, make_proven

OTHER = "four loud bitterns"


def test_a_password_that_is_replaced_while_it_is_tried_lets_nobody_in(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    account_id = AccountId(make_proven(app, "ann@example.com"))
    thief = Member(app)
    authenticate = AccountService.authenticate

    def slowly(self: AccountService, email: str, password: str) -> Account:
        """The owner sets another password, and everybody is logged out, in between."""
        opened = authenticate(self, email, password)
        service(AccountService, app).set_password(opened, OTHER)
        service(SessionService, app).revoke_all(account_id, "The password was changed")
        return opened

    monkeypatch.setattr(AccountService, "authenticate", slowly)
    assert thief.log_in().status_code == 422
    assert not thief.is_in()
    assert service(SessionService, app).of_account(account_id) == []


def test_two_who_log_in_at_once_with_a_dated_hash_both_come_in(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_proven(app, "ann@example.com")
    dated = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1).hash(PASSWORD)
    database["accounts"].update_one({}, {"$set": {"password_hash": dated}})
    hash_ = Passwords.hash

    def slowly(self: Passwords, password: str) -> str:
        """Another browser was quicker."""
        monkeypatch.setattr(Passwords, "hash", hash_)
        assert Member(app).log_in().status_code == 303
        return hash_(self, password)

    monkeypatch.setattr(Passwords, "hash", slowly)
    member = Member(app)
    assert member.log_in().status_code == 303
    assert member.is_in()
    assert database["accounts"].find_one()["password_hash"] != dated


def test_tabs_that_set_the_factor_up_at_once_show_one_secret(app: Flask, member: Member) -> None:
    account = service(AccountService, app).find_by_email(member.email)
    assert account is not None
    with ThreadPoolExecutor(6) as pool:
        secrets = list(pool.map(lambda _: service(TwoFactor, app).begin(account), range(6)))
    assert len(set(secrets)) == 1
