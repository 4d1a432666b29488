"""Collections by rule, and campaigns."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
    COUNT,
    DATE,
    INTEGER,
    NAME,
    STRING,
    document,
    ensure_collection,
    list_of,
    one_of,
    optional,
)

_SUBJECTS = ("type", "vendor", "category", "tag", "option", "price", "stock")
_AMOUNTS = {"bsonType": "object", "additionalProperties": INTEGER}


def upgrade(database: Database) -> None:
    """Let a collection have a rule, an order of its own and dates."""
    condition = document(
        {
            "field": one_of(_SUBJECTS),
            "values": list_of(NAME),
            "option": STRING,
            "least": _AMOUNTS,
            "most": _AMOUNTS,
            "negated": BOOLEAN,
        }
    )
    ensure_collection(
        database,
        "collections",
        document(
            {
                "_id": NAME,
                "title": NAME,
                "description": STRING,
                "product_ids": list_of(NAME),
                "position": COUNT,
            },
            rule=optional(document({"any_of": BOOLEAN, "conditions": list_of(condition)})),
            sort=STRING,
            starts_at=optional(DATE),
            ends_at=optional(DATE),
        ),
    )
