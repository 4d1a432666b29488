"""Settings that the owner stores, and when each gateway's last webhook came."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import DATE, NAME, POSITIVE, document, ensure_collection


def upgrade(database: Database) -> None:
    """Create the collection and an index; each step may be repeated."""
    ensure_collection(
        database,
        "shop_settings",
        document(
            {
                "_id": NAME,
                "version": POSITIVE,
                "values": {"bsonType": "object"},
                "updated_at": DATE,
            }
        ),
    )
    database["webhook_events"].create_index([("gateway", 1), ("received_at", -1)])
