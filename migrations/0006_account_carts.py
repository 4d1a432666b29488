"""Carts of accounts, lines saved for later, and receipts of merged carts.

Only guests' carts end, so when one does is a field of its own.
"""

from __future__ import annotations

from datetime import timedelta

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
    COUNT,
    DATE,
    NAME,
    POSITIVE,
    STRING,
    document,
    ensure_collection,
    list_of,
    one_of,
    optional,
)

GUEST_LIFE = timedelta(days=60)
_ACCOUNT_CART = "cart_of_"
_LINE = document(
    {
        "id": NAME,
        "sku": NAME,
        "product_id": STRING,
        "quantity": POSITIVE,
        "seen_prices": {"bsonType": "object"},
        "added_at": DATE,
    }
)
_CONTENTS = document({"lines": list_of(_LINE), "saved": list_of(_LINE)})


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _carts(database)
    _merges(database)


def _carts(database: Database) -> None:
    kin = document({"cart_id": NAME, "since": COUNT, "until": COUNT})
    ensure_collection(
        database,
        "carts",
        document(
            {"_id": NAME, "lines": list_of(_LINE), "version": COUNT, "updated_at": DATE},
            saved=list_of(_LINE),
            expires_at=DATE,
            merged_into=optional(NAME),
            apart=BOOLEAN,
            absorbed=list_of(kin),
            parted_from=optional(kin),
            holders=list_of(NAME),
            bars=COUNT,
        ),
    )
    carts = database["carts"]
    for cart in carts.find({"expires_at": {"$exists": False}}, {"updated_at": 1}):
        if not cart["_id"].startswith(_ACCOUNT_CART):
            carts.update_one(
                {"_id": cart["_id"], "expires_at": {"$exists": False}},
                {"$set": {"expires_at": cart["updated_at"] + GUEST_LIFE}},
            )
    carts.create_index("expires_at", expireAfterSeconds=0)
    if "updated_at_1" in carts.index_information():
        carts.drop_index("updated_at_1")


def _merges(database: Database) -> None:
    entry = document(
        {
            "sku": NAME,
            "title": STRING,
            "variant_title": STRING,
            "outcome": one_of(["added", "raised", "clamped", "dropped"]),
            "wanted": POSITIVE,
            "before": COUNT,
            "got": COUNT,
            "why": STRING,
            "saved": BOOLEAN,
        }
    )
    ensure_collection(
        database,
        "cart_merges",
        document(
            {
                "_id": NAME,
                "account_id": NAME,
                "guest_cart_id": NAME,
                "guest_version": COUNT,
                "account_cart_id": NAME,
                "account_version": COUNT,
                "at": DATE,
                "entries": list_of(entry),
                "guest_before": _CONTENTS,
                "account_before": _CONTENTS,
                "account_after": _CONTENTS,
                "closed_at": optional(DATE),
                "ordered_at": optional(DATE),
                "undone_at": optional(DATE),
                "undone_version": COUNT,
            }
        ),
    )
    database["cart_merges"].create_index([("account_id", 1), ("at", -1)])
    database["cart_merges"].create_index("account_cart_id")
