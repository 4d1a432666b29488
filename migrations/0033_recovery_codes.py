"""Recovery codes that are made anew: how often they were."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import COUNT, ensure_collection


def upgrade(database: Database) -> None:
    """Allow the field; repeating it changes nothing."""
    schema = dict(database["accounts"].options()["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], "recovery_round": COUNT}
    ensure_collection(database, "accounts", schema)
