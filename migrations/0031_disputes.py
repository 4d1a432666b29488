"""Disputes of payments: what shoppers' banks ask back."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
    CURRENCY,
    DATE,
    NAME,
    POSITIVE,
    STRING,
    document,
    ensure_collection,
    one_of,
    optional,
)


def upgrade(database: Database) -> None:
    """Create the collection and its indexes; each step may be repeated."""
    ensure_collection(
        database,
        "disputes",
        document(
            {
                "_id": NAME,
                "gateway": one_of(["stripe", "razorpay"]),
                "dispute_id": NAME,
                "order_id": NAME,
                "order_number": NAME,
                "payment_id": NAME,
                "amount": POSITIVE,
                "currency": CURRENCY,
                "reason": STRING,
                "state": one_of(["open", "won", "lost", "closed"]),
                "inquiry": BOOLEAN,
                "respond_by": optional(DATE),
                "opened_at": DATE,
                "updated_at": DATE,
                "version": POSITIVE,
            }
        ),
    )
    database["disputes"].create_index("order_id")
    database["disputes"].create_index([("state", 1), ("opened_at", 1)])
