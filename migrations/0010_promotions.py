"""Promotions, their coupon codes, and who used them.

Something is taken from a counter or a code only while at least one use is left, and a slot is held
once: so no limit is exceeded, whatever happens at the same moment.
"""

from __future__ import annotations

from app.db.database import Database, Document
from app.db.schema import (
    BOOLEAN,
    COUNT,
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
    _promotions(database)
    _uses(database)
    _orders_and_carts(database)


def _promotions(database: Database) -> None:
    kinds = one_of(["percentage", "fixed", "free_shipping", "buy_get", "bundle"])
    ensure_collection(
        database,
        "promotions",
        document(
            {
                "_id": NAME,
                "name": NAME,
                "automatic": BOOLEAN,
                "active": BOOLEAN,
                "benefit": document({"kind": kinds}),
                "scope": {"bsonType": "object"},
                "conditions": {"bsonType": "object"},
                "stacking": one_of(["combinable", "alone_in_level", "exclusive"]),
                "priority": INTEGER,
                "limit_total": optional(POSITIVE),
                "limit_per_customer": optional(POSITIVE),
                "until": DATE,
                "revision": POSITIVE,
            },
            starts_at=optional(DATE),
            ends_at=optional(DATE),
        ),
    )
    database["promotions"].create_index([("automatic", 1), ("active", 1), ("until", 1)])
    # Below zero only where the owner has lowered the limit under what was used.
    ensure_collection(
        database, "promotion_counters", document({"_id": NAME, "left": INTEGER, "used": COUNT})
    )
    ensure_collection(
        database,
        "coupon_codes",
        document(
            {
                "_id": {"bsonType": "string", "pattern": "^[A-Z0-9_-]{3,40}$"},
                "promotion_id": NAME,
                "used": COUNT,
                "batch": STRING,
                "created_at": DATE,
            },
            limit=optional(POSITIVE),
            left=optional(COUNT),
        ),
    )
    database["coupon_codes"].create_index([("promotion_id", 1), ("batch", 1)])


def _uses(database: Database) -> None:
    ensure_collection(
        database,
        "promotion_uses",
        document(
            {
                "_id": NAME,
                "promotion_id": NAME,
                "order_id": NAME,
                "code": STRING,
                "customers": list_of(NAME),
                "most_per_customer": COUNT,
                "state": one_of(["held", "committed", "released"]),
                "expires_at": DATE,
                "at": DATE,
            }
        ),
    )
    uses = database["promotion_uses"]
    uses.create_index([("promotion_id", 1), ("order_id", 1)], unique=True)
    uses.create_index("order_id")
    uses.create_index([("state", 1), ("expires_at", 1)])
    ensure_collection(
        database,
        "promotion_slots",
        document({"_id": NAME, "promotion_id": NAME, "customer": NAME, "order_id": NAME}),
    )
    database["promotion_slots"].create_index([("promotion_id", 1), ("customer", 1)])
    database["promotion_slots"].create_index("order_id")


def _orders_and_carts(database: Database) -> None:
    """Say what is new in collections that are there."""
    reduction = document(
        {"name": NAME, "level": one_of(["item", "order", "shipping"])}, amount=COUNT
    )
    entry = document({"code": NAME, "outcome": one_of(["added", "known", "dropped"])})
    _allow(database, "orders", reductions=list_of(reduction))
    _allow(database, "carts", coupons=list_of(NAME))
    _allow(database, "cart_merges", coupons=list_of(entry))


def _allow(database: Database, name: str, **fields: Document) -> None:
    schema = dict(database[name].options()["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], **fields}
    ensure_collection(database, name, schema)
