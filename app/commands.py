"""The command line: ``flask --app wsgi …``."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext

from app.account.commands import user_commands
from app.account.demo import make_demo_accounts
from app.account.key_commands import key_commands
from app.analytics.commands import analytics_commands
from app.backup.commands import backup_commands
from app.catalog.commands import catalog_commands, load_demo_catalog
from app.checkout.commands import order_commands, payment_commands
from app.config import Settings
from app.credit.commands import credit_commands
from app.customers.commands import customer_commands
from app.db.database import Database
from app.db.errors import PyMongoError
from app.db.migrations import MigrationLocked, upgrade
from app.fulfilment.commands import add_order_commands
from app.identity.service import AccountService
from app.inventory.commands import inventory_commands
from app.inventory.demo import make_demo_locations
from app.inventory.locations import Locations
from app.inventory.stocktaking import Stocktaking
from app.markets.commands import market_commands
from app.markets.service import MarketService
from app.monitoring.shop_figures import ShopFigures
from app.monitoring.worker_port import WorkerPort
from app.pages.demo import make_demo_pages
from app.pages.service import ContentPages
from app.promotions.commands import promotion_commands
from app.promotions.demo import make_demo_promotions
from app.promotions.service import PromotionService
from app.recommendations.commands import recommendation_commands
from app.reviews.commands import review_commands
from app.shared import tracing
from app.shop.demo import describe_demo_shop
from app.shop.profile import ShopProfiles
from app.web.registry import service
from app.worker import Worker

db_commands = AppGroup("db", help="The database's schema.")
demo_commands = AppGroup("demo", help="The demo store.")


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


@demo_commands.command("load")
def load_demo() -> None:
    """Load the demo store with its promotions and, in development, its logins, once."""
    load_demo_catalog()
    describe_demo_shop(service(ShopProfiles, current_app))
    make_demo_pages(service(ContentPages, current_app))
    make_demo_locations(service(Locations, current_app), service(Stocktaking, current_app))
    if not service(Settings, current_app).is_production:
        make_demo_accounts(service(AccountService, current_app))
    codes = [each.code for each in service(MarketService, current_app).every()]
    make_demo_promotions(service(PromotionService, current_app), codes)


@click.command("worker")
@with_appcontext
def worker() -> None:
    """Handle the outbox and the periodic jobs until SIGTERM."""
    running = service(Worker, current_app)
    port = service(Settings, current_app).worker_metrics_port
    if port:
        WorkerPort(running, [service(ShopFigures, current_app)], port).start()
    running.stop_on_signals()
    running.run()
    tracing.end()


def init_app(app: Flask) -> None:
    """Register every command."""
    add_order_commands(order_commands)
    for command in (
        db_commands,
        payment_commands,
        order_commands,
        catalog_commands,
        market_commands,
        demo_commands,
        user_commands,
        key_commands,
        backup_commands,
        promotion_commands,
        credit_commands,
        customer_commands,
        recommendation_commands,
        analytics_commands,
        review_commands,
        inventory_commands,
        worker,
    ):
        app.cli.add_command(command)
