"""Stored settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pymongo.collection import Collection

from app.db.database import Database, Document, Session
from app.db.errors import DuplicateKeyError
from app.db.streams import DocumentStream
from app.shared.clock import now
from app.shop.models import Stored

_WRITES = ("insert", "update", "replace", "delete")


class SettingsRepository:
    """Reads and writes ``shop_settings``: one document for each name."""

    def __init__(self, database: Database) -> None:
        self._settings: Collection[Document] = database["shop_settings"]

    def all(self) -> dict[str, Stored]:
        """Everything that is stored, by name."""
        return {each["_id"]: _stored(each) for each in self._settings.find({})}

    def find(self, name: str, session: Session | None = None) -> Stored | None:
        """What is stored under a name, or None."""
        found = self._settings.find_one({"_id": name}, session=session)
        return _stored(found) if found else None

    def store(
        self, name: str, values: Mapping[str, Any], version: int, session: Session | None = None
    ) -> bool:
        """Store ``values`` over the version that was read, 0 for none; False if it is not that one
        any more."""
        document = {"values": dict(values), "version": version + 1, "updated_at": now()}
        if version:
            result = self._settings.replace_one(
                {"_id": name, "version": version}, {"_id": name, **document}, session=session
            )
            return bool(result.matched_count)
        try:
            self._settings.insert_one({"_id": name, **document}, session=session)
        except DuplicateKeyError:
            return False
        return True

    def watch(self) -> DocumentStream:
        """Every write from now on. Raises the driver's error if that cannot be."""
        return DocumentStream(self._settings, _WRITES)


def _stored(document: Document) -> Stored:
    return Stored(name=document["_id"], version=document["version"], values=document["values"])
