"""Reviews by buyers, wishlists, and who waits for something to come back."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
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


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _reviews(database)
    _wishlists(database)
    _stock_alerts(database)


def _reviews(database: Database) -> None:
    ensure_collection(
        database,
        "reviews",
        document(
            {
                "_id": NAME,
                "product_id": NAME,
                "buyer": NAME,
                "order_id": NAME,
                "account_id": optional(NAME),
                "stars": {"bsonType": ["int", "long"], "minimum": 1, "maximum": 5},
                "title": {"bsonType": "string", "minLength": 1, "maxLength": 100},
                "text": {"bsonType": "string", "minLength": 1, "maxLength": 2000},
                "name": {"bsonType": "string", "minLength": 1, "maxLength": 60},
                "state": one_of(["waiting", "published", "refused"]),
                "version": POSITIVE,
                "created_at": DATE,
                "updated_at": DATE,
                "published_at": optional(DATE),
                "reason": STRING,
                "moderated_by": STRING,
            }
        ),
    )
    reviews = database["reviews"]
    reviews.create_index([("product_id", 1), ("buyer", 1)], unique=True)
    reviews.create_index([("product_id", 1), ("order_id", 1)], unique=True)
    reviews.create_index([("product_id", 1), ("state", 1), ("published_at", -1)])
    reviews.create_index([("state", 1), ("updated_at", 1)])
    reviews.create_index("account_id")
    reviews.create_index("order_id")


def _wishlists(database: Database) -> None:
    item = document({"sku": NAME, "added_at": DATE})
    ensure_collection(
        database,
        "wishlists",
        document(
            {"_id": NAME, "items": list_of(item), "version": POSITIVE, "updated_at": DATE},
            expires_at=DATE,
            share_token=NAME,
        ),
    )
    wishlists = database["wishlists"]
    wishlists.create_index("expires_at", expireAfterSeconds=0)
    wishlists.create_index(
        "share_token", unique=True, partialFilterExpression={"share_token": {"$exists": True}}
    )


def _stock_alerts(database: Database) -> None:
    ensure_collection(
        database,
        "stock_alerts",
        document(
            {
                "_id": NAME,
                "sku": NAME,
                "email": NAME,
                "waiting": BOOLEAN,
                "created_at": DATE,
                "expires_at": DATE,
            },
            ended_at=DATE,
        ),
    )
    alerts = database["stock_alerts"]
    alerts.create_index(
        [("sku", 1), ("email", 1)], unique=True, partialFilterExpression={"waiting": True}
    )
    alerts.create_index([("sku", 1), ("waiting", 1)])
    alerts.create_index("email")
    alerts.create_index("expires_at", expireAfterSeconds=0)
