"""``flask markets …``: the markets as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.db.errors import PyMongoError
from app.markets.documents import to_document
from app.markets.models import Market
from app.markets.service import MarketService
from app.shared.errors import Invalid, ShopError
from app.web.registry import service

market_commands = AppGroup("markets", help="Where the shop sells, and by which rules.")


def _markets() -> MarketService:
    markets = service(MarketService, current_app)
    try:
        markets.follower.renew()
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    return markets


def _json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)


@market_commands.command("list")
def list_markets() -> None:
    """List every market, the default one first."""
    for each in _markets().every():
        click.echo(_line(each))


def _line(market: Market) -> str:
    state = "open" if market.open else "closed"
    tax = f"{market.tax.name} {market.tax.mode}"
    zones = f"{len(market.zones)} zone{'' if len(market.zones) == 1 else 's'}"
    version = f"version {market.version}"
    return "  ".join((market.code, market.name, market.currency, tax, zones, state, version))


@market_commands.command("show")
@click.argument("code")
def show(code: str) -> None:
    """Show the market CODE as the JSON that ``import`` reads."""
    try:
        click.echo(_json(to_document(_markets().get(code))))
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal


@market_commands.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def export(file: Path) -> None:
    """Write every market to FILE."""
    every = _markets().every()
    try:
        file.write_text(_json([to_document(each) for each in every]) + "\n", encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"{len(every)} markets written to {file}")


@market_commands.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def import_file(file: Path) -> None:
    """Store the market, or the list of them, in FILE: new ones, and changes of the versions that
    it names. Repeating it changes nothing."""
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from error
    markets = _markets()
    for each in given if isinstance(given, list) else [given]:
        code = each.get("code") if isinstance(each, dict) else None
        try:
            stored = markets.store(each)
        except Invalid as refusal:
            wrong = "".join(f"\n  {name}: {text}" for name, text in refusal.fields.items())
            raise click.ClickException(f"{code}: {refusal.message}{wrong}") from refusal
        except ShopError as refusal:
            raise click.ClickException(f"{code}: {refusal.message}") from refusal
        except PyMongoError as error:
            raise click.ClickException(f"The database does not answer: {error}") from error
        click.echo(_line(stored))
