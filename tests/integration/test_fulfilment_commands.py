"""What staff do from the command line, and what an older database becomes."""

from __future__ import annotations

import importlib

import pytest
from click.testing import Result
from flask import Flask

from app.checkout.refund_rules import RefundWish
from app.fulfilment.models import ReturnState
from app.orders.models import FulfilmentState
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper


@pytest.fixture
def staff(app: Flask, shopper: Shopper, catalog: CatalogMaker, sandbox: Sandbox) -> Staff:
    """A paid order of three mugs, of ten."""
    shopper.add(catalog.mug(stock=10), 3)
    shopper.pay(sandbox)
    return Staff(app)


def run(staff: Staff, *words: str) -> Result:
    return staff.app.test_cli_runner().invoke(args=["orders", *words])


def test_an_order_is_shipped_in_parts(staff: Staff) -> None:
    number = staff.order.number
    first = run(
        staff, "fulfil", number, "--line", "MUG=2", "--carrier", "DHL", "--tracking", "JD01"
    )
    assert first.exit_code == 0, first.output
    assert "2 × MUG" in first.output
    assert "tracking-id=JD01" in first.output
    assert f"{number}: partly shipped" in first.output
    again = run(staff, "fulfil", number.lower(), "--key", "k1")
    assert f"{number}: shipped" in again.output
    assert run(staff, "fulfil", number, "--key", "k1").exit_code == 0
    assert staff.order.shipments == 2
    assert run(staff, "delivered", number).exit_code == 0
    assert staff.order.fulfilment is FulfilmentState.DELIVERED


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("--line", "MUG=4"), 1, "does not have that many units"),
        (("--line", "CUP=1"), 1, "does not have that many units"),
        (("--line", "MUG"), 2, "is not SKU=QUANTITY"),
        (("--line", "MUG=0"), 2, "is not SKU=QUANTITY"),
        (("--tracking", "!"), 1, "tracking number"),
    ],
)
def test_a_bad_shipment_is_refused(
    staff: Staff, words: tuple[str, ...], code: int, message: str
) -> None:
    result = run(staff, "fulfil", staff.order.number, *words)
    assert (result.exit_code, message in result.output) == (code, True), result.output
    assert staff.order.shipments == 0


def test_an_unknown_order_is_refused(staff: Staff) -> None:
    for words in (("fulfil", "MX-1"), ("delivered", "MX-1"), ("returns", "approve", "MX-1-R1")):
        result = run(staff, *words)
        assert result.exit_code == 1
        assert "There is no" in result.output
    assert run(staff, "delivered", staff.order.number).exit_code == 1


def test_returns_go_through_every_step(staff: Staff, sandbox: Sandbox) -> None:
    assert "no returns wait" in run(staff, "returns", "list").output
    staff.ship()
    asked = staff.ask({1: 1})
    other = staff.ask({1: 1})
    listed = run(staff, "returns", "list").output
    assert f"{asked.id}  requested  1 × MUG  It arrived damaged" in listed
    assert run(staff, "returns", "receive", asked.id).exit_code == 1
    assert "approved" in run(staff, "returns", "approve", asked.id, "--answer", "Yes").output
    wrong = run(staff, "returns", "receive", asked.id, "--restock", "CUP")
    assert wrong.exit_code == 2
    received = run(staff, "returns", "receive", asked.id, "--restock", "MUG", "--shipping")
    assert received.exit_code == 0, received.output
    assert "succeeded" in received.output
    assert staff.on_hand() == 8
    assert [refund["amount"] for refund in sandbox.ledger()["refunds"]] == [2145 + 600]
    assert "refused" in run(staff, "returns", "refuse", other.id).output
    assert staff.returns.get(other.id).state is ReturnState.REFUSED
    assert "no returns wait" in run(staff, "returns", "list").output


@pytest.mark.usefixtures("schema_put_back")
def test_orders_from_before_get_their_counters(staff: Staff) -> None:
    staff.refunding.request(
        staff.order.id, RefundWish(quantities={1: 1}), key="k", reason="", restock=True, by="Eve"
    )
    after = staff.order
    migration = importlib.import_module("migrations.0011_fulfilment")
    orders = staff.database["orders"]
    new = ("units", "fulfilment", "shipments", "delivered", "returns", "withdrawn")
    staff.database.command("collMod", "orders", validator={})
    gone = {**dict.fromkeys(new, ""), "handed_over_at": "", "shipping_tax_rate": ""}
    orders.update_one({}, {"$unset": {**gone, "lines.0.tax_rate": ""}})
    schema = staff.database.command("listCollections", filter={"name": "orders"})
    assert schema["cursor"]["firstBatch"][0]["options"].get("validator", {}) == {}
    _put_back_validator(staff)
    for _ in range(2):
        migration.upgrade(staff.database)
    assert staff.order.units == after.units
    assert staff.order.lines[0].tax_rate is None
    with pytest.raises(Exception, match="validation"):
        orders.update_one({}, {"$inc": {"units.0.open": -3}})
    staff.ship()
    assert staff.order.units[0].shipped == 2


def _put_back_validator(staff: Staff) -> None:
    """The validator that the migrations before made."""
    importlib.import_module("migrations.0002_shop").upgrade(staff.database)
    for name in ("0003_refunds", "0007_void_captures"):
        importlib.import_module(f"migrations.{name}").upgrade(staff.database)
