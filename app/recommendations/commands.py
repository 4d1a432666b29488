"""``flask recommendations evaluate`` and ``recommendations rebuild``."""

from __future__ import annotations

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from rich.console import Console
from rich.table import Table

from app.db.errors import PyMongoError
from app.orders.service import OrderService
from app.recommendations.baskets import read_baskets
from app.recommendations.counting import OrderCounting
from app.recommendations.evaluation import AT, Evaluation, evaluate
from app.shared.errors import ShopError
from app.web.progress import progress_bar
from app.web.registry import service

recommendation_commands = AppGroup("recommendations", help="What is bought together.")


@recommendation_commands.command("evaluate")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--seed", default=0, show_default=True, help="Another seed, another random split.")
@click.option(
    "--holdout", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.2,
    show_default=True, help="The share of baskets to test on.",
)  # fmt: skip
def evaluate_file(file: Path, seed: int, holdout: float) -> None:
    """Compare the shop's recommendations with bestsellers on a FILE of baskets.

    A basket is a line; its items are separated by commas.
    """
    try:
        baskets = read_baskets(file)
        with progress_bar("Evaluating") as progress:
            result = evaluate(baskets, seed=seed, holdout=holdout, progress=progress)
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    _show(result, seed, holdout)


def _show(result: Evaluation, seed: int, holdout: float) -> None:
    click.echo(
        f"{result.baskets} baskets, {result.items} items; learnt from {result.learnt}, "
        f"tested on {result.tested} ({result.left_out} with fewer than 2 items left out); "
        f"seed {seed}, holdout {holdout:g}"
    )
    table = Table("method", f"hit rate at {AT}", f"coverage at {AT}")
    for name, outcome in (("recommendations", result.ours), ("popularity", result.popularity)):
        table.add_row(name, f"{outcome.hit_rate:.4f}", f"{outcome.coverage:.4f}")
    Console(width=80).print(table)


@recommendation_commands.command("rebuild")
def rebuild() -> None:
    """Count every paid order that is not counted yet. Repeating it changes nothing."""
    counting = service(OrderCounting, current_app)
    try:
        orders = service(OrderService, current_app).sold_ids()
        with progress_bar("Counting orders") as progress:
            changed = 0
            for done, order_id in enumerate(orders, 1):
                changed += counting.follow(order_id)
                progress(done, len(orders))
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    click.echo(f"{len(orders)} sold orders, {changed} newly counted")
