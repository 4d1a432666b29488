"""Packed read models, and changes that name what sold and which shelves changed."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import DATE, NAME, POSITIVE, document, ensure_collection, list_of


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    names = list_of(NAME)
    ensure_collection(
        database,
        "catalog_changes",
        document(
            {"_id": NAME, "at": DATE, "product_ids": names, "skus": names},
            sold=names,
            shelves=names,
        ),
    )
    ensure_collection(
        database,
        "read_model_chunks",
        document(
            {"_id": NAME, "pack": NAME, "at": DATE},
            data={"bsonType": "binData"},
            since=DATE,
            seen=names,
            chunks=POSITIVE,
            digest=NAME,
        ),
    )
