"""kill -9 at every named point of a purchase; the next one who looks finishes it."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from flask import Flask

from app.checkout.audit import Audit, Difference, Discrepancy
from app.checkout.audit_models import Action, FindingState
from app.checkout.audit_repository import AuditRepository
from app.checkout.audit_runs import AuditRuns
from app.checkout.reconciliation import Reconciler
from app.checkout.repairs import Repairs
from app.db.database import Database
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from app.worker import Worker
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker
from tests.support.crash import POINTS
from tests.support.dying import die
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS
from tests.support.shopper import Shopper

SETTLING = (
    "authorised, unclaimed",
    "claimed, unsent",
    "fence taken, unsent",
    "sent, answer lost",
    "captured, database stale",
    "booked half-way",
)

VOIDING = ("payment over, claim standing", "claim ended, nobody told")
REFUNDING = (
    "refund stored, unsent",
    "refund's fence taken, unsent",
    "refund sent, outcome unknown",
    "refund seen, not booked",
)
REPAIRING = (
    *REFUNDING,
    "repaired, not noted",
    "repair noted, books not compared",
)


_die = partial(die, "tests.support.crash")


def _recover(app: Flask, database: Database) -> None:
    """Let the time pass that a dead worker's leases last, and run what runs anyway."""
    for collection, field in (
        ("captures", "lease_until"),
        ("refunds", "lease_until"),
        ("outbox", "available_at"),
    ):
        database[collection].update_many({}, {"$set": {field: now()}})
    database["idempotency_keys"].update_many({}, {"$set": {"locked_until": now()}})
    database["schedules"].delete_many({})
    service(Reconciler, app).run(older_than=timedelta(0))
    worker = service(Worker, app)
    while worker.round():
        pass


def _mails(environment: dict[str, str]) -> list[str]:
    folder = Path(environment["MOSSX_DATA_DIR"]) / "mail"
    return sorted(path.name for path in folder.glob("*.eml")) if folder.exists() else []


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    shopper.add(catalog.mug(stock=5), 2)
    return shopper


def test_every_point_is_tried() -> None:
    others = set(POINTS) - set(SETTLING) - set(VOIDING) - set(REPAIRING)
    assert others == {
        "earlier order withdrawn, none placed",  # in tests/credit
        "order stored, gateway not called",
        "nothing due: paid, not answered",  # in tests/credit
        "gateway's page opened, not noted",
        "paid, mail not sent",
        "mail sent, not noted",
        "loser not given back",
        "loser given back, nobody told",
    }


@GATEWAYS
@pytest.mark.parametrize(
    "point", ["order stored, gateway not called", "gateway's page opened, not noted"]
)
def test_the_button_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    gateway: str,
    point: str,
) -> None:
    form = ready.checkout_form(gateway=gateway)
    names = ("mossx_cart", "mossx_visitor")
    cookies = {name: ready.client.get_cookie(name).value for name in names}
    _die(environment, point, "checkout", json.dumps(cookies), json.dumps(form))
    database["idempotency_keys"].update_many({}, {"$set": {"locked_until": now()}})
    again = ready.client.post("/checkout", data=form)
    assert again.status_code == 303
    ready.come_back(sandbox, again.location, gateway)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert database["orders"].count_documents({}) == 1
    assert sandbox.ledger()["sessions"] == 1


@GATEWAYS
@pytest.mark.parametrize("point", SETTLING)
def test_settling_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    gateway: str,
    point: str,
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    _die(environment, point, "settle", attempt["_id"])
    _recover(app, database)
    assert [amount for _, amount in sandbox.captures()] == [4890]
    assert [order["state"] for order in database["orders"].find({})] == ["paid"]
    assert database["payment_attempts"].count_documents({"open": True}) == 0
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 3}
    assert len(_mails(environment)) == 1
    assert service(Audit, app).run() == []


@GATEWAYS
@pytest.mark.parametrize("point", VOIDING)
def test_ending_a_claim_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    gateway: str,
    point: str,
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    _die(environment, "claimed, unsent", "settle", attempt["_id"])
    sandbox.lapse()
    _die(environment, point, "settle", attempt["_id"])
    _recover(app, database)
    assert sandbox.captures() == []
    assert [capture["state"] for capture in database["captures"].find({})] == ["void"]
    assert [order["state"] for order in database["orders"].find({})] == ["cancelled"]
    assert database["payment_attempts"].count_documents({"open": True}) == 0
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 5}
    assert database["order_events"].count_documents({"kind": "cancelled"}) == 1
    assert len(_mails(environment)) == 1
    assert service(Audit, app).run() == []


@pytest.mark.parametrize("point", ["paid, mail not sent", "mail sent, not noted"])
def test_mailing_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    ready.pay(sandbox)
    _die(environment, point, "work")
    _recover(app, database)
    assert len(_mails(environment)) == 1
    assert database["outbox"].count_documents({"state": "pending"}) == 0


@pytest.mark.parametrize("point", ["loser not given back", "loser given back, nobody told"])
def test_giving_back_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    location = ready.check_out(gateway="stripe").location
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    stock = service(InventoryService, app)
    database.in_transaction(lambda session: stock.release(attempt["order_id"], session))
    stock.set_on_hand({Sku("MUG"): 0}, "theft")
    ready.approve(sandbox, location, "stripe")
    _die(environment, point, "settle", attempt["_id"])
    _recover(app, database)
    assert sandbox.captures() == []
    assert sandbox.ledger()["payments"][0]["status"] == "canceled"
    assert [order["state"] for order in database["orders"].find({})] == ["cancelled"]
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 1
    assert [name for name in _mails(environment) if name.startswith("payment-returned")]


@GATEWAYS
@pytest.mark.parametrize("point", REFUNDING)
def test_refunding_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    gateway: str,
    point: str,
) -> None:
    ready.pay(sandbox, gateway)
    order = database["orders"].find_one({})
    assert order
    _die(environment, point, "refund", order["_id"])
    _recover(app, database)
    assert [each["amount"] for each in sandbox.ledger()["refunds"]] == [2145]
    assert [refund["state"] for refund in database["refunds"].find({})] == ["succeeded"]
    assert database["orders"].find_one({}, {"refunded": 1, "_id": 0}) == {"refunded": 2145}
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 4}
    assert len([name for name in _mails(environment) if name.startswith("refunded")]) == 1
    assert service(Audit, app).run() == []


@pytest.mark.parametrize("point", REPAIRING)
def test_repairing_a_difference_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    ready.pay(sandbox)
    order = database["orders"].find_one({})
    assert order
    wrong = Discrepancy(
        difference=Difference.AMOUNT, gateway="stripe", payment_id="pi_1",
        order_number=order["number"], mended=False,
    )  # fmt: skip
    findings = AuditRepository(database)
    findings.store("run_1", [wrong])
    (finding,) = findings.in_states([FindingState.OPEN], 10)
    service(Repairs, app).ask(finding.id, finding.version, Action.REFUND, "Eve")
    _die(environment, point, "work")
    _recover(app, database)
    assert [each["amount"] for each in sandbox.ledger()["refunds"]] == [4890]
    assert sandbox.captures() == []
    assert [refund["state"] for refund in database["refunds"].find({})] == ["succeeded"]
    assert len([name for name in _mails(environment) if name.startswith("refunded")]) == 1
    assert database["outbox"].count_documents({"state": "pending"}) == 0
    service(AuditRuns, app).work()
    (repaired,) = findings.in_states(FindingState, 10)
    assert repaired.state is FindingState.GONE


@pytest.mark.parametrize("point", REFUNDING)
def test_cancelling_a_paid_order_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    ready.pay(sandbox)
    staff = Staff(app)
    _die(environment, point, "cancel", staff.order.id)
    _recover(app, database)
    staff.cancelling.cancel(staff.order.id)
    assert [each["amount"] for each in sandbox.ledger()["refunds"]] == [4890]
    assert staff.order.state is OrderState.REFUNDED
    assert staff.on_hand() == 5
    assert len([name for name in _mails(environment) if name.startswith("cancelled")]) == 1
    assert service(Audit, app).run() == []


@pytest.mark.parametrize("point", REFUNDING)
def test_receiving_a_return_dies(
    app: Flask,
    ready: Shopper,
    sandbox: Sandbox,
    database: Database,
    environment: dict[str, str],
    point: str,
) -> None:
    ready.pay(sandbox)
    staff = Staff(app)
    staff.ship()
    asked = staff.ask({1: 1})
    staff.returns.approve(asked.id)
    _die(environment, point, "receive", asked.id)
    _recover(app, database)
    staff.returns.receive(asked.id, restock=[1])
    assert [each["amount"] for each in sandbox.ledger()["refunds"]] == [2145]
    assert staff.on_hand() == 4
    assert service(Audit, app).run() == []
