"""What happens to an order after it is placed: units, shipments, returns, invoices."""

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

_UNITS = document(
    {"open": COUNT, "stopped": COUNT, "shipped": COUNT, "kept": COUNT, "returned": COUNT}
)
_ON_ORDERS: dict[str, Document] = {
    "units": list_of(_UNITS),
    "fulfilment": one_of(["unfulfilled", "partially_fulfilled", "fulfilled", "delivered"]),
    "shipments": COUNT,
    "delivered": COUNT,
    "returns": COUNT,
    "withdrawn": BOOLEAN,
}
_LINE = document({"position": POSITIVE, "quantity": POSITIVE})


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _count_units(database)
    _extend_orders(database)
    _shipments(database)
    _returns(database)
    _papers(database)


def _count_units(database: Database) -> None:
    """Give earlier orders their counters. What was paid back by line is not to be shipped."""
    for order in database["orders"].find({"units": {"$exists": False}}):
        units = [
            {"open": line["quantity"], "stopped": 0, "shipped": 0, "kept": 0, "returned": 0}
            for line in order["lines"]
        ]
        for refund in database["refunds"].find({"order_id": order["_id"]}):
            for line in refund["lines"] if refund["state"] != "failed" else ():
                counters = units[line["position"] - 1]
                stopped = min(line["quantity"], counters["open"])
                counters["open"] -= stopped
                counters["stopped"] += stopped
        fields = {
            "units": units,
            "fulfilment": "unfulfilled",
            "shipments": 0,
            "delivered": 0,
            "returns": 0,
            "withdrawn": False,
        }
        database["orders"].update_one(
            {"_id": order["_id"], "units": {"$exists": False}}, {"$set": fields}
        )


def _extend_orders(database: Database) -> None:
    """Add to the validator that is there, whatever other migrations made of it."""
    (known,) = database.command("listCollections", filter={"name": "orders"})["cursor"][
        "firstBatch"
    ]
    schema = dict(known["options"]["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], **_ON_ORDERS}
    schema["required"] = [*dict.fromkeys([*schema["required"], *_ON_ORDERS])]
    ensure_collection(database, "orders", schema)


def _shipments(database: Database) -> None:
    ensure_collection(
        database,
        "shipments",
        document(
            {
                "_id": NAME,
                "order_id": NAME,
                "number": POSITIVE,
                "request_key": NAME,
                "lines": {**list_of(_LINE), "minItems": 1},
                "carrier": STRING,
                "tracking": STRING,
                "shipped_at": DATE,
            },
            delivered_at=optional(DATE),
        ),
    )
    database["shipments"].create_index([("order_id", 1), ("request_key", 1)], unique=True)


def _returns(database: Database) -> None:
    ensure_collection(
        database,
        "returns",
        document(
            {
                "_id": NAME,
                "order_id": NAME,
                "request_key": NAME,
                "lines": {**list_of(_LINE), "minItems": 1},
                "reason": NAME,
                "comment": {"bsonType": "string", "maxLength": 1000},
                "state": one_of(["requested", "approved", "received", "refused"]),
                "answer": STRING,
                "created_at": DATE,
                "updated_at": DATE,
            }
        ),
    )
    database["returns"].create_index([("order_id", 1), ("request_key", 1)], unique=True)
    database["returns"].create_index([("state", 1), ("created_at", 1)])


def _papers(database: Database) -> None:
    paper = {"_id": NAME, "order_id": NAME, "number": NAME, "seller": list_of(NAME)}
    ensure_collection(
        database, "invoices", document({**paper, "tax_id": STRING, "issued_at": DATE})
    )
    database["invoices"].create_index("number", unique=True)
    ensure_collection(
        database,
        "credit_notes",
        document(
            {
                **paper,
                "tax_id": STRING,
                "invoice_number": NAME,
                "amount": INTEGER,
                "currency": CURRENCY,
                "issued_at": DATE,
            }
        ),
    )
    database["credit_notes"].create_index("number", unique=True)
    database["credit_notes"].create_index("order_id")
