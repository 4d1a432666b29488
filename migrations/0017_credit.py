"""Gift cards and store credit: accounts, their entries, and what orders hold of them.

Nothing is taken from an account that has not so much available, and what an order paid with credit
is given back to at most that.
"""

from __future__ import annotations

from app.db.database import Database, Document
from app.db.schema import (
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

_KINDS = one_of(["gift_card", "store_credit"])
_USE = document({"credit_id": NAME, "kind": _KINDS, "last4": STRING, "amount": POSITIVE})


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _ledger(database)
    _holds(database)
    _money(database)
    _goods(database)


def _ledger(database: Database) -> None:
    ensure_collection(
        database,
        "credit_accounts",
        document(
            {
                "_id": NAME,
                "kind": _KINDS,
                "state": one_of(["active", "disabled"]),
                "currency": CURRENCY,
                "balance": COUNT,
                "held": COUNT,
                "available": COUNT,
                "issued": COUNT,
                "last4": STRING,
                "created_at": DATE,
                "updated_at": DATE,
            },
            digest=NAME,
            account_id=NAME,
            expires_at=optional(DATE),
        ),
    )
    accounts = database["credit_accounts"]
    accounts.create_index(
        "digest", unique=True, partialFilterExpression={"digest": {"$type": "string"}}
    )
    accounts.create_index(
        [("account_id", 1), ("currency", 1)],
        unique=True,
        partialFilterExpression={"account_id": {"$type": "string"}},
    )
    accounts.create_index("updated_at")
    ensure_collection(
        database,
        "credit_entries",
        document(
            {
                "_id": NAME,
                "credit_id": NAME,
                "amount": INTEGER,
                "held": INTEGER,
                "cause": one_of(["issue", "hold", "spend", "release", "refund", "adjust", "void"]),
                "by": STRING,
                "at": DATE,
            },
            order_id=optional(NAME),
        ),
    )
    database["credit_entries"].create_index([("credit_id", 1), ("at", 1)])


def _holds(database: Database) -> None:
    ensure_collection(
        database,
        "credit_holds",
        document(
            {
                "_id": NAME,
                "state": one_of(["held", "committed", "released"]),
                "currency": CURRENCY,
                "uses": list_of(
                    document(
                        {
                            "credit_id": NAME,
                            "kind": _KINDS,
                            "last4": STRING,
                            "amount": POSITIVE,
                            "refundable": COUNT,
                        }
                    )
                ),
                "round": POSITIVE,
                "refund_count": COUNT,
                "expires_at": DATE,
            }
        ),
    )
    database["credit_holds"].create_index([("state", 1), ("expires_at", 1)])


def _money(database: Database) -> None:
    """Orders may cost nothing, or be paid by credit; so may refunds."""
    totals = document(
        {"subtotal": COUNT, "discount": COUNT, "shipping": COUNT, "tax": COUNT, "total": COUNT}
    )
    _allow(database, "orders", totals=totals, credit=list_of(_USE), credit_refunded=COUNT)
    _allow(database, "captures", credited=COUNT)
    _allow(
        database,
        "refunds",
        attempt_id=STRING,
        payment_id=STRING,
        credit=list_of(_USE),
        voided=list_of(document({"credit_id": NAME, "amount": POSITIVE})),
    )


def _goods(database: Database) -> None:
    """A product may be a gift card, and carts hold cards to pay with."""
    _allow(database, "products", kind=one_of(["simple", "bundle", "gift_card"]))
    note = document({"sku": NAME, "email": STRING, "message": STRING})
    _allow(database, "carts", gift_cards=list_of(NAME), gift_notes=list_of(note))


def _allow(database: Database, name: str, **fields: Document) -> None:
    """Say what is new in a collection that is there."""
    schema = dict(database[name].options()["validator"]["$jsonSchema"])
    schema["properties"] = {**schema["properties"], **fields}
    ensure_collection(database, name, schema)
