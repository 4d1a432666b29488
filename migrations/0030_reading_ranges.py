"""Since when a SKU is low, where lists of stock can be cut, and indexes for what was read through
as a whole."""

from __future__ import annotations

from app.db.database import Database, Document
from app.db.schema import DATE, INTEGER, NAME, document, ensure_collection, list_of, optional

_ANY = "any"


def upgrade(database: Database) -> None:
    """Allow the field, fill it, and create the indexes; each step may be repeated."""
    levels = database["stock_levels"]
    schema = dict(levels.options()["validator"]["$jsonSchema"])
    more: Document = {"low_since": optional(DATE)}
    ensure_collection(
        database, "stock_levels", {**schema, "properties": {**schema["properties"], **more}}
    )
    levels.update_many(
        {"is_low": True, "low_since": {"$exists": False}},
        [{"$set": {"low_since": "$updated_at"}}],
    )
    levels.update_many({"marks": {"$ne": _ANY}}, {"$push": {"marks": _ANY}})
    place = document({"available": INTEGER, "sku": NAME})
    ensure_collection(database, "stock_cuts", document({"_id": NAME, "cuts": list_of(place)}))
    levels.create_index([("low_since", -1), ("_id", -1)])
    if "low" in levels.index_information():
        levels.drop_index("low")  # those of which least is left first: nobody asks for them
    database["stock_holds"].create_index(
        "owing", partialFilterExpression={"owing": True}, name="owing"
    )
    events = database["webhook_events"]
    events.create_index([("gateway", 1), ("received_at", 1)])
    if "gateway_1_received_at_-1" in events.index_information():
        events.drop_index("gateway_1_received_at_-1")  # it was asked for a limit, not for a range
    customers = database["customers"]
    customers.create_index([("words", 1), ("rank.newest", 1)])
    if "words_1" in customers.index_information():
        customers.drop_index("words_1")
    listed = database["product_list"]
    listed.create_index([("kind", 1), ("_id", -1)])
    listed.create_index("published_at")
    database["sent_messages"].create_index("at")
