"""``flask credit …``: gift cards and store credit."""

from __future__ import annotations

import getpass
from datetime import timedelta

import click
from flask import current_app
from flask.cli import AppGroup

from app.credit.codes import show_code
from app.credit.models import CreditAccount, CreditState, Recipient
from app.credit.service import CreditService
from app.identity.service import AccountService
from app.markets.context import format_money
from app.shared.clock import now
from app.shared.emails import normal_email
from app.shared.errors import NotFound, ShopError
from app.shared.ids import CreditId
from app.shared.money import Money
from app.web.registry import service

credit_commands = AppGroup("credit", help="Gift cards and store credit.")


def _by() -> str:
    return f"{getpass.getuser()} at the command line"


def _amount(text: str, currency: str) -> Money:
    try:
        return Money.from_major(text, currency.upper())
    except (ValueError, KeyError) as error:
        raise click.BadParameter(str(error), param_hint="AMOUNT") from error


@credit_commands.command("issue")
@click.argument("amount")
@click.argument("currency")
@click.option("--email", help="Send it there.")
@click.option("--message", default="", help="What the mail says.")
@click.option("--days", type=click.IntRange(1), help="How long it can be spent; else for ever.")
def issue(amount: str, currency: str, email: str | None, message: str, days: int | None) -> None:
    """Issue a gift card of AMOUNT CURRENCY and print its code."""
    credit = service(CreditService, current_app)
    try:
        recipient = Recipient(email=normal_email(email), message=message) if email else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--email") from error
    try:
        card = credit.issue_card(
            _amount(amount, currency),
            by=_by(),
            expires_at=now() + timedelta(days=days) if days else None,
            recipient=recipient,
        )
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{card.id}  {show_code(credit.code_of(card))}  {_money(card.balance)}")


@credit_commands.command("grant")
@click.argument("account_email")
@click.argument("amount")
@click.argument("currency")
@click.option("--reason", required=True, help="For the ledger.")
@click.option("--key", default="", help="The same key again changes nothing.")
def grant(account_email: str, amount: str, currency: str, reason: str, key: str) -> None:
    """Add AMOUNT CURRENCY to the store credit of ACCOUNT_EMAIL; a negative amount takes it."""
    owner = service(AccountService, current_app).find_by_email(account_email)
    if owner is None:
        raise click.ClickException(f"There is no account {account_email}.")
    try:
        account = service(CreditService, current_app).grant(
            owner.id, _amount(amount, currency), reason=reason, by=_by(), key=key
        )
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{account.id}  {_money(account.balance)}")


@credit_commands.command("disable")
@click.argument("card")
@click.option("--enable", is_flag=True, help="Let it be spent again.")
def disable(card: str, *, enable: bool) -> None:
    """Disable the account CARD (an id or a code); it still takes refunds."""
    state = CreditState.ACTIVE if enable else CreditState.DISABLED
    account = service(CreditService, current_app).set_state(_find(card).id, state)
    click.echo(f"{account.id} is {account.state}")


@credit_commands.command("show")
@click.argument("card")
def show(card: str) -> None:
    """Print the account CARD (an id or a code) and everything that happened to it."""
    account = _find(card)
    click.echo(
        f"{account.id}  {account.label}  {account.state}  balance {_money(account.balance)}, "
        f"held {_money(account.held)}, available {_money(account.available)}"
    )
    for entry in service(CreditService, current_app).history(account.id):
        what = f"{entry.cause}  {_money(entry.amount)}  held {_money(entry.held)}"
        click.echo(f"  {entry.at:%Y-%m-%d %H:%M:%S} UTC  {what}  {entry.order_id or ''} {entry.by}")


@credit_commands.command("check")
def check() -> None:
    """Compare every balance with the sum of its entries."""
    faults = service(CreditService, current_app).check()
    for fault in faults:
        click.echo(f"{fault.credit_id}: {fault.message}")
    click.echo(f"{len(faults)} accounts differ from their entries")
    if faults:
        raise SystemExit(1)


def _find(text: str) -> CreditAccount:
    credit = service(CreditService, current_app)
    try:
        return credit.find_by_code(text) or credit.get(CreditId(text))
    except NotFound as missing:
        raise click.ClickException(missing.message) from missing


def _money(amount: Money) -> str:
    return format_money(amount, "en")
