"""Stock, carts, orders, payments, idempotency keys, webhooks and the outbox."""

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

CART_LIFE = 60 * 24 * 3600
KEY_LIFE = 7 * 24 * 3600
DONE_EVENT_LIFE = 14 * 24 * 3600


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _inventory(database)
    _carts(database)
    _orders(database)
    _payments(database)
    _plumbing(database)


def _inventory(database: Database) -> None:
    ensure_collection(
        database,
        "stock_levels",
        document(
            {
                "_id": NAME,
                "on_hand": INTEGER,
                "reserved": COUNT,
                "available": INTEGER,
                "updated_at": DATE,
            }
        ),
    )
    ensure_collection(
        database,
        "stock_holds",
        document(
            {
                "_id": NAME,
                "state": one_of(["held", "committed", "released"]),
                "lines": list_of(document({"sku": NAME, "quantity": POSITIVE, "limited": BOOLEAN})),
                "expires_at": DATE,
            }
        ),
    )
    database["stock_holds"].create_index([("state", 1), ("expires_at", 1)])
    ensure_collection(
        database,
        "stock_movements",
        document(
            {
                "_id": NAME,
                "sku": NAME,
                "on_hand": INTEGER,
                "reserved": INTEGER,
                "cause": NAME,
                "at": DATE,
            }
        ),
    )
    database["stock_movements"].create_index([("sku", 1), ("at", -1)])


def _carts(database: Database) -> None:
    line = document(
        {"id": NAME, "sku": NAME, "product_id": NAME, "quantity": POSITIVE, "added_at": DATE}
    )
    ensure_collection(
        database,
        "carts",
        document({"_id": NAME, "lines": list_of(line), "version": COUNT, "updated_at": DATE}),
    )
    database["carts"].create_index("updated_at", expireAfterSeconds=CART_LIFE)


def _orders(database: Database) -> None:
    totals = document(
        {"subtotal": COUNT, "discount": COUNT, "shipping": COUNT, "tax": COUNT, "total": POSITIVE}
    )
    ensure_collection(
        database,
        "orders",
        document(
            {
                "_id": NAME,
                "number": NAME,
                "state": one_of(["pending", "paid", "cancelled", "refunded"]),
                "checkout_token": NAME,
                "access_token": NAME,
                "cart_id": NAME,
                "cart_version": COUNT,
                "currency": CURRENCY,
                "email": NAME,
                "lines": {"bsonType": "array", "minItems": 1},
                "totals": totals,
                "claimed": BOOLEAN,
                "placed_at": DATE,
            },
            paid_at=optional(DATE),
        ),
    )
    orders = database["orders"]
    orders.create_index("checkout_token", unique=True)
    orders.create_index("number", unique=True)
    orders.create_index(
        "cart_id",
        unique=True,
        partialFilterExpression={"state": "pending"},
        name="one_open_per_cart",
    )
    orders.create_index([("cart_id", 1), ("cart_version", 1)])
    orders.create_index([("email", 1), ("placed_at", -1)])
    orders.create_index([("state", 1), ("placed_at", -1)])
    orders.create_index([("email", 1), ("content", 1), ("placed_at", -1)])
    ensure_collection(
        database,
        "order_events",
        document(
            {
                "_id": NAME,
                "order_id": NAME,
                "kind": NAME,
                "message": STRING,
                "public": BOOLEAN,
                "at": DATE,
            }
        ),
    )
    database["order_events"].create_index([("order_id", 1), ("at", 1)])


def _payments(database: Database) -> None:
    ensure_collection(
        database,
        "payment_attempts",
        document(
            {
                "_id": NAME,
                "order_id": NAME,
                "gateway": one_of(["stripe", "razorpay"]),
                "state": one_of(
                    ["created", "open", "authorised", "captured", "failed", "expired", "lost"]
                ),
                "open": BOOLEAN,
                "amount": POSITIVE,
                "currency": CURRENCY,
                "cart_version": COUNT,
                "receipt": {"bsonType": "string", "minLength": 1, "maxLength": 40},
                "idempotency_key": NAME,
                "request": {"bsonType": "object"},
                "created_at": DATE,
                "updated_at": DATE,
            },
            session_id=optional(NAME),
        ),
    )
    attempts = database["payment_attempts"]
    attempts.create_index(
        "order_id", unique=True, partialFilterExpression={"open": True}, name="one_open_per_order"
    )
    attempts.create_index([("order_id", 1), ("created_at", 1)])
    attempts.create_index(
        [("gateway", 1), ("session_id", 1)],
        unique=True,
        partialFilterExpression={"session_id": {"$type": "string"}},
    )
    attempts.create_index("receipt", unique=True)
    attempts.create_index([("open", 1), ("updated_at", 1)])
    ensure_collection(
        database,
        "authorisations",
        document(
            {
                "_id": NAME,
                "order_id": NAME,
                "attempt_id": NAME,
                "gateway": NAME,
                "gateway_payment_id": NAME,
                "amount": COUNT,
                "currency": CURRENCY,
                "state": one_of(["returning", "captured", "voided", "left_to_expire", "refunded"]),
                "created_at": DATE,
            }
        ),
    )
    database["authorisations"].create_index(
        [("gateway", 1), ("gateway_payment_id", 1)], unique=True
    )
    database["authorisations"].create_index("order_id")
    database["authorisations"].create_index(
        "state", partialFilterExpression={"state": "returning"}, name="unfinished_returns"
    )
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
            }
        ),
    )
    database["captures"].create_index([("state", 1), ("updated_at", 1)])
    ensure_collection(
        database,
        "refunds",
        document(
            {
                "_id": NAME,
                "order_id": NAME,
                "gateway": NAME,
                "payment_id": NAME,
                "amount": POSITIVE,
                "currency": CURRENCY,
                "state": one_of(["requested", "pending", "succeeded", "failed"]),
                "purpose": NAME,
                "created_at": DATE,
            }
        ),
    )
    database["refunds"].create_index("order_id")
    ensure_collection(
        database,
        "webhook_events",
        document(
            {"_id": NAME, "gateway": NAME, "digest": NAME, "payload": STRING, "received_at": DATE}
        ),
    )
    database["webhook_events"].create_index(
        "digest", unique=True, partialFilterExpression={"gateway": "razorpay"}
    )


def _plumbing(database: Database) -> None:
    ensure_collection(
        database,
        "idempotency_keys",
        document(
            {
                "_id": NAME,
                "fingerprint": NAME,
                "recovery_point": one_of(["started", "placed", "finished"]),
                "locked_until": DATE,
                "created_at": DATE,
            },
            response=optional({"bsonType": "object"}),
        ),
    )
    database["idempotency_keys"].create_index("created_at", expireAfterSeconds=KEY_LIFE)
    ensure_collection(
        database,
        "outbox",
        document(
            {
                "_id": NAME,
                "topic": NAME,
                "payload": {"bsonType": "object"},
                "state": one_of(["pending", "done"]),
                "created_at": DATE,
                "available_at": DATE,
                "tries": COUNT,
                "done": list_of(NAME),
            }
        ),
    )
    database["outbox"].create_index(
        "available_at", partialFilterExpression={"state": "pending"}, name="due"
    )
    database["outbox"].create_index("done_at", expireAfterSeconds=DONE_EVENT_LIFE)
    ensure_collection(database, "counters", document({"_id": NAME, "value": COUNT}))
    ensure_collection(database, "schedules", document({"_id": NAME, "due_at": DATE}))
