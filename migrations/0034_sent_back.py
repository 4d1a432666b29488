"""Claims that ended without money: whether it was taken, and sent back before it was booked."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import BOOLEAN, ensure_collection


def upgrade(database: Database) -> None:
    """Allow the field; repeating it changes nothing."""
    schema = dict(database["captures"].options()["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], "sent_back": BOOLEAN}
    ensure_collection(database, "captures", schema)
