"""Bundles with optional and exchangeable parts, priced by their parts."""

from __future__ import annotations

from app.db.database import Database, Document
from app.db.schema import (
    BOOLEAN,
    COUNT,
    CURRENCY,
    DATE,
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

_FEW = 6  # sets, from which on a page only says that there are some
_IMAGE = document({"src": NAME, "alt": STRING, "width": COUNT, "height": COUNT})
_AMOUNT = document({"amount": COUNT, "currency": CURRENCY})
_PRICE = document({"amount": COUNT, "currency": CURRENCY}, compare_at=optional(COUNT))


def upgrade(database: Database) -> None:
    """Give bundles their pricing; each step may be repeated."""
    _products(database)
    _stock(database)


def _products(database: Database) -> None:
    products = database["products"]
    for bundle in products.find({"kind": "bundle", "pricing": None}):
        part_skus = sorted({part["sku"] for part in bundle["components"]})
        products.update_one(
            {"_id": bundle["_id"]}, {"$set": {"pricing": _fixed(bundle), "part_skus": part_skus}}
        )
    variant = document(
        {
            "sku": NAME,
            "options": {"bsonType": "object"},
            "prices": {"bsonType": "object", "additionalProperties": _PRICE},
            "weight_grams": COUNT,
            "sells_when_out": BOOLEAN,
        }
    )
    component = document(
        {"sku": NAME, "quantity": POSITIVE}, optional=BOOLEAN, alternatives=list_of(NAME)
    )
    pricing = document(
        {"kind": one_of(["fixed", "percent_off"])},
        prices={"bsonType": "object", "additionalProperties": _AMOUNT},
        basis_points=POSITIVE,
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
                "components": list_of(component),
                "category": STRING,
                "revision": POSITIVE,
                "updated_at": DATE,
            },
            published_at=optional(DATE),
            pricing=optional(pricing),
            part_skus=list_of(NAME),
        ),
    )
    products.create_index("part_skus")


def _fixed(bundle: Document) -> Document:
    prices = bundle["variants"][0]["prices"].items()
    amounts = {
        market: {"amount": price["amount"], "currency": price["currency"]}
        for market, price in prices
    }
    return {"kind": "fixed", "prices": amounts}


def _stock(database: Database) -> None:
    ensure_collection(
        database,
        "stock_levels",
        document(
            {
                "_id": NAME,
                "on_hand": INTEGER,
                "reserved": COUNT,
                "available": INTEGER,
                "updated_at": DATE,
            },
            many=POSITIVE,
        ),
    )
    for bundle in database["products"].find({"kind": "bundle"}):
        for part in bundle["components"]:
            database["stock_levels"].update_one(
                {"_id": part["sku"]}, {"$max": {"many": _FEW * part["quantity"]}}
            )
