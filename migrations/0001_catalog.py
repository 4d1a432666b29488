"""Products, categories, collections, and the feed of their changes."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
    COUNT,
    CURRENCY,
    DATE,
    NAME,
    POSITIVE,
    STRING,
    document,
    ensure_collection,
    list_of,
    one_of,
    optional,
)

CHANGE_LIFE = 24 * 3600
_IMAGE = document({"src": NAME, "alt": STRING, "width": COUNT, "height": COUNT})
_PRICE = document({"amount": COUNT, "currency": CURRENCY}, compare_at=optional(COUNT))


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _products(database)
    _shelves(database)
    _changes(database)


def _products(database: Database) -> None:
    variant = document(
        {
            "sku": NAME,
            "options": {"bsonType": "object"},
            "prices": {"bsonType": "object", "additionalProperties": _PRICE},
            "weight_grams": COUNT,
            "sells_when_out": BOOLEAN,
        }
    )
    ensure_collection(
        database,
        "products",
        document(
            {
                "_id": NAME,
                "slug": NAME,
                "title": NAME,
                "kind": one_of(["simple", "bundle"]),
                "status": one_of(["draft", "published", "archived"]),
                "variants": {**list_of(variant), "minItems": 1},
                "images": list_of(_IMAGE),
                "components": list_of(document({"sku": NAME, "quantity": POSITIVE})),
                "category": STRING,
                "revision": POSITIVE,
                "updated_at": DATE,
            },
            published_at=optional(DATE),
        ),
    )
    products = database["products"]
    products.create_index("slug", unique=True)
    products.create_index("variants.sku", unique=True)
    products.create_index([("status", 1), ("published_at", -1)])
    products.create_index("category")


def _shelves(database: Database) -> None:
    position = {"position": COUNT}
    ensure_collection(
        database,
        "categories",
        document({"_id": NAME, "name": NAME, "description": STRING, **position}),
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
                **position,
            }
        ),
    )


def _changes(database: Database) -> None:
    ensure_collection(
        database,
        "catalog_changes",
        document({"_id": NAME, "at": DATE, "product_ids": list_of(NAME), "skus": list_of(NAME)}),
    )
    database["catalog_changes"].create_index("at", expireAfterSeconds=CHANGE_LIFE)
    ensure_collection(database, "product_sales", document({"_id": NAME, "units": COUNT}))
    ensure_collection(database, "counted_sales", document({"_id": NAME, "at": DATE}))
