"""Small vocabulary for migrations: collections with validators, and indexes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from app.db.database import Database, Document

STRING: Document = {"bsonType": "string"}
NAME: Document = {"bsonType": "string", "minLength": 1}
INTEGER: Document = {"bsonType": ["int", "long"]}
COUNT: Document = {"bsonType": ["int", "long"], "minimum": 0}
POSITIVE: Document = {"bsonType": ["int", "long"], "minimum": 1}
DATE: Document = {"bsonType": "date"}
BOOLEAN: Document = {"bsonType": "bool"}
CURRENCY: Document = {"bsonType": "string", "pattern": "^[A-Z]{3}$"}


def one_of(values: Sequence[str]) -> Document:
    """One of these words."""
    return {"enum": list(values)}


def optional(rule: Mapping[str, Any]) -> Document:
    """The rule, or null."""
    return {"anyOf": [dict(rule), {"bsonType": "null"}]}


def list_of(rule: Mapping[str, Any]) -> Document:
    """An array of such items."""
    return {"bsonType": "array", "items": dict(rule)}


def document(required: Mapping[str, Mapping[str, Any]], **more: Mapping[str, Any]) -> Document:
    """An object with these fields required; ``more`` are allowed and checked when present."""
    return {
        "bsonType": "object",
        "required": list(required),
        "properties": {**required, **more},
    }


def ensure_collection(database: Database, name: str, schema: Mapping[str, Any]) -> None:
    """Create ``name`` with the validator, or give an existing collection the new validator."""
    validator = {"$jsonSchema": dict(schema)}
    if name in database.collections():
        database.command("collMod", name, validator=validator)
    else:
        database.command("create", name, validator=validator)
