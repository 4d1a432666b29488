"""``flask inventory …``: counting, moving and reading stock until the admin panel does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import click
from flask import current_app
from flask.cli import AppGroup

from app.catalog.models import Policy, PolicyKind
from app.catalog.service import CatalogService
from app.db.errors import PyMongoError
from app.inventory.checking import StockCheck
from app.inventory.locations import Locations
from app.inventory.models import Cause, Movement, StockLevel
from app.inventory.stocktaking import Stocktaking
from app.inventory.thresholds import Thresholds
from app.shared.errors import ShopError
from app.shared.ids import Sku
from app.web.registry import service

inventory_commands = AppGroup("inventory", help="Stock, and the places where it lies.")
_BY = "command line"
_KINDS = {"deny": PolicyKind.DENY, "back-order": PolicyKind.BACK_ORDER,
          "pre-order": PolicyKind.PRE_ORDER, "uncounted": PolicyKind.UNCOUNTED}  # fmt: skip
T = TypeVar("T")


def _answered(ask: Callable[[], T]) -> T:
    """Carry out ``ask``; what the shop refuses ends the command with its message."""
    try:
        return ask()
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error


# --- locations ------------------------------------------------------------------------------------


@inventory_commands.command("locations")
def show_locations() -> None:
    """List the locations, in the order in which they are asked to send something."""
    for each in _answered(service(Locations, current_app).every):
        state = "" if each.active else "  closed"
        place = ", ".join(part for part in (each.address, each.country) if part)
        click.echo(f"{each.code}  {each.name}  priority {each.priority}  {place}{state}".rstrip())


@inventory_commands.command("add-location")
@click.argument("code")
@click.argument("name")
@click.option("--country", default="", help="Two letters; orders that go there come from here.")
@click.option("--address", default="")
@click.option("--priority", default=10, show_default=True, help="The lowest one sends first.")
def add_location(code: str, name: str, country: str, address: str, priority: int) -> None:
    """Open a location."""
    locations = service(Locations, current_app)
    added = _answered(
        lambda: locations.add(code, name, country=country, address=address, priority=priority)
    )
    click.echo(f"opened {added.code}")


@inventory_commands.command("close-location")
@click.argument("code")
def close_location(code: str) -> None:
    """Send nothing from location CODE any more; nothing may lie there."""
    _answered(lambda: service(Locations, current_app).close(code))
    click.echo(f"closed {code}")


@inventory_commands.command("reopen-location")
@click.argument("code")
def reopen_location(code: str) -> None:
    """Send from location CODE again."""
    _answered(lambda: service(Locations, current_app).reopen(code))
    click.echo(f"opened {code}")


# --- stock ----------------------------------------------------------------------------------------


@inventory_commands.command("show")
@click.argument("sku")
def show_stock(sku: str) -> None:
    """Print the stock of SKU at every location."""
    _print(_answered(lambda: service(Stocktaking, current_app).level(Sku(sku))))


@inventory_commands.command("count")
@click.argument("sku")
@click.argument("units", type=int)
@click.option("--location", default="", help="Its code; the default one if none is named.")
def count(sku: str, units: int, location: str) -> None:
    """UNITS of SKU were counted at a location, reserved ones included."""
    _check_sku(sku)
    stock = service(Stocktaking, current_app)
    _print(_answered(lambda: stock.count(Sku(sku), units, location, by=_BY)))


@inventory_commands.command("transfer")
@click.argument("sku")
@click.argument("units", type=int)
@click.option("--from", "source", required=True, metavar="LOCATION")
@click.option("--to", "target", required=True, metavar="LOCATION")
def transfer(sku: str, units: int, source: str, target: str) -> None:
    """Move UNITS of SKU that nobody has ordered from one location to another."""
    stock = service(Stocktaking, current_app)
    _print(_answered(lambda: stock.transfer(Sku(sku), units, source, target, by=_BY)))


@inventory_commands.command("adjust", context_settings={"ignore_unknown_options": True})
@click.argument("sku")
@click.argument("change", type=int)
@click.option("--reason", required=True, help="Kept with the movement.")
@click.option("--location", default="", help="Its code; the default one if none is named.")
@click.option("--damage", is_flag=True, help="They are broken, not miscounted.")
def adjust(sku: str, change: int, reason: str, location: str, damage: bool) -> None:
    """Add CHANGE units of SKU (such as 3 or -2) to what is on hand at a location."""
    stock = service(Stocktaking, current_app)
    cause = Cause.DAMAGE if damage else Cause.CORRECTION
    _print(
        _answered(
            lambda: stock.adjust(Sku(sku), change, location, reason=reason, by=_BY, cause=cause)
        )
    )


@inventory_commands.command("history")
@click.argument("sku")
@click.option("--before", type=click.IntRange(min=1), help="A movement's number; older ones alone.")
@click.option("--most", type=click.IntRange(1, 1000), default=50, show_default=True)
def history(sku: str, before: int | None, most: int) -> None:
    """Print what became of SKU, the newest movement first."""
    page = _answered(lambda: service(Stocktaking, current_app).history(Sku(sku), before, most))
    for movement in page.movements:
        click.echo(_movement(movement))
    if page.before:
        click.echo(f"older ones: --before {page.before}")


@inventory_commands.command("check")
def check() -> None:
    """Add up every movement, and compare it with the stock; ends with 1 on a difference."""
    found = _answered(service(StockCheck, current_app).run)
    for each in found:
        click.echo(each.text)
    click.echo(f"{len(found)} differences")
    if found:
        raise click.exceptions.Exit(1)


# --- thresholds and policies ----------------------------------------------------------------------


@inventory_commands.command("low")
@click.option("--most", type=click.IntRange(1, 10_000), default=500, show_default=True)
def low(most: int) -> None:
    """List what is at its threshold or below, what came there last first."""
    found = _answered(lambda: service(Thresholds, current_app).low(most))
    for each in found:
        click.echo(f"{each.sku}  {each.available} left, told at {each.low_at}")
    click.echo(f"{len(found)} low")


@inventory_commands.command("threshold")
@click.argument("units", type=int, required=False)
@click.option("--sku", help="For it alone; without UNITS it has the shop's again.")
def threshold(units: int | None, sku: str | None) -> None:
    """Tell staff at UNITS or less, for the whole shop or for one SKU."""
    thresholds = service(Thresholds, current_app)
    if sku:
        _answered(lambda: thresholds.set_own(Sku(sku), units))
        click.echo(f"{sku}: {'the shop’s threshold' if units is None else units}")
    else:
        if units is not None:
            wanted = units
            _answered(lambda: thresholds.set_shop(wanted))
        click.echo(f"the shop: {_answered(thresholds.of_shop)}")


@inventory_commands.command("policy")
@click.argument("sku")
@click.argument("kind", type=click.Choice(list(_KINDS)), required=False)
@click.option("--limit", type=int, help="Units to sell beyond those that are there.")
@click.option("--days", type=int, help="They are sent in about so many days.")
@click.option("--ships-on", type=click.DateTime(["%Y-%m-%d"]), help="They are sent on that day.")
def policy(
    sku: str, kind: str | None, limit: int | None, days: int | None, ships_on: datetime | None
) -> None:
    """Show, or with KIND change, how SKU is sold when nothing of it is there."""
    selling = service(CatalogService, current_app).selling
    if kind is None and (limit, days, ships_on) != (None, None, None):
        raise click.UsageError("name the policy: deny, back-order, pre-order or uncounted")
    if kind is not None:
        wanted = Policy(
            kind=_KINDS[kind],
            limit=limit,
            days=days,
            ships_on=ships_on.replace(tzinfo=UTC) if ships_on else None,
        )
        _answered(lambda: selling.set_policy(Sku(sku), wanted))
    click.echo(f"{sku}: {_policy(_answered(lambda: selling.policy_of(Sku(sku))))}")


def _policy(known: Policy) -> str:
    words = [known.kind.value.replace("_", "-")]
    if known.kind is not PolicyKind.DENY:
        words.append("without limit" if known.limit is None else f"up to {known.limit}")
    if known.days:
        words.append(f"in about {known.days} days")
    if known.ships_on:
        words.append(f"on {known.ships_on:%Y-%m-%d}")
    return ", ".join(words)


def _check_sku(sku: str) -> None:
    """Only what the shop sells is counted: a slip of the pen makes no stock of nothing."""
    if not _answered(lambda: service(CatalogService, current_app).names_of([Sku(sku)])):
        raise click.ClickException(f"There is no variant {sku}.")


def _print(level: StockLevel) -> None:
    for code, shelf in sorted(level.shelves.items()):
        numbers = f"{shelf.on_hand} on hand, {shelf.reserved} reserved, {shelf.available} available"
        click.echo(f"{level.sku} at {code}: {numbers}")
    numbers = f"{level.on_hand} on hand, {level.reserved} reserved, {level.available} available"
    click.echo(f"{level.sku} in all: {numbers}")


def _movement(each: Movement) -> str:
    parts = [
        f"{each.number}",
        f"{each.at:%Y-%m-%d %H:%M:%S}",
        each.why.cause.value,
        f"at {each.location}",
        f"on hand {each.on_hand:+}, reserved {each.reserved:+}",
        f"then {each.after.on_hand} and {each.after.reserved}",
        f"by {each.why.by}",
        each.why.order_id,
        each.why.reason,
    ]
    return "  ".join(part for part in parts if part)
