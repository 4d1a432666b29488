"""What is bought together: counts from paid orders, and the lists that pages read."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
    COUNT,
    DATE,
    NAME,
    POSITIVE,
    document,
    ensure_collection,
    list_of,
    optional,
)

_SHARE = {"bsonType": ["double", "int", "long"], "minimum": 0}


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _counts(database)
    _lists(database)


def _counts(database: Database) -> None:
    ensure_collection(
        database,
        "companion_orders",
        document(
            {"_id": NAME, "product_ids": list_of(NAME), "counts": BOOLEAN, "at": DATE},
            asked_at=DATE,
        ),
    )
    database["companion_orders"].create_index("asked_at")
    ensure_collection(
        database,
        "companion_products",
        document({"_id": NAME, "orders": COUNT, "touches": POSITIVE}, due_at=DATE),
    )
    database["companion_products"].create_index("due_at")
    database["companion_products"].create_index("orders")
    ensure_collection(
        database,
        "companion_pairs",
        document({"_id": NAME, "pair": list_of(NAME), "orders": COUNT}),
    )
    database["companion_pairs"].create_index("pair")
    ensure_collection(
        database,
        "companion_totals",
        document({"_id": NAME, "orders": COUNT, "touches": POSITIVE}),
    )


def _lists(database: Database) -> None:
    neighbour = document({"product_id": NAME, "score": _SHARE, "orders": POSITIVE})
    ensure_collection(
        database,
        "companion_lists",
        document(
            {
                "_id": NAME,
                "neighbours": list_of(neighbour),
                "told": list_of(NAME),
                "told_at": optional(DATE),
                "computed_at": DATE,
            }
        ),
    )
    ensure_collection(
        database,
        "companion_popular",
        document(
            {
                "_id": NAME,
                "shares": list_of(document({"product_id": NAME, "share": _SHARE})),
                "changes": COUNT,
                "swept": COUNT,
                "computed_at": DATE,
            }
        ),
    )
