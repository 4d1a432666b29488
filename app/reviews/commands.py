"""``flask reviews …``: reading what buyers wrote, and deciding what is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import click
from flask import current_app
from flask.cli import AppGroup

from app.db.errors import PyMongoError
from app.reviews.models import Review, ReviewId, ReviewState
from app.reviews.rules import parse_handle
from app.reviews.service import ReviewService
from app.shared.errors import ShopError
from app.web.registry import service

review_commands = AppGroup("reviews", help="What buyers say of products.")
_BY = "command line"
T = TypeVar("T")


@review_commands.command("list")
@click.option(
    "--state", type=click.Choice([state.value for state in ReviewState]),
    default=ReviewState.WAITING.value, show_default=True,
)  # fmt: skip
@click.option("--most", type=click.IntRange(1, 1000), default=100, show_default=True)
def list_reviews(state: str, most: int) -> None:
    """Show reviews, by default those that wait to be read, the oldest first."""
    found = _answered(lambda: _reviews().in_state(ReviewState(state), most))
    for review in found:
        _show(review)
    click.echo(f"{len(found)} {state}")


@review_commands.command("publish")
@click.argument("handle")
def publish(handle: str) -> None:
    """Show the review HANDLE, as ``reviews list`` names it (rev_…:1).

    If it was written anew since it was listed, nothing is done.
    """
    review = _answered(lambda: _reviews().publish(*_read(handle), _BY))
    click.echo(f"{review.handle} is {review.state}")


@review_commands.command("refuse")
@click.argument("handle")
@click.option("--reason", default="", help="Told to whoever wrote it.")
def refuse(handle: str, reason: str) -> None:
    """Do not show the review HANDLE (any more)."""
    review = _answered(lambda: _reviews().refuse(*_read(handle), _BY, reason))
    click.echo(f"{review.handle} is {review.state}")


def _reviews() -> ReviewService:
    return service(ReviewService, current_app)


def _read(handle: str) -> tuple[ReviewId, int]:
    try:
        return parse_handle(handle)
    except ValueError as error:
        raise click.BadParameter("this is not as the list names it", param_hint="HANDLE") from error


def _answered(ask: Callable[[], T]) -> T:
    try:
        return ask()
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error


def _show(review: Review) -> None:
    draft = review.draft
    click.echo(f"{review.handle}  {draft.stars}/5  {review.updated_at:%Y-%m-%d %H:%M}")
    click.echo(f"  of {review.product_id} by {draft.name}: {draft.title}")
    for line in draft.text.splitlines():
        click.echo(f"    {line}")
