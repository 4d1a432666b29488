"""Accounts of the demo store: their passwords are public, so they are for development only."""

from __future__ import annotations

from dataclasses import dataclass

from app.db.errors import DuplicateKeyError
from app.identity.models import Role
from app.identity.service import AccountService


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoLogin:
    """Somebody to log in as."""

    email: str
    password: str
    name: str
    role: Role


DEMO_LOGINS = (
    DemoLogin(
        email="owner@mossx.example",
        password="moss-owner-demo",  # noqa: S106 - for everybody to know
        name="Olive Owner",
        role=Role.OWNER,
    ),
    DemoLogin(
        email="shopper@mossx.example",
        password="moss-shopper-demo",  # noqa: S106 - for everybody to know
        name="Sam Shopper",
        role=Role.CUSTOMER,
    ),
)


def make_demo_accounts(accounts: AccountService) -> None:
    """Make those that are not there yet."""
    for login in DEMO_LOGINS:
        if accounts.find_proven(login.email) is None:
            try:
                accounts.create_proven(login.email, login.password, login.name, login.role)
            except DuplicateKeyError:
                continue  # another process was faster
