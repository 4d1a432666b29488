"""Orders and their money from the command line."""

from __future__ import annotations

import getpass
from dataclasses import replace
from datetime import timedelta
from itertools import count
from uuid import uuid4

import click
from flask import current_app
from flask.cli import AppGroup

from app.checkout.audit import WINDOW, Audit
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish, everything
from app.checkout.refunding import Refunding
from app.db.errors import PyMongoError
from app.markets.context import format_money
from app.orders.models import Order
from app.orders.rules import FULFILMENT_LABELS, STATE_LABELS
from app.orders.service import OrderService
from app.payments.errors import GatewayRefused, GatewayUnknown, GatewayUnreachable
from app.payments.models import Refund, RefundState
from app.payments.service import PaymentService
from app.shared.clock import now
from app.shared.errors import ShopError
from app.shared.money import Money
from app.web.progress import progress_bar
from app.web.registry import service

_EVERYTHING = 10_000  # more than is ever open at a time

payment_commands = AppGroup("payments", help="Payments and their gateways.")
order_commands = AppGroup("orders", help="Orders and their history.")


@payment_commands.command("reconcile")
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=WINDOW.days,
    show_default=True,
    help="How far back the gateways' lists are read; after a restore, to before the backup.",
)
def payments_reconcile(days: int) -> None:
    """Finish or close everything open, then compare the books with the gateways' lists."""
    try:
        with progress_bar("Finishing what is open") as progress:
            report = service(Reconciler, current_app).run(timedelta(0), progress, _EVERYTHING)
        click.echo(
            f"looked at {report.looked_at}, captured {report.captured}, "
            f"closed {report.closed}, holds released {report.released}, "
            f"refunds finished {report.refunded}"
        )
        with progress_bar("Comparing payments") as progress:
            read = count(1)
            found = service(Audit, current_app).run(
                timedelta(days=days), lambda *_: progress(next(read), None)
            )
    except (GatewayUnknown, GatewayUnreachable, GatewayRefused) as silent:
        raise click.ClickException(f"A gateway's list cannot be read: {silent}") from silent
    except PyMongoError as error:
        raise click.ClickException(f"The database does not answer: {error}") from error
    for each in found:
        state = "mended" if each.mended else "needs a person"
        name = each.order_number or "no order"
        click.echo(f"{name}, {each.gateway} {each.payment_id}: {each.difference} ({state})")
    click.echo(f"{len(found)} discrepancies with the gateways' lists")
    if not all(each.mended for each in found):
        raise SystemExit(1)


@payment_commands.command("give-back")
@click.argument("gateway")
@click.argument("payment")
@click.option(
    "--days", type=click.IntRange(min=1), default=WINDOW.days, show_default=True,
    help="How far back the gateway's list is read.",
)  # fmt: skip
def payments_give_back(gateway: str, payment: str, days: int) -> None:
    """Give back the money of PAYMENT, which no order of this shop is behind: one that came after
    the backup which was restored. Other shops may use the same account: look first."""
    payments = service(PaymentService, current_app)
    try:
        listed = next(
            (
                each
                for name, each in payments.recent_payments(now() - timedelta(days=days))
                if (name, each.payment.id) == (gateway, payment)
            ),
            None,
        )
        if listed is None:
            raise click.ClickException(f"{gateway} lists no payment {payment!r} of these days.")
        if not payments.give_back_unknown(gateway, listed):
            raise click.ClickException("There is nothing left to give back of it.")
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    except (GatewayUnknown, GatewayUnreachable, GatewayRefused) as silent:
        raise click.ClickException(f"The gateway did not confirm it: {silent}") from silent
    click.echo(f"{gateway} {payment}: given back")


@payment_commands.command("refund")
@click.argument("number")
@click.option(
    "--line",
    "lines",
    multiple=True,
    metavar="POSITION[.PART]=QUANTITY",
    help="Units of a line, or of a part of a set.",
)
@click.option("--shipping", is_flag=True, help="What is left of the shipping costs.")
@click.option("--amount", help="Another amount than the sum of the above, or one without lines.")
@click.option("--all", "whole", is_flag=True, help="Everything that is left.")
@click.option("--to-store-credit", is_flag=True, help="To the shopper's account instead.")
@click.option("--restock", is_flag=True, help="Put the refunded units on the shelf again.")
@click.option("--reason", default="", help="For the timeline.")
@click.option("--key", help="The same key again is the same refund.")
def payments_refund(
    *,
    number: str,
    lines: tuple[str, ...],
    shipping: bool,
    amount: str | None,
    whole: bool,
    to_store_credit: bool,
    restock: bool,
    reason: str,
    key: str | None,
) -> None:
    """Refund order NUMBER: whole, or some lines, or an amount."""
    key = key or str(uuid4())
    try:
        order = service(OrderService, current_app).get_by_number(number)
        refunding = service(Refunding, current_app)
        wish = (
            everything(refunding.balance(order))
            if whole
            else RefundWish(
                quantities=_quantities(lines),
                parts=_part_quantities(lines),
                shipping=shipping,
                amount=_amount(amount, order.currency),
            )
        )
        wish = replace(wish, to_store_credit=to_store_credit)
        by = f"{getpass.getuser()} at the command line"
        refund = refunding.request(order.id, wish, key=key, reason=reason, restock=restock, by=by)
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal
    click.echo(_shown(refund, order))
    if refund.state is RefundState.FAILED:
        raise click.ClickException(refund.failure)
    if refund.state is not RefundState.SUCCEEDED:
        click.echo(f"The gateway has not confirmed it yet; the worker goes on. Key: {key}")


def _quantities(lines: tuple[str, ...]) -> dict[int, int]:
    return {line: units for line, part, units in map(_wanted, lines) if not part}


def _part_quantities(lines: tuple[str, ...]) -> dict[tuple[int, int], int]:
    return {(line, part): units for line, part, units in map(_wanted, lines) if part}


def _wanted(text: str) -> tuple[int, int, int]:
    place, _, quantity = text.partition("=")
    line, dot, part = place.partition(".")
    if not (line.isdecimal() and quantity.isdecimal() and (part.isdecimal() or not dot)):
        message = f"{text!r} is not POSITION=QUANTITY or POSITION.PART=QUANTITY"
        raise click.BadParameter(message, param_hint="--line")
    return int(line), int(part or 0), int(quantity)


def _amount(text: str | None, currency: str) -> Money | None:
    try:
        return Money.from_major(text, currency) if text else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--amount") from error


def _shown(refund: Refund, order: Order) -> str:
    amount = format_money(refund.amount, order.locale)
    return f"{refund.id}  {amount}  {refund.gateway}  {refund.state}"


@order_commands.command("show")
@click.argument("number")
def orders_show(number: str) -> None:
    """Print order NUMBER with its lines, payment attempts, refunds and whole timeline."""
    try:
        order = service(OrderService, current_app).get_by_number(number)
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal

    def money(amount: Money) -> str:
        return format_money(amount, order.locale)

    click.echo(f"{order.number}  {STATE_LABELS[order.state]}  {order.email}")
    click.echo(f"goods: {FULFILMENT_LABELS[order.fulfilment].lower()}")
    click.echo(f"total {money(order.totals.total)}, refunded {money(order.refunded)}")
    for position, line in enumerate(order.lines, 1):
        click.echo(f"  {position}. {line.quantity} × {line.sku} {line.title}  {money(line.total)}")
        for part in line.parts:
            units = part.quantity * line.quantity
            click.echo(f"     {position}.{part.position} {units} × {part.sku} {part.title}")
    for each in order.reductions:
        click.echo(f"  {each.name} {each.code}".rstrip() + f"  −{money(each.amount)}")
    for use in order.credit:
        click.echo(f"  {use.label} {use.credit_id}  −{money(use.amount)}")
    click.echo("payment attempts")
    for attempt in service(PaymentService, current_app).attempts_of(order.id):
        click.echo(f"  {attempt.id}  {attempt.gateway}  {money(attempt.amount)}  {attempt.state}")
    click.echo("refunds")
    for refund in service(Refunding, current_app).of_order(order.id):
        click.echo(f"  {_shown(refund, order)}")
    click.echo("timeline")
    for event in service(OrderService, current_app).timeline(order.id, public_only=False):
        click.echo(f"  {event.at:%Y-%m-%d %H:%M:%S} UTC  {event.message}")
