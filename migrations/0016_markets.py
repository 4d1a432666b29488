"""Markets, the tax class of products, and taxes of orders and credit notes by rate."""

from __future__ import annotations

from collections.abc import Mapping

from app.db.database import Database, Document
from app.db.schema import (
    BOOLEAN,
    COUNT,
    CURRENCY,
    INTEGER,
    NAME,
    POSITIVE,
    STRING,
    document,
    ensure_collection,
    list_of,
    one_of,
    optional,
)
from app.markets.repository import MarketRepository
from app.markets.starting import STARTING

_RATE: Document = {"bsonType": ["int", "long"], "minimum": 0, "maximum": 10_000}
_RATES: Document = {"bsonType": "object", "additionalProperties": _RATE}
_RATE_TAX = document({"rate": optional(_RATE), "net": INTEGER, "tax": INTEGER})


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _markets(database)
    _extend(database, "products", {"tax_class": STRING})
    _extend(database, "orders", {"taxes": list_of(_RATE_TAX), "tax_parts": list_of(NAME)})
    _extend(database, "credit_notes", {"taxes": list_of(_RATE_TAX)})


def _markets(database: Database) -> None:
    tax = document(
        {
            "name": NAME,
            "mode": one_of(["inclusive", "exclusive"]),
            "rates": {**_RATES, "required": ["standard"]},
            "regions": {"bsonType": "object", "additionalProperties": _RATES},
            "shipping": one_of(["none", "proportional", "class"]),
            "shipping_class": NAME,
            "seller_region": STRING,
            "inside": list_of(NAME),
            "outside": list_of(NAME),
        }
    )
    band = document({"up_to": optional(COUNT), "price": COUNT})
    method = document(
        {
            "code": NAME,
            "name": NAME,
            "kind": one_of(["flat", "by_weight", "by_subtotal", "pickup"]),
            "price": optional(COUNT),
            "bands": list_of(band),
            "free_from": optional(COUNT),
            "after_discounts": BOOLEAN,
            "min_days": COUNT,
            "max_days": COUNT,
        }
    )
    zone = document(
        {
            "code": NAME,
            "name": STRING,
            "countries": {**list_of(NAME), "minItems": 1},
            "regions": list_of(NAME),
            "postal_prefixes": list_of(NAME),
            "methods": {**list_of(method), "minItems": 1},
        }
    )
    ensure_collection(
        database,
        "markets",
        document(
            {
                "_id": {"bsonType": "string", "pattern": "^[A-Z]{2,8}$"},
                "name": NAME,
                "currency": CURRENCY,
                "locale": NAME,
                "countries": {**list_of(NAME), "minItems": 1},
                "tax": tax,
                "zones": {**list_of(zone), "minItems": 1},
                "gateways": {**list_of(NAME), "minItems": 1},
                "rounding": one_of(["none", "whole", ".95", ".99"]),
                "open": BOOLEAN,
                "position": COUNT,
                "version": POSITIVE,
            }
        ),
    )
    database["markets"].create_index("name", unique=True)
    if database["markets"].find_one({}) is None:
        MarketRepository(database).seed(STARTING)


def _extend(database: Database, name: str, fields: Mapping[str, Document]) -> None:
    """Allow more fields in the validator that is there, whatever other migrations made of it."""
    (known,) = database.command("listCollections", filter={"name": name})["cursor"]["firstBatch"]
    schema = dict(known["options"]["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], **fields}
    ensure_collection(database, name, schema)
