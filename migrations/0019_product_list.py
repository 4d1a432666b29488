"""The staff's product list, and the past addresses of products."""

from __future__ import annotations

from app.catalog.list_repository import ListRepository
from app.db.database import Database
from app.db.schema import DATE, NAME, STRING, document, ensure_collection, list_of, optional


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    ensure_collection(
        database,
        "product_list",
        document(
            {
                "_id": NAME,
                "title": STRING,
                "words": list_of(NAME),
                "status": NAME,
                "kind": NAME,
                "category": STRING,
                "vendor": STRING,
                "published_at": optional(DATE),
                "updated_at": optional(DATE),
            }
        ),
    )
    listed = database["product_list"]
    listed.create_index("words")
    listed.create_index([("title", 1), ("_id", 1)])
    listed.create_index([("updated_at", -1), ("_id", -1)])
    for field in ("status", "category", "vendor"):
        listed.create_index([(field, 1), ("_id", -1)])
    ListRepository(database).add_missing()
    ensure_collection(
        database, "past_addresses", document({"_id": NAME, "product_id": NAME, "at": DATE})
    )
