"""Counters of the dashboard, the money report's findings, and the indexes behind both."""

from __future__ import annotations

from app.db.database import Database
from app.db.schema import (
    BOOLEAN,
    COUNT,
    CURRENCY,
    DATE,
    INTEGER,
    NAME,
    STRING,
    document,
    ensure_collection,
    list_of,
    one_of,
)

_CELL = document({"cell": list_of(STRING), "number": {"bsonType": ["int", "long"]}})
_SKETCH_LIFE = 4 * 24 * 3600  # seconds
_RUN_LIFE = 30 * 24 * 3600


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    _counters(database)
    _visits(database)
    _query_paths(database)
    _money(database)


def _counters(database: Database) -> None:
    ensure_collection(
        database,
        "analytics_subjects",
        document(
            {"_id": NAME, "generation": COUNT, "cells": list_of(_CELL)},
            asked_at=DATE,
            fact=list_of(_CELL),
        ),
    )
    database["analytics_subjects"].create_index("asked_at")
    ensure_collection(
        database,
        "analytics_counters",
        document(
            {
                "_id": NAME,
                "generation": COUNT,
                "kind": NAME,
                "period": NAME,
                "market": STRING,
                "currency": STRING,
                "figures": {"bsonType": "object"},
            }
        ),
    )
    database["analytics_counters"].create_index([("kind", 1), ("period", 1)])
    ensure_collection(
        database,
        "analytics_state",
        document({"_id": NAME, "generation": COUNT, "revision": COUNT}),
    )


def _visits(database: Database) -> None:
    ensure_collection(
        database,
        "analytics_visits",
        document({"_id": NAME, "day": NAME, "market": NAME, "steps": {"bsonType": "object"}}),
    )
    database["analytics_visits"].create_index("day")
    ensure_collection(
        database,
        "analytics_sketches",
        document({"_id": NAME, "registers": {"bsonType": "binData"}, "at": DATE}),
    )
    database["analytics_sketches"].create_index("at", expireAfterSeconds=_SKETCH_LIFE)


def _query_paths(database: Database) -> None:
    database["payment_attempts"].create_index("uncounted")
    database["orders"].create_index([("placed_at", -1)])
    database["orders"].create_index([("state", 1), ("fulfilment", 1)])
    database["carts"].create_index([("updated_at", -1)])
    database["webhook_events"].create_index([("received_at", -1)])


def _money(database: Database) -> None:
    ensure_collection(
        database,
        "audit_runs",
        document(
            {
                "_id": NAME,
                "state": one_of(["asked", "running", "done", "failed"]),
                "open": BOOLEAN,
                "by": NAME,
                "asked_at": DATE,
                "beat_at": DATE,
                "looked_at": COUNT,
                "found": COUNT,
                "error": STRING,
            }
        ),
    )
    database["audit_runs"].create_index(
        "open", unique=True, partialFilterExpression={"open": True}, name="one_open_run"
    )
    database["audit_runs"].create_index("asked_at", expireAfterSeconds=_RUN_LIFE)
    ensure_collection(
        database,
        "audit_findings",
        document(
            {
                "_id": NAME,
                "difference": NAME,
                "gateway": STRING,
                "payment_id": STRING,
                "order_number": STRING,
                "state": one_of(["open", "repairing", "repaired", "mended", "marked", "gone"]),
                "note": STRING,
                "first_seen": DATE,
                "last_seen": DATE,
                "run_id": NAME,
                "version": COUNT,
            }
        ),
    )
    database["audit_findings"].create_index([("state", 1), ("last_seen", -1)])
    numbers = ("payments", "captured", "refunded", "listed_captured", "listed_refunded")
    ensure_collection(
        database,
        "money_days",
        document(
            {
                "_id": NAME,
                "day": NAME,
                "gateway": NAME,
                "currency": CURRENCY,
                "compared_at": DATE,
                **dict.fromkeys(numbers, INTEGER),
            }
        ),
    )
    database["money_days"].create_index("day")
