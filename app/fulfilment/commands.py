"""What staff do with orders, from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext

from app.checkout.refunding import Refunding
from app.fulfilment.carriers import carrier_codes, tracking_url
from app.fulfilment.errors import NotShippable
from app.fulfilment.invoicing import Invoicing
from app.fulfilment.models import ReturnRequest, Shipment
from app.fulfilment.papers import PaperWriter
from app.fulfilment.returns import GoodsReturns
from app.fulfilment.rules import REASON_LABELS
from app.fulfilment.shipping import Shipping
from app.inventory.locations import Locations
from app.inventory.models import LocationCode
from app.orders.models import Order
from app.orders.rules import FULFILMENT_LABELS
from app.orders.service import OrderService
from app.shared.errors import ShopError
from app.web.registry import service

T = TypeVar("T")


def add_order_commands(orders: AppGroup) -> None:
    """Add to the group ``orders``."""
    for command in (fulfil, delivered, packing_slip, returns):
        orders.add_command(command)


def _or_refuse(work: Callable[[], T]) -> T:
    """Carry out ``work``; what the shop refuses ends the command with its message."""
    try:
        return work()
    except ShopError as refusal:
        raise click.ClickException(refusal.message) from refusal


def _order(number: str) -> Order:
    return _or_refuse(lambda: service(OrderService, current_app).get_by_number(number))


@click.command("fulfil")
@click.argument("number")
@click.option("--line", "lines", multiple=True, metavar="SKU=QUANTITY", help="Units to ship.")
@click.option("--carrier", default="", help=f"{', '.join(carrier_codes())}, or any other name.")
@click.option("--tracking", default="", help="The parcel's number.")
@click.option("--key", help="The same key again is the same shipment.")
@with_appcontext
def fulfil(
    number: str, lines: tuple[str, ...], carrier: str, tracking: str, key: str | None
) -> None:
    """Ship order NUMBER: some lines, or everything that is open."""
    order = _order(number)
    shipping = service(Shipping, current_app)

    def ship() -> Shipment:
        units = _units(order, lines) if lines else None
        return shipping.ship(
            order.id, units, key=key or str(uuid4()), carrier=carrier, tracking=tracking
        )

    shipment = _or_refuse(ship)
    for each in shipment.lines:
        click.echo(f"{each.quantity} × {order.lines[each.position - 1].sku}")
    left = ", ".join(dict.fromkeys(each.location for each in shipment.places))
    if left:
        click.echo(f"from {left}")
    url = tracking_url(shipment.carrier, shipment.tracking)
    click.echo(f"shipment {shipment.number}{f', {url}' if url else ''}")
    click.echo(f"{order.number}: {FULFILMENT_LABELS[_order(number).fulfilment].lower()}")


def _units(order: Order, lines: tuple[str, ...]) -> dict[int, int]:
    """Quantities by position. A SKU that is on several lines is taken from the first ones."""
    units: dict[int, int] = {}
    for text in lines:
        sku, _, typed = text.rpartition("=")
        if not (sku and typed.isdecimal() and int(typed)):
            raise click.BadParameter(f"{text!r} is not SKU=QUANTITY", param_hint="--line")
        wanted = int(typed)
        for position, line in enumerate(order.lines, 1):
            if line.sku == sku and wanted:
                taken = min(wanted, order.units[position - 1].open - units.get(position, 0))
                units[position] = units.get(position, 0) + taken
                wanted -= taken
        if wanted:
            raise NotShippable
    return units


@click.command("delivered")
@click.argument("number")
@click.option("--shipment", type=click.IntRange(min=1), help="Its number; by default every one.")
@with_appcontext
def delivered(number: str, shipment: int | None) -> None:
    """Note that the shipments of order NUMBER arrived."""
    order = _order(number)
    shipping = service(Shipping, current_app)
    found = [
        each for each in shipping.of_order(order.id) if shipment is None or each.number == shipment
    ]
    if not found:
        raise click.ClickException("There is no such shipment.")
    for each in found:
        shipping.deliver(each.id)
    click.echo(f"{order.number}: {FULFILMENT_LABELS[_order(number).fulfilment].lower()}")


@click.command("packing-slip")
@click.argument("number")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@click.option("--shipment", type=click.IntRange(min=1), help="By default what is still to ship.")
@with_appcontext
def packing_slip(number: str, file: Path, shipment: int | None) -> None:
    """Write the packing slip of order NUMBER to FILE, as PDF."""
    order = _order(number)
    shipments = {each.number: each for each in service(Shipping, current_app).of_order(order.id)}
    if shipment is not None and shipment not in shipments:
        raise click.ClickException("There is no such shipment.")
    chosen = shipments[shipment] if shipment is not None else None
    shipping = service(Shipping, current_app)
    paper = service(PaperWriter, current_app).packing_slip(
        order,
        service(Invoicing, current_app).seller,
        chosen,
        service(Refunding, current_app).of_order(order.id),
        places=chosen.places if chosen else shipping.places_to_pick(order),
        names=service(Locations, current_app).names(),
        owed={} if chosen else shipping.owed(order),
    )
    if not paper.table.rows:
        raise click.ClickException("Nothing of this order is to be shipped; name a --shipment.")
    from app.fulfilment.pdf import render  # with its fonts, too much for all other commands

    try:
        file.write_bytes(render(paper))
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}") from error
    click.echo(f"wrote {file}")


returns = AppGroup("returns", help="Goods that come back.")


@returns.command("list")
def returns_list() -> None:
    """Print the returns that wait for staff, the oldest first."""
    waiting = service(GoodsReturns, current_app).waiting()
    for each in waiting:
        _print(each)
    if not waiting:
        click.echo("no returns wait")


@returns.command("approve")
@click.argument("number")
@click.option("--answer", default="", help="For the shopper.")
def returns_approve(number: str, answer: str) -> None:
    """Let the goods of return NUMBER be sent back."""
    _print(_or_refuse(lambda: service(GoodsReturns, current_app).approve(number, answer)))


@returns.command("refuse")
@click.argument("number")
@click.option("--answer", default="", help="For the shopper.")
def returns_refuse(number: str, answer: str) -> None:
    """Refuse return NUMBER."""
    _print(_or_refuse(lambda: service(GoodsReturns, current_app).refuse(number, answer)))


@returns.command("receive")
@click.argument("number")
@click.option("--restock", multiple=True, metavar="SKU", help="Put its units on the shelf again.")
@click.option("--restock-all", is_flag=True, help="Put everything on the shelf again.")
@click.option("--location", default="", help="Put them there, not where they left.")
@click.option("--shipping", is_flag=True, help="Pay back what is left of the shipping costs, too.")
def returns_receive(
    number: str, restock: tuple[str, ...], restock_all: bool, location: str, shipping: bool
) -> None:
    """Book the goods of return NUMBER, and pay them back."""
    goods = service(GoodsReturns, current_app)
    known = _or_refuse(lambda: goods.get(number))
    order = service(OrderService, current_app).get(known.order_id)
    skus = {line.position: order.lines[line.position - 1].sku for line in known.lines}
    unknown = set(restock) - set(skus.values())
    if unknown:
        raise click.BadParameter(f"{', '.join(sorted(unknown))} is not in this return")
    chosen = [at for at, sku in skus.items() if restock_all or sku in restock]
    received = _or_refuse(
        lambda: goods.receive(
            known.id,
            restock=chosen,
            location=LocationCode(location) if location else None,
            with_shipping=shipping,
            by="staff",
        )
    )
    _print(received)
    refund = goods.refund_of(received)
    click.echo(f"refund {refund.id}: {refund.state}" if refund else "nothing was left to refund")


def _print(known: ReturnRequest) -> None:
    order = service(OrderService, current_app).get(known.order_id)
    goods = ", ".join(
        f"{line.quantity} × {order.lines[line.position - 1].sku}" for line in known.lines
    )
    click.echo(f"{known.id}  {known.state}  {goods}  {REASON_LABELS[known.reason]}")
    if known.comment:
        click.echo(f"  {' '.join(known.comment.split())}")
