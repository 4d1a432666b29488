"""Letting go of what is over, in small steps."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from app.db.database import Database
from app.privacy.retention import Retention
from app.shared.clock import now
from app.web.registry import service
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper

DAY = timedelta(days=1)


def _log_entry(number: int, days: int) -> dict[str, object]:
    return {
        "_id": f"aud_{number}", "at": now() - days * DAY, "action": "x", "outcome": "done",
        "actor": {"account_id": "a", "email": "e@staff.example", "role": "owner", "network": ""},
        "note": "", "changes": [], "subjects": [], "undone_by": None, "undoes": None,
    }  # fmt: skip


def test_what_is_over_goes_and_the_rest_stays(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.pay(sandbox)
    ready.add("MUG", 1)
    ready.check_out()
    database["orders"].update_one({"state": "pending"}, {"$set": {"state": "cancelled"}})
    database["webhook_events"].insert_many(
        {"_id": f"stripe:{age}", "gateway": "stripe", "digest": str(age), "payload": "{}",
         "received_at": now() - age * DAY}
        for age in (1, 89, 91, 400)
    )  # fmt: skip
    database["sent_messages"].insert_many(
        {"_id": f"m{age}", "at": now() - age * DAY} for age in (1, 91)
    )
    database["audit_log"].insert_many([_log_entry(1, 729), _log_entry(2, 731)])
    retention = service(Retention, app)

    assert retention.run() == {"audit_log": 1, "webhooks": 2, "sent_messages": 1}
    kept = {each["_id"] for each in database["webhook_events"].find()}
    assert kept >= {"stripe:1", "stripe:89"}
    assert {"stripe:91", "stripe:400"}.isdisjoint(kept)
    assert retention.run() == {}, "again there is nothing to do"

    in_three_months = retention.run(now() + 91 * DAY)
    assert in_three_months["unpaid_orders"] == 1
    by_state = {each["state"]: each for each in database["orders"].find()}
    unpaid, paid = by_state["cancelled"], by_state["paid"]
    assert unpaid["address"]["name"] == ""
    assert unpaid["address"]["country"] == "US"
    assert unpaid["email"].endswith("@erased.invalid")
    assert paid["email"] == "ann@example.com"
    assert paid["address"]["name"] == "Ann Shopper"

    assert retention.run(now() + 366 * 10 * DAY + DAY)["paid_orders"] == 1
    paid = database["orders"].find_one({"state": "paid"})
    assert paid is not None
    assert paid["email"].endswith("@erased.invalid")
    assert paid["totals"] == by_state["paid"]["totals"]


def test_much_is_done_in_batches(app: Flask, database: Database) -> None:
    database["audit_log"].insert_many([_log_entry(number, 800) for number in range(450)])
    assert service(Retention, app).run() == {"audit_log": 450}
    assert database["audit_log"].find_one() is None
