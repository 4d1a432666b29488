"""Accounts that are to be deleted, and orders that say no more who placed them."""

from __future__ import annotations

from app.db.database import Database, Document
from app.db.schema import DATE, ensure_collection, optional


def upgrade(database: Database) -> None:
    """Allow the fields and create the index; each step may be repeated."""
    _allow(database, "accounts", leaves_at=optional(DATE))
    _allow(database, "orders", erased_at=DATE)
    database["accounts"].create_index(
        "leaves_at", partialFilterExpression={"leaves_at": {"$type": "date"}}
    )


def _allow(database: Database, name: str, **fields: Document) -> None:
    schema = dict(database[name].options()["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], **fields}
    ensure_collection(database, name, schema)
