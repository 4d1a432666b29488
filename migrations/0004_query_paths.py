"""Plain indexes where a partial one is not taken for the query it was made for."""

from __future__ import annotations

from app.db.database import Database


def upgrade(database: Database) -> None:
    """Create everything; each step may be repeated."""
    database["outbox"].create_index([("state", 1), ("available_at", 1)])
    database["payment_attempts"].create_index("session_id")
