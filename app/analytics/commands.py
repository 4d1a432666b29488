"""``flask analytics rebuild``."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.analytics.counting import SalesCounting
from app.db.errors import PyMongoError
from app.web.progress import progress_bar
from app.web.registry import service

analytics_commands = AppGroup("analytics", help="The figures of the dashboard.")


@analytics_commands.command("rebuild")
def rebuild() -> None:
    """Count everything anew from orders, captures and refunds."""
    try:
        with progress_bar("Counting orders") as progress:
            orders = service(SalesCounting, current_app).rebuild(progress)
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"{orders} orders counted")
