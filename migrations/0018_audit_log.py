"""The audit log: what staff did, with what it was like before and after."""

from __future__ import annotations

from app.db.database import Database, Document
from app.db.schema import DATE, NAME, STRING, document, ensure_collection, list_of, one_of, optional

_ANYTHING: Document = {"bsonType": ["object", "null"]}


def upgrade(database: Database) -> None:
    """Create the collection and its indexes; each step may be repeated."""
    ensure_collection(
        database,
        "audit_log",
        document(
            {
                "_id": NAME,
                "at": DATE,
                "actor": document(
                    {"account_id": NAME, "email": STRING, "role": NAME, "network": STRING}
                ),
                "action": NAME,
                "outcome": one_of(["begun", "done", "denied", "failed"]),
                "note": STRING,
                "changes": list_of(
                    document(
                        {
                            "subject": NAME,
                            "label": STRING,
                            "before": _ANYTHING,
                            "after": _ANYTHING,
                        }
                    )
                ),
                "subjects": list_of(NAME),
                "undone_by": optional(NAME),
                "undoes": optional(NAME),
            }
        ),
    )
    log = database["audit_log"]
    log.create_index([("at", -1)])
    log.create_index([("subjects", 1), ("at", -1)])
    log.create_index([("actor.account_id", 1), ("at", -1)])
    log.create_index([("action", 1), ("at", -1)])
    log.create_index([("outcome", 1), ("at", -1)])
