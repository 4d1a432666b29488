"""The quiet after a campaign: time passes, what was left open is finished, the books are judged."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from app import create_app
from app.analytics.counting import SalesCounting
from app.checkout.reconciliation import Reconciler
from app.db.database import Database
from app.db.outbox import Outbox
from app.db.schedules import Schedules
from app.shared.clock import now
from app.web.registry import service
from app.worker import Worker
from tests.chaos.judge import judge
from tests.support.dying import end_abandoned_transactions
from tests.support.gateways import Sandbox


def settle_and_judge(
    environment: Mapping[str, str], stock: dict[str, int], seen: Counter[str], rounds: int
) -> dict[str, int]:
    """Let the time pass that abandoned payments have, reconcile, and judge; the returned figures
    must all be zero. The worker must have stopped."""
    end_abandoned_transactions(environment["MONGODB_URI"])
    app = create_app(environment)
    database = service(Database, app)
    worker, reconciler = service(Worker, app), service(Reconciler, app)
    for _ in range(rounds):
        _pass_time(database)
        report = reconciler.run(older_than=timedelta(0))
        events = _drain(service(Outbox, app), database)
        worker.round()
        if not (events or report.looked_at or report.released or report.refunded):
            break
    service(SalesCounting, app).run()
    figures = judge(database, Sandbox(environment["SANDBOX_URL"]).ledger(), stock)
    for state in ("paid", "refunded", "cancelled"):
        seen[f"orders {state}"] = database["orders"].count_documents({"state": state})
    database.close()
    return figures


def _drain(outbox: Outbox, database: Database) -> int:
    """Handle every event that is due, several at once; how many there were."""
    due = {"state": "pending", "available_at": {"$lte": now()}}
    waiting = database["outbox"].count_documents(due)
    worker = Worker(outbox, Schedules(database), ())
    working = threading.Thread(target=worker.run)
    working.start()
    patience = 0.2
    while database["outbox"].find_one(due, {"_id": 1}):
        time.sleep(patience)
        patience = min(2 * patience, 10.0)  # asking costs the more the more there is to do
    worker.stop()
    working.join()
    return waiting


def _pass_time(database: Database) -> None:
    """Two hours later."""
    past = now() - timedelta(hours=2)
    database["payment_attempts"].update_many({"open": True}, {"$set": {"created_at": past, "updated_at": past}})  # fmt: skip
    database["captures"].update_many({"state": {"$ne": "captured"}}, {"$set": {"lease_until": past, "updated_at": past}})  # fmt: skip
    database["refunds"].update_many({}, {"$set": {"lease_until": past}})
    database["stock_holds"].update_many({"state": "held"}, {"$set": {"expires_at": past}})
    database["promotion_uses"].update_many({"state": "held"}, {"$set": {"expires_at": past}})
    database["credit_holds"].update_many({"state": "held"}, {"$set": {"expires_at": past}})
    database["outbox"].update_many({"state": "pending"}, {"$set": {"available_at": past}})
    database["schedules"].delete_many({})
