"""Customers and their groups, who owns the shop and who is invited, lists of reviews and credit."""

from __future__ import annotations

from app.customers.figures import CustomerFigures
from app.customers.repository import CustomerRepository
from app.db.database import Database, Document
from app.db.outbox import Outbox
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
from app.groups.service import GroupService
from app.identity.service import AccountService

_STAFF = one_of(["owner", "manager", "support", "analyst"])


def upgrade(database: Database) -> None:
    """Create everything, and count the orders that there are; each step may be repeated."""
    _groups(database)
    _staff(database)
    _lists(database)
    _customers(database)


def _groups(database: Database) -> None:
    ensure_collection(
        database,
        "customer_groups",
        document(
            {"_id": NAME, "name": NAME, "size": COUNT, "version": POSITIVE, "created_at": DATE}
        ),
    )
    ensure_collection(
        database,
        "group_members",
        document({"_id": NAME, "code": NAME, "email": NAME, "added_at": DATE}),
    )
    database["group_members"].create_index([("code", 1), ("email", 1)], unique=True)
    database["group_members"].create_index("email")
    conditions: Document = {"bsonType": "object", "properties": {"groups": list_of(NAME)}}
    _allow(database, "promotions", conditions=conditions)


def _staff(database: Database) -> None:
    _allow(database, "accounts", second_factor_required=BOOLEAN)
    database["accounts"].create_index("role")
    ensure_collection(
        database,
        "shop_owners",
        document({"_id": NAME, "accounts": {**list_of(NAME), "minItems": 1}}),
    )
    for owner in database["accounts"].find({"role": "owner"}, {"_id": 1}):
        database["shop_owners"].update_one(
            {"_id": "owners"}, {"$addToSet": {"accounts": owner["_id"]}}, upsert=True
        )
    ensure_collection(
        database,
        "staff_invitations",
        document(
            {
                "_id": NAME,
                "email": NAME,
                "role": _STAFF,
                "state": one_of(["open", "accepted", "withdrawn"]),
                "by": NAME,
                "created_at": DATE,
                "expires_at": DATE,
            }
        ),
    )
    database["staff_invitations"].create_index(
        "email", unique=True, partialFilterExpression={"state": "open"}
    )
    database["staff_invitations"].create_index("state")


def _lists(database: Database) -> None:
    """Credit accounts by when they were opened: their ids do not all say so."""
    _allow(database, "credit_accounts", rank=NAME)
    accounts = database["credit_accounts"]
    for each in accounts.find({"rank": {"$exists": False}}, {"created_at": 1}):
        rank = f"{each['created_at']:%Y%m%d%H%M%S%f}:{each['_id']}"
        accounts.update_one({"_id": each["_id"]}, {"$set": {"rank": rank}})
    accounts.create_index([("rank", -1)])
    for field in ("kind", "state", "currency", "last4"):
        accounts.create_index([(field, 1), ("rank", -1)])
    database["reviews"].create_index([("state", 1), ("_id", -1)])
    database["reviews"].create_index([("product_id", 1), ("_id", -1)])


def _customers(database: Database) -> None:
    ensure_collection(
        database,
        "customers",
        document(
            {
                "_id": NAME,
                "account_id": optional(NAME),
                "email": NAME,
                "name": STRING,
                "since": DATE,
                "orders": COUNT,
                "spent": list_of(document({"currency": CURRENCY, "minor": INTEGER})),
                "last_order_at": optional(DATE),
                "market": STRING,
                "groups": list_of(NAME),
                "words": list_of(STRING),
                "tags": list_of(NAME),
                "rank": {"bsonType": "object"},
            }
        ),
    )
    customers = database["customers"]
    customers.create_index("email")
    customers.create_index("words")
    for field in ("rank.newest", "rank.orders", "rank.last_order"):
        customers.create_index(field)
        customers.create_index([("tags", 1), (field, 1)])
    for market in database["markets"].find({}, {"currency": 1}):
        CustomerRepository(database).index_currency(market["currency"])
    ensure_collection(
        database,
        "customer_orders",
        document(
            {
                "_id": NAME,
                "customer_id": NAME,
                "currency": CURRENCY,
                "spent": INTEGER,
                "market": NAME,
                "name": STRING,
                "placed_at": DATE,
            }
        ),
    )
    database["customer_orders"].create_index([("customer_id", 1), ("placed_at", -1), ("_id", -1)])
    ensure_collection(database, "customer_marks", document({"_id": NAME, "marks": list_of(STRING)}))
    ensure_collection(
        database,
        "customer_notes",
        document({"_id": NAME, "text": STRING, "version": POSITIVE, "by": STRING, "at": DATE}),
    )
    outbox = Outbox(database)
    CustomerFigures(
        database, AccountService(database, outbox), GroupService(database, outbox)
    ).rebuild()


def _allow(database: Database, name: str, **fields: Document) -> None:
    """Say what is new in a collection that is there."""
    schema = dict(database[name].options()["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], **fields}
    ensure_collection(database, name, schema)
