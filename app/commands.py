"""The command line: ``flask --app wsgi …``."""

from __future__ import annotations

from datetime import timedelta

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from app.catalog.commands import catalog_commands, demo_commands
from app.checkout.audit import Audit
from app.checkout.reconciliation import Reconciler
from app.db.database import Database
from app.db.errors import PyMongoError
from app.db.migrations import MigrationLocked, upgrade
from app.payments.errors import GatewayRefused, GatewayUnknown, GatewayUnreachable
from app.web.registry import service
from app.worker import Worker

db_commands = AppGroup("db", help="The database's schema.")
payment_commands = AppGroup("payments", help="Payments and their gateways.")


@db_commands.command("upgrade")
def db_upgrade() -> None:
    """Apply every migration that this database has not seen."""
    try:
        applied = upgrade(service(Database, current_app))
    except MigrationLocked as locked:
        raise click.ClickException(str(locked)) from locked
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo("\n".join(f"applied {name}" for name in applied) or "nothing to do")


@payment_commands.command("reconcile")
def payments_reconcile() -> None:
    """Finish or close everything open, then compare the books with the gateways' lists."""
    report = service(Reconciler, current_app).run(older_than=timedelta(0))
    click.echo(
        f"looked at {report.looked_at}, captured {report.captured}, "
        f"closed {report.closed}, holds released {report.released}"
    )
    try:
        found = service(Audit, current_app).run()
    except (GatewayUnknown, GatewayUnreachable, GatewayRefused) as silent:
        raise click.ClickException(f"A gateway's list cannot be read: {silent}") from silent
    for each in found:
        state = "mended" if each.mended else "needs a person"
        name = each.order_number or "no order"
        click.echo(f"{name}, {each.gateway} {each.payment_id}: {each.difference} ({state})")
    click.echo(f"{len(found)} discrepancies with the gateways' lists")
    if not all(each.mended for each in found):
        raise SystemExit(1)


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Handle the outbox and the periodic jobs until SIGTERM."""
    running = service(Worker, current_app)
    running.stop_on_signals()
    running.run()


def init_app(app: Flask) -> None:
    """Register every command."""
    for command in (db_commands, payment_commands, catalog_commands, demo_commands, worker):
        app.cli.add_command(command)
