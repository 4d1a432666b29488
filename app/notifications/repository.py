"""Which messages went out."""

from __future__ import annotations

from app.db.database import Database
from app.shared.clock import now


class SentMessages:
    """Reads and writes ``sent_messages``, by the message's own key."""

    def __init__(self, database: Database) -> None:
        self._sent = database["sent_messages"]

    def has(self, key: str) -> bool:
        """Whether this very message was sent."""
        return self._sent.find_one({"_id": key}, {"_id": 1}) is not None

    def note(self, key: str) -> None:
        """Remember that it was; repeating it changes nothing."""
        self._sent.update_one({"_id": key}, {"$setOnInsert": {"at": now()}}, upsert=True)
