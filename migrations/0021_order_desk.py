"""Orders are found by their words and listed by what is known of them; draft orders."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pymongo import UpdateOne

from app.db.database import Database, Document
from app.db.schema import DATE, NAME, POSITIVE, STRING, document, ensure_collection, list_of, one_of

_BATCH = 200


def upgrade(database: Database) -> None:
    """Create everything, and give earlier orders their words; each step may be repeated."""
    _orders(database)
    _drafts(database)


def _orders(database: Database) -> None:
    orders = database["orders"]
    waiting: list[Document] = []
    for order in orders.find({"search": {"$exists": False}}):
        waiting.append(order)
        if len(waiting) == _BATCH:
            _give_words(database, waiting)
            waiting = []
    _give_words(database, waiting)
    orders.create_index([("placed_at", 1), ("_id", 1)])
    orders.create_index([("search", 1), ("placed_at", 1)])
    for field in ("fulfilment", "gateway", "market"):
        orders.create_index([(field, 1), ("placed_at", 1)])


def _drafts(database: Database) -> None:
    ensure_collection(
        database,
        "drafts",
        document(
            {
                "_id": NAME,
                "number": NAME,
                "token": NAME,
                "request_key": NAME,
                "state": one_of(["open", "ordered", "paid", "cancelled"]),
                "cart_id": NAME,
                "market": NAME,
                "email": STRING,
                "lines": list_of(document({"sku": NAME, "title": STRING, "quantity": POSITIVE})),
                "order_number": STRING,
                "created_at": DATE,
                "expires_at": DATE,
            }
        ),
    )
    drafts = database["drafts"]
    for field in ("number", "token", "request_key", "cart_id"):
        drafts.create_index(field, unique=True)
    drafts.create_index("created_at")
    drafts.create_index([("state", 1), ("created_at", 1)])
    database["returns"].create_index("created_at")


def _give_words(database: Database, orders: list[Document]) -> None:
    if not orders:
        return
    words = {order["_id"]: _words_of(order) for order in orders}
    which = {"order_id": {"$in": list(words)}}
    for shipment in database["shipments"].find(which, {"order_id": 1, "tracking": 1}):
        words[shipment["order_id"]].add("".join(_folded(shipment["tracking"]).split()))
    for capture in database["captures"].find({"_id": {"$in": list(words)}}, {"payment_id": 1}):
        words[capture["_id"]].add(capture["payment_id"].lower())
    database["orders"].bulk_write(
        [
            UpdateOne(
                {"_id": order_id, "search": {"$exists": False}},
                {"$set": {"search": sorted(filter(None, found))}},
            )
            for order_id, found in words.items()
        ],
        ordered=False,
    )


def _words_of(order: Document) -> set[str]:
    address = order.get("address") or {}
    number, email = order["number"].lower(), order["email"].lower()
    postal_code = _folded(address.get("postal_code", ""))
    found = {number, number.rpartition("-")[2], email, email.partition("@")[0]}
    found |= {"".join(postal_code.split()), re.sub(r"\D", "", address.get("phone", ""))}
    found |= set(_words(number)) | set(_words(postal_code)) | set(_words(address.get("name", "")))
    for line in order["lines"]:
        for each in (line, *line.get("parts", ())):
            found |= {each["sku"].lower(), *_words(each["title"])}
    return found | ({"is:returned"} if order.get("returns") else set())


def _words(text: str) -> Iterable[str]:
    for word in _folded(text).split():
        yield word.strip(".,;:()\"'")
        yield from re.findall(r"[^\W_]{2,}", word)


def _folded(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in plain if not unicodedata.combining(each))
