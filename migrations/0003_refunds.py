"""Refunds by line, taken out of what a capture has left."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
    COUNT,
    CURRENCY,
    DATE,
    INTEGER,
    NAME,
    POSITIVE,
    STRING,
    document,
    ensure_collection,
    list_of,
    one_of,
    optional,
)


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    for capture in database["captures"].find({"refundable": {"$exists": False}}):
        database["captures"].update_one(
            {"_id": capture["_id"], "refundable": {"$exists": False}},
            {"$set": {"refundable": capture["amount"], "refund_count": 0}},
        )
    database["orders"].update_many({"refunded": {"$exists": False}}, {"$set": {"refunded": 0}})
    ensure_collection(
        database,
        "captures",
        document(
            {
                "_id": NAME,
                "attempt_id": NAME,
                "gateway": NAME,
                "payment_id": NAME,
                "amount": POSITIVE,
                "currency": CURRENCY,
                "fence": COUNT,
                "state": one_of(["claimed", "sending", "captured"]),
                "lease_until": DATE,
                "updated_at": DATE,
                "refundable": COUNT,
                "refund_count": COUNT,
            }
        ),
    )
    line = document({"position": POSITIVE, "quantity": POSITIVE, "amount": COUNT})
    ensure_collection(
        database,
        "refunds",
        document(
            {
                "_id": NAME,
                "order_id": NAME,
                "attempt_id": NAME,
                "gateway": NAME,
                "payment_id": NAME,
                "purpose": NAME,
                "request_key": NAME,
                "amount": POSITIVE,
                "currency": CURRENCY,
                "lines": list_of(line),
                "shipping": COUNT,
                "adjustment": INTEGER,
                "reason": STRING,
                "restock": BOOLEAN,
                "state": one_of(["requested", "sending", "pending", "succeeded", "failed"]),
                "fence": COUNT,
                "key_round": COUNT,
                "failure": STRING,
                "lease_until": DATE,
                "created_at": DATE,
                "updated_at": DATE,
            },
            gateway_refund_id=optional(NAME),
        ),
    )
    refunds = database["refunds"]
    refunds.create_index([("order_id", 1), ("request_key", 1)], unique=True)
    refunds.create_index([("state", 1), ("updated_at", 1)])
