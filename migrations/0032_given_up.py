"""Events of which something was given up, for staff to see."""

from __future__ import annotations

from app.db.database import Database


def upgrade(database: Database) -> None:
    """Index the moment; repeating it changes nothing."""
    database["outbox"].create_index("gave_up_at", sparse=True)
