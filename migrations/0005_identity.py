"""Accounts and their sessions; orders that belong to an account."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
    COUNT,
    DATE,
    NAME,
    STRING,
    document,
    ensure_collection,
    list_of,
    one_of,
    optional,
)


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _accounts(database)
    _sessions(database)
    _orders(database)


def _accounts(database: Database) -> None:
    address = document({"id": NAME, "is_default": BOOLEAN, "address": {"bsonType": "object"}})
    factor = document({"secret": NAME, "confirmed_at": optional(DATE), "last_step": COUNT})
    ensure_collection(
        database,
        "accounts",
        document(
            {
                "_id": NAME,
                "email": NAME,
                "name": NAME,
                "role": one_of(["customer", "owner", "manager", "support", "analyst"]),
                "password_hash": NAME,
                "verified_at": optional(DATE),
                "created_at": DATE,
                "addresses": list_of(address),
                "second_factor": optional(factor),
                "recovery_codes": list_of(NAME),
            },
            login=NAME,
        ),
    )
    # An address logs in to one account that has proven it, and to one claim beside it.
    database["accounts"].create_index(
        "login", unique=True, partialFilterExpression={"login": {"$exists": True}}
    )


def _sessions(database: Database) -> None:
    ensure_collection(
        database,
        "auth_sessions",
        document(
            {
                "_id": NAME,
                "account_id": NAME,
                "csrf": NAME,
                "agent": STRING,
                "network": STRING,
                "created_at": DATE,
                "last_seen_at": DATE,
                "expires_at": DATE,
                "current": NAME,
                "previous": STRING,
                "rotated_at": DATE,
                "revoked_at": optional(DATE),
            }
        ),
    )
    database["auth_sessions"].create_index([("account_id", 1), ("last_seen_at", -1)])
    database["auth_sessions"].create_index("expires_at", expireAfterSeconds=0)


def _orders(database: Database) -> None:
    database["orders"].create_index([("account_id", 1), ("placed_at", -1)])
    database["orders"].create_index([("email", 1), ("account_id", 1)])
    for order in database["orders"].find({"account_id": {"$exists": False}}, {"email": 1}):
        database["orders"].update_one(
            {"_id": order["_id"]}, {"$set": {"account_id": None, "email": order["email"].lower()}}
        )
