"""Locations, policies, thresholds, and movements that say who, where and what was left."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from pymongo import UpdateOne

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

_MAIN = "main"
_LOW = 5
_MANY = 6
_BATCH = 200
_CAUSES = (
    "count", "hold", "release", "sale", "return", "transfer", "correction", "damage",
)  # fmt: skip
_IMAGE = document({"src": NAME, "alt": STRING, "width": COUNT, "height": COUNT})
_AMOUNT = document({"amount": COUNT, "currency": CURRENCY})
_PRICE = document({"amount": COUNT, "currency": CURRENCY}, compare_at=optional(COUNT))
_SHELF = document({"on_hand": INTEGER, "reserved": COUNT, "available": INTEGER})
_BY_LOCATION = {"bsonType": "object", "additionalProperties": INTEGER}


def upgrade(database: Database) -> None:
    """Bring stock to its one location and policies to their variants; each step may be repeated."""
    _locations(database)
    _products(database)
    _movements(database)
    _levels(database)
    _holds(database)
    _shipments(database)


def _locations(database: Database) -> None:
    ensure_collection(
        database,
        "locations",
        document(
            {
                "_id": {"bsonType": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,31}$"},
                "name": NAME,
                "country": STRING,
                "address": STRING,
                "active": BOOLEAN,
                "priority": INTEGER,
            }
        ),
    )
    main = {"name": "Main warehouse", "country": "", "address": "", "active": True, "priority": 0}
    database["locations"].update_one({"_id": _MAIN}, {"$setOnInsert": main}, upsert=True)
    ensure_collection(database, "inventory_settings", document({"_id": NAME, "low_at": COUNT}))


# --- policies -------------------------------------------------------------------------------------


def _products(database: Database) -> None:
    products = database["products"]
    policy = document(
        {"kind": one_of(["deny", "back_order", "pre_order", "uncounted"])},
        limit=optional(COUNT),
        days=optional(POSITIVE),
        ships_on=optional(DATE),
    )
    variant = document(
        {
            "sku": NAME,
            "options": {"bsonType": "object"},
            "prices": {"bsonType": "object", "additionalProperties": _PRICE},
            "weight_grams": COUNT,
        },
        policy=policy,
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
    products.create_index(
        "variants.policy.ships_on",
        partialFilterExpression={"variants.policy.kind": "pre_order"},
        name="pre_orders",
    )
    old = products.find({"variants.sells_when_out": {"$exists": True}}, {"variants": 1})
    _write(
        database,
        "products",
        (
            UpdateOne({"_id": each["_id"]}, {"$set": {"variants": _with_policies(each)}})
            for each in old
        ),
    )


def _with_policies(product: Document) -> list[Document]:
    variants = []
    for each in product["variants"]:
        variant = dict(each)
        if variant.pop("sells_when_out", False):
            variant["policy"] = {
                "kind": "back_order", "limit": None, "days": None, "ships_on": None,
            }  # fmt: skip
        variants.append(variant)
    return variants


def _without_limit(database: Database) -> set[str]:
    found = database["products"].find({"variants.policy.kind": "back_order"}, {"variants": 1})
    return {
        variant["sku"]
        for product in found
        for variant in product["variants"]
        if variant.get("policy", {}).get("kind") == "back_order"
    }


# --- stock ----------------------------------------------------------------------------------------


def _movements(database: Database) -> None:
    movements = database["stock_movements"]
    ensure_collection(
        database,
        "stock_movements",
        document(
            {
                "_id": NAME,
                "sku": NAME,
                "number": POSITIVE,
                "location": NAME,
                "on_hand": INTEGER,
                "reserved": INTEGER,
                "cause": one_of(_CAUSES),
                "by": NAME,
                "reason": STRING,
                "order_id": STRING,
                "after": document({"on_hand": INTEGER, "reserved": INTEGER}),
                "total_after": INTEGER,
                "at": DATE,
            }
        ),
    )
    _write(database, "stock_movements", _numbered(database))
    movements.create_index([("sku", 1), ("number", -1)], unique=True)
    movements.create_index("order_id", partialFilterExpression={"order_id": {"$gt": ""}})


def _numbered(database: Database) -> Iterable[UpdateOne]:
    """Every SKU's movements in their order, with what they left."""
    movements = database["stock_movements"]
    if movements.find_one({"number": {"$exists": False}}) is None:
        return
    found = movements.find({}).sort([("sku", 1), ("at", 1), ("_id", 1)])
    for _, of_sku in groupby(found, key=lambda each: each["sku"]):
        on_hand = reserved = 0
        for number, each in enumerate(of_sku, 1):
            on_hand += each["on_hand"]
            reserved += each["reserved"]
            if "number" in each:
                continue
            known = each["cause"] in _CAUSES
            yield UpdateOne(
                {"_id": each["_id"]},
                {
                    "$set": {
                        "number": number,
                        "location": _MAIN,
                        "cause": each["cause"] if known else "count",
                        "by": "the shop" if known else each["cause"],
                        "reason": "",
                        "order_id": _order_of(each),
                        "after": {"on_hand": on_hand, "reserved": reserved},
                        "total_after": on_hand,
                    }
                },
            )


def _order_of(movement: Document) -> str:
    owner, _, rest = movement["_id"].partition(":")
    return owner if rest and owner.startswith("ord_") else ""


def _levels(database: Database) -> None:
    ensure_collection(
        database,
        "stock_levels",
        document(
            {
                "_id": NAME,
                "on_hand": INTEGER,
                "reserved": COUNT,
                "available": INTEGER,
                "at": {"bsonType": "object", "additionalProperties": _SHELF},
                "many": POSITIVE,
                "below": optional(COUNT),
                "low_at": COUNT,
                "low_own": BOOLEAN,
                "is_low": BOOLEAN,
                "moves": COUNT,
                "updated_at": DATE,
            }
        ),
    )
    levels = database["stock_levels"]
    unlimited = _without_limit(database)
    moves = {
        each["_id"]: each["count"]
        for each in database["stock_movements"].aggregate(
            [{"$group": {"_id": "$sku", "count": {"$sum": 1}}}]
        )
    }
    numbers = ("on_hand", "reserved", "available")
    old = levels.find({"moves": {"$exists": False}})
    _write(
        database,
        "stock_levels",
        (
            UpdateOne(
                {"_id": each["_id"]},
                {
                    "$set": {
                        "at": {_MAIN: {name: each[name] for name in numbers}},
                        "many": each.get("many", _MANY),
                        "below": None if each["_id"] in unlimited else 0,
                        "low_at": _LOW,
                        "low_own": False,
                        "is_low": each["_id"] not in unlimited and each["available"] <= _LOW,
                        "moves": moves.get(each["_id"], 0),
                    }
                },
            )
            for each in old
        ),
    )
    levels.create_index(
        [("available", 1), ("_id", 1)], partialFilterExpression={"is_low": True}, name="low"
    )
    levels.create_index("updated_at")


def _holds(database: Database) -> None:
    line = document(
        {
            "sku": NAME,
            "quantity": POSITIVE,
            "limited": BOOLEAN,
            "at": _BY_LOCATION,
            "back": _BY_LOCATION,
            "owed": _BY_LOCATION,
        }
    )
    ensure_collection(
        database,
        "stock_holds",
        document(
            {
                "_id": NAME,
                "state": one_of(["held", "committed", "released"]),
                "lines": list_of(line),
                "expires_at": DATE,
                "round": POSITIVE,
                "owing": BOOLEAN,
            }
        ),
    )
    holds = database["stock_holds"]
    old = holds.find({"lines.at": {"$exists": False}})
    _write(
        database,
        "stock_holds",
        (
            UpdateOne({"_id": each["_id"]}, {"$set": {"lines": _placed(each), "owing": False}})
            for each in old
        ),
    )
    holds.create_index([("state", 1), ("lines.sku", 1)])


def _placed(hold: Document) -> list[Document]:
    """Lines at the one location there was. What came back of sold ones is not known any more, and
    would go there in any case."""
    return [
        {**each, "at": {_MAIN: each["quantity"]}, "back": {}, "owed": {}} for each in hold["lines"]
    ]


def _shipments(database: Database) -> None:
    """Shipments say where they left from; earlier ones left the one location there was."""
    database["shipments"].update_many({"places": {"$exists": False}}, {"$set": {"places": []}})
    database["accounts"].create_index("role")  # whom to tell what runs low


def _write(database: Database, name: str, changes: Iterable[UpdateOne]) -> None:
    batch: list[UpdateOne] = []
    for change in changes:
        batch.append(change)
        if len(batch) == _BATCH:
            database[name].bulk_write(batch, ordered=False)
            batch = []
    if batch:
        database[name].bulk_write(batch, ordered=False)
