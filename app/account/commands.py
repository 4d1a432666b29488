"""``flask users …``: accounts of people who work here."""

from __future__ import annotations

import secrets
import sys

import click
from flask import current_app
from flask.cli import AppGroup

from app.db.errors import DuplicateKeyError, PyMongoError
from app.identity.models import Role
from app.identity.service import AccountService
from app.identity.staffing import Staffing
from app.identity.two_factor import TwoFactor
from app.shared.errors import ShopError
from app.web.registry import service

user_commands = AppGroup("users", help="Accounts of people who work here.")


@user_commands.command("create-admin")
@click.argument("email")
@click.option("--name", default="", help="How the shop calls them; the address if not given.")
def create_admin(email: str, name: str) -> None:
    """Make EMAIL an owner of the shop: a new account, or the one the address belongs to.

    On a terminal a password is asked for; otherwise, or if none is given, one is made and printed.
    """
    accounts = service(AccountService, current_app)
    try:
        known = accounts.find_proven(email)
        if known is not None:
            service(Staffing, current_app).make_owner(known)
            click.echo(f"{known.email} is an owner now; the password stays as it is.")
            return
        password, made = _password()
        account = accounts.create_proven(email, password, name or email, Role.OWNER)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="EMAIL") from error
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    except DuplicateKeyError as error:
        raise click.ClickException("This account was made just now.") from error
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"{account.email} is an owner now.")
    if made:
        click.echo(f"Password: {password}")


@user_commands.command("reset-second-factor")
@click.argument("email")
def reset_second_factor(email: str) -> None:
    """Turn off the second factor of EMAIL, who has lost it and the recovery codes.

    Who works here sets up another at the next login. Their owner is told by mail.
    """
    accounts = service(AccountService, current_app)
    try:
        known = accounts.find_proven(email)
        if known is None:
            raise click.ClickException(f"Nobody with an account has proven to be {email}.")
        if not known.has_second_factor:
            click.echo(f"{known.email} has no second factor.")
            return
        service(TwoFactor, current_app).reset(known)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="EMAIL") from error
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"The second factor of {known.email} is off: the password alone lets in now.")


def _password() -> tuple[str, bool]:
    """The password, and whether it was made here."""
    if sys.stdin.isatty():
        text = click.prompt(
            "Password (empty: one is made)", default="", hide_input=True, show_default=False
        )
        if text:
            return str(text), False
    return secrets.token_urlsafe(12), True
