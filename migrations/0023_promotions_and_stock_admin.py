"""What the panel lists of stock and promotions: marks, transfers, batches of codes, daily uses."""

from __future__ import annotations

from collections.abc import Iterable

from pymongo import UpdateOne

from app.db.database import Database, Document
from app.db.schema import (
    BOOLEAN,
    COUNT,
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

_AT_ONCE = 200


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _stock(database)
    _locations(database)
    _transfers(database)
    _uses(database)
    _batches(database)


# --- stock ----------------------------------------------------------------------------------------


def _stock(database: Database) -> None:
    levels = database["stock_levels"]
    _allow(database, "stock_levels", marks=list_of(NAME))
    old = levels.find({"marks": {"$exists": False}})
    _write(
        database,
        "stock_levels",
        (UpdateOne({"_id": each["_id"]}, {"$set": {"marks": _marks(each)}}) for each in old),
    )
    levels.create_index([("marks", 1), ("_id", 1)])
    levels.create_index([("is_low", 1), ("_id", 1)])
    levels.create_index([("available", 1), ("_id", 1)])


def _marks(level: Document) -> list[str]:
    places = [
        f"at:{code}"
        for code, each in sorted(level["at"].items())
        if each["on_hand"] or each["reserved"]
    ]
    out = ["out"] if level["available"] <= 0 else []
    owed = ["owed"] if any(each["available"] < 0 for each in level["at"].values()) else []
    return [*places, *out, *owed]


def _locations(database: Database) -> None:
    _allow(database, "locations", version=POSITIVE)
    database["locations"].update_many({"version": {"$exists": False}}, {"$set": {"version": 1}})


def _transfers(database: Database) -> None:
    line = document({"sku": NAME, "units": POSITIVE})
    ensure_collection(
        database,
        "transfers",
        document(
            {
                "_id": NAME,
                "at": DATE,
                "by": NAME,
                "source": NAME,
                "target": NAME,
                "lines": {**list_of(line), "minItems": 1},
                "note": STRING,
            }
        ),
    )
    transfers = database["transfers"]
    transfers.create_index([("at", -1)])
    for out in database["stock_movements"].find({"cause": "transfer", "on_hand": {"$lt": 0}}):
        name = str(out["_id"]).removesuffix(":out")
        source, _, target = str(out["reason"]).partition(" to ")
        if not name.startswith("mov_"):
            continue
        known = {
            "at": out["at"],
            "by": out["by"],
            "source": source,
            "target": target,
            "lines": [{"sku": out["sku"], "units": -out["on_hand"]}],
            "note": "",
        }
        # Named as later ones are, which keeps them in the order of time.
        later = {"_id": name.replace("mov_", "trf_", 1)}
        transfers.update_one(later, {"$setOnInsert": known}, upsert=True)


# --- promotions -----------------------------------------------------------------------------------


def _uses(database: Database) -> None:
    uses = database["promotion_uses"]
    _allow(
        database,
        "promotion_uses",
        amount=COUNT,
        currency=STRING,
        tally=one_of(["none", "due", "done"]),
        committed_at=optional(DATE),
    )
    by_currency = {"bsonType": "object", "additionalProperties": COUNT}
    ensure_collection(
        database,
        "promotion_days",
        document(
            {"_id": NAME, "promotion_id": NAME, "day": NAME, "used": COUNT}, given=by_currency
        ),
    )
    ensure_collection(
        database, "promotion_totals", document({"_id": NAME, "used": COUNT}, given=by_currency)
    )
    database["promotion_days"].create_index([("promotion_id", 1), ("day", 1)])
    _allow(database, "coupon_codes", paid=COUNT)
    _write(database, "promotion_uses", _priced(database))
    uses.create_index([("tally", 1), ("_id", 1)])
    uses.create_index([("promotion_id", 1), ("at", -1)])


def _priced(database: Database) -> Iterable[UpdateOne]:
    """Uses from before amounts were kept, with what their orders say."""
    for use in database["promotion_uses"].find({"tally": {"$exists": False}}):
        order = database["orders"].find_one({"_id": use["order_id"]}) or {}
        amount = sum(
            each["amount"]
            for each in order.get("reductions", ())
            if each.get("promotion_id") == use["promotion_id"]
        )
        paid = use["state"] == "committed"
        yield UpdateOne(
            {"_id": use["_id"]},
            {
                "$set": {
                    "amount": amount,
                    "currency": order.get("currency", ""),
                    "tally": "due" if paid else "none",
                    "committed_at": (order.get("paid_at") or use["at"]) if paid else None,
                }
            },
        )


def _batches(database: Database) -> None:
    ensure_collection(
        database,
        "coupon_batches",
        document(
            {
                "_id": NAME,
                "promotion_id": NAME,
                "name": NAME,
                "key": STRING,
                "prefix": STRING,
                "count": POSITIVE,
                "made": COUNT,
                "used": COUNT,
                "active": BOOLEAN,
                "at": DATE,
                "by": STRING,
            },
            limit=optional(POSITIVE),
        ),
    )
    codes = database["coupon_codes"]
    codes.create_index([("promotion_id", 1), ("_id", 1)])
    codes.create_index([("promotion_id", 1), ("batch", 1), ("_id", 1)])
    groups = {
        "_id": {"promotion_id": "$promotion_id", "batch": "$batch"},
        "count": {"$sum": 1},
        "limit": {"$first": "$limit"},
        "at": {"$min": "$created_at"},
    }
    batches = database["coupon_batches"]
    batches.create_index([("promotion_id", 1), ("at", -1)])
    for each in codes.aggregate([{"$match": {"batch": {"$gt": ""}}}, {"$group": groups}]):
        promotion_id, name = each["_id"]["promotion_id"], each["_id"]["batch"]
        known = {
            "promotion_id": promotion_id,
            "name": name,
            "key": "",
            "prefix": "",
            "limit": each["limit"],
            "count": each["count"],
            "made": each["count"],
            "used": 0,
            "active": True,
            "at": each["at"],
            "by": "",
        }
        batches.update_one({"_id": f"{promotion_id}:{name}"}, {"$setOnInsert": known}, upsert=True)


# --- writing --------------------------------------------------------------------------------------


def _allow(database: Database, name: str, **fields: Document) -> None:
    """Say what is new in a collection that is there."""
    schema = dict(database[name].options()["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], **fields}
    ensure_collection(database, name, schema)


def _write(database: Database, name: str, changes: Iterable[UpdateOne]) -> None:
    batch: list[UpdateOne] = []
    for change in changes:
        batch.append(change)
        if len(batch) == _AT_ONCE:
            database[name].bulk_write(batch)
            batch = []
    if batch:
        database[name].bulk_write(batch)
