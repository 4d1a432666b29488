"""``flask catalog import``, ``catalog export``, and loading the demo store."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.catalog.csv.exporting import CsvExport
from app.catalog.csv.importing import CsvImport, ImportReport
from app.catalog.demo import DemoLoader, DemoMissing
from app.catalog.service import CatalogService
from app.db.errors import PyMongoError
from app.markets.context import find_market
from app.markets.models import Market
from app.markets.service import MarketService
from app.shared.errors import ShopError
from app.web.progress import progress_bar
from app.web.registry import service

catalog_commands = AppGroup("catalog", help="Products in and out.")
_market_option = click.option(
    "--market", "market_code", default="", show_default="the default one",
    help="The market whose currency the plain price column has.",
)  # fmt: skip


def _market(code: str) -> Market:
    market = find_market(code) if code else service(MarketService, current_app).default
    if market is None:
        raise click.BadParameter(f"there is no market {code!r}", param_hint="--market")
    return market


@catalog_commands.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@_market_option
def import_file(file: Path, market_code: str) -> None:
    """Import a Shopify product CSV. Repeating it changes nothing."""
    importer = service(CsvImport, current_app)
    try:
        with progress_bar("Importing") as progress:
            report = importer.run(file, _market(market_code), progress)
        if report.created or report.updated:
            service(CatalogService, current_app).packer.pack()
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    _tell(report)
    if report.problems:
        raise SystemExit(1)


def _tell(report: ImportReport) -> None:
    for problem in report.problems:
        click.echo(f"line {problem.line}: {problem.reason}", err=True)
    click.echo(
        f"{report.created} created, {report.updated} updated, {report.unchanged} unchanged, "
        f"{report.variants} variants, {report.stock_changes} stock counts changed, "
        f"{len(report.problems)} bad rows"
    )


@catalog_commands.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@_market_option
def export_file(file: Path, market_code: str) -> None:
    """Export every product as a CSV that imports back to the same catalog."""
    exporter = service(CsvExport, current_app)
    try:
        with progress_bar("Exporting") as progress:
            report = exporter.run(file, _market(market_code), progress)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"{report.products} products, {report.variants} variants written to {file}")


def load_demo_catalog() -> None:
    """Load the demo store's range, once: what is there already stays as it is."""
    try:
        with progress_bar("Loading the demo store") as progress:
            added = service(DemoLoader, current_app).run(progress)
    except DemoMissing as missing:
        raise click.ClickException(str(missing)) from missing
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"{added} products added" if added else "the demo store is there already")
