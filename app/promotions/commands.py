"""``flask promotions …``: promotions and their codes."""

from __future__ import annotations

import csv
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.db.errors import DuplicateKeyError, PyMongoError
from app.markets.service import MarketService
from app.promotions.coupons import Coupons
from app.promotions.definitions import read_definitions
from app.promotions.service import PromotionReport, PromotionService
from app.shared.clock import now
from app.shared.errors import ShopError
from app.web.progress import progress_bar
from app.web.registry import service

promotion_commands = AppGroup("promotions", help="Promotions and coupon codes.")


@promotion_commands.command("list")
def list_promotions() -> None:
    """List every promotion with how it is used."""
    reports = service(PromotionService, current_app).report()
    for report in reports:
        click.echo(_line(report))
    if not reports:
        click.echo("there are no promotions")


def _line(report: PromotionReport) -> str:
    promotion = report.promotion
    how = "automatic" if promotion.automatic else f"{report.codes} codes"
    limit = f" of {promotion.limit_total}" if promotion.limit_total else ""
    days = " to ".join(
        f"{moment:%Y-%m-%d}" if moment else "…"
        for moment in (promotion.starts_at, promotion.ends_at)
    )
    state = "active" if promotion.active else "off"
    used = f"used {report.used}{limit}, held {report.held}"
    kind = promotion.benefit.kind
    return "  ".join((promotion.id, promotion.name, kind, how, days, state, used))


def _market_codes() -> list[str]:
    return [each.code for each in service(MarketService, current_app).every()]


@promotion_commands.command("create")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def create(file: Path) -> None:
    """Create the promotions that a JSON FILE defines, with their codes."""
    promotions = service(PromotionService, current_app)
    try:
        definitions = read_definitions(file.read_text(encoding="utf-8"), _market_codes())
        for definition in definitions:
            promotions.create(definition.promotion, definition.codes)
            click.echo(f"{definition.promotion.id}  {definition.promotion.name}")
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    except DuplicateKeyError as error:
        raise click.ClickException(
            "A promotion of this id, or a code, is there already."
        ) from error
    except (UnicodeDecodeError, OSError) as error:
        raise click.ClickException(f"{file} cannot be read: {error}") from error
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error


@promotion_commands.command("generate")
@click.argument("promotion_id")
@click.argument("count", type=click.IntRange(1, 1_000_000))
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--prefix", default="", help="What every code begins with.")
@click.option(
    "--limit",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Orders a code is good for.",
)
@click.option(
    "--batch",
    default="",
    help="A name under which the codes are found again; the time if none is given.",
)
def generate(
    promotion_id: str, count: int, file: Path, prefix: str, limit: int, batch: str
) -> None:
    """Make COUNT unique codes for PROMOTION_ID and write them to a CSV FILE."""
    coupons = service(Coupons, current_app)
    name = batch or f"{now():%Y-%m-%d %H:%M:%S}"
    try:
        with progress_bar("Making codes") as progress:
            made = coupons.make_batch(
                promotion_id, count, name=name, prefix=prefix, limit=limit, progress=progress
            )
        with file.open("w", encoding="utf-8", newline="") as out:
            writer = csv.writer(out)
            writer.writerow(["code", "limit", "batch"])
            codes = coupons.every(promotion_id, made.name)
            writer.writerows([each.code, each.limit, each.batch] for each in codes)
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"{made.made} codes written to {file}")


@promotion_commands.command("switch")
@click.argument("promotion_id")
@click.argument("state", type=click.Choice(["on", "off"]))
def switch(promotion_id: str, state: str) -> None:
    """Turn a promotion on or off; orders that were placed keep their discount."""
    promotions = service(PromotionService, current_app)
    try:
        promotion = promotions.switch(promotion_id, active=state == "on")
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(f"{promotion.name} is {state}")
