"""``flask customers …``: the customers' figures."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import AppGroup

from app.customers.figures import CustomerFigures
from app.db.errors import PyMongoError
from app.web.progress import progress_bar
from app.web.registry import service

customer_commands = AppGroup("customers", help="What customers bought.")


@customer_commands.command("rebuild")
def rebuild() -> None:
    """Count every customer's orders anew, while the shop goes on."""
    try:
        with progress_bar("Counting customers") as progress:
            count = service(CustomerFigures, current_app).rebuild(progress)
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"{count} customers counted")
