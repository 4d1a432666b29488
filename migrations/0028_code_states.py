"""Single codes that are off, and promotions found by the groups they are for."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import BOOLEAN, ensure_collection


def upgrade(database: Database) -> None:
    """Allow the field and create the index; each step may be repeated."""
    schema = dict(database["coupon_codes"].options()["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], "active": BOOLEAN}
    ensure_collection(database, "coupon_codes", schema)
    database["promotions"].create_index([("conditions.groups", 1), ("_id", -1)])
