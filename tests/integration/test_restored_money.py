"""Money that moved after the backup: what a restored shop finds out, judged by the ledger."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from app.backup.service import Backups
from app.db.database import Database
from app.shared.clock import now
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS
from tests.support.shopper import Shopper


@GATEWAYS
def test_a_restored_shop_finds_all_that_the_gateways_did_since(
    app: Flask, catalog: CatalogMaker, sandbox: Sandbox, database: Database, tmp_path: Path,
    gateway: str,
) -> None:  # fmt: skip
    sku = catalog.mug(stock=50)
    run = app.test_cli_runner().invoke

    def guest(units: int) -> Shopper:
        shopper = Shopper(app)
        shopper.add(sku, units)
        return shopper

    def number() -> str:
        newest = database["orders"].find_one(sort=[("placed_at", -1)])
        assert newest is not None
        return str(newest["number"])

    # Before: one order is paid; another waits at the gateway's page.
    guest(1).pay(sandbox, gateway)
    paid_before = number()
    waiting = guest(2)
    page = waiting.check_out(gateway=gateway).location
    paid_since = number()
    path = tmp_path / "shop.backup"
    service(Backups, app).create(path, with_media=False)

    # Since: that one is paid, the first is refunded, and a third comes and is paid.
    waiting.come_back(sandbox, page, gateway)
    refunded = run(args=["payments", "refund", paid_before, "--all"])
    assert refunded.exit_code == 0, refunded.output
    guest(3).pay(sandbox, gateway)
    unknown = number()
    moved = sandbox.ledger()["payments"]

    service(Backups, app).restore(path, over=True, skip_numbers=1000)
    states = {each["number"]: each["state"] for each in database["orders"].find()}
    assert states == {paid_before: "paid", paid_since: "pending"}

    first = run(args=["payments", "reconcile", "--days", "2"])
    assert first.exit_code == 1, "one difference needs a person"
    states = {each["number"]: each["state"] for each in database["orders"].find()}
    assert states == {paid_before: "refunded", paid_since: "paid"}
    assert sandbox.ledger()["payments"] == moved, "no money moved by restoring and reconciling"

    (stray,) = (each for each in moved if each["order_number"] == unknown)
    assert (
        f"{gateway} {stray['id']}: payment of no order of this shop (needs a person)"
        in first.output
    )
    again = run(args=["payments", "reconcile", "--days", "2"])
    assert "1 discrepancies" in again.output
    given_back = run(args=["payments", "give-back", gateway, stray["id"]])
    assert given_back.exit_code == 0, given_back.output
    repeated = run(args=["payments", "give-back", gateway, stray["id"]])
    assert repeated.exit_code == 1
    assert "nothing" in repeated.output
    last = run(args=["payments", "reconcile", "--days", "2"])
    assert last.exit_code == 0, last.output
    assert "0 discrepancies" in last.output
    kept = dict(sandbox.captures())
    booked = {
        each["number"]: each["totals"]["total"] - each["refunded"]
        for each in database["orders"].find({"state": "paid"})
    }
    assert kept == booked


@GATEWAYS
def test_a_refund_is_not_taken_for_another_one_that_was_made_before_the_restore(
    app: Flask, catalog: CatalogMaker, sandbox: Sandbox, database: Database, tmp_path: Path,
    gateway: str,
) -> None:  # fmt: skip
    shopper = Shopper(app)
    shopper.add(catalog.mug(stock=50), 2)
    shopper.pay(sandbox, gateway)
    number = str((database["orders"].find_one() or {})["number"])
    path = tmp_path / "shop.backup"
    service(Backups, app).create(path, with_media=False)
    run = app.test_cli_runner().invoke
    assert run(args=["payments", "refund", number, "--amount", "10"]).exit_code == 0
    service(Backups, app).restore(path, over=True, skip_numbers=1000)

    asked = run(args=["payments", "refund", number, "--amount", "25"])
    assert "not confirmed" in asked.output, "the first one took its place, and its key"
    database["refunds"].update_many({}, {"$set": {"lease_until": now()}})
    assert run(args=["payments", "reconcile"]).exit_code == 0
    assert sorted(each["amount"] for each in sandbox.ledger()["refunds"]) == [1000, 2500]
    assert (database["orders"].find_one() or {})["refunded"] == 3500
    assert "0 discrepancies" in run(args=["payments", "reconcile"]).output
