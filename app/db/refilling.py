"""Filling a database with documents that were taken from one: raw BSON, as it was."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pymongo
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument

from app.db.database import Database, Document
from app.shared.clock import now

_RAW = CodecOptions(document_class=RawBSONDocument)
_PATIENCE = 120  # seconds for each batch
_MARK = "restores"  # holds a document while a restore is under way
_OPTIONS = ("unique", "sparse", "expireAfterSeconds", "partialFilterExpression", "collation")


class Refilling:
    """Empties collections and fills them again."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def running(self) -> str:
        """Which backup is being restored or was not restored to its end, ``""`` for none."""
        return restore_running(self._database)

    def begin(self, backup_id: str) -> None:
        """Note that everything here is being replaced."""
        mark = {"_id": "restore", "backup_id": backup_id, "begun_at": now()}
        self._database[_MARK].replace_one({"_id": "restore"}, mark, upsert=True)

    def end(self) -> None:
        """Note that everything is in its place."""
        self._database[_MARK].drop()

    def has_any(self, names: Iterable[str]) -> bool:
        """Whether one of these collections has a document."""
        return any(self._database[name].find_one({}, {"_id": 1}) for name in names)

    def drop_all(self) -> None:
        """Remove every collection, the mark apart."""
        for name in self._database.collections() - {_MARK}:
            if not name.startswith("system."):
                self._database[name].drop()

    def clear(self, names: Iterable[str]) -> None:
        """Empty these collections, and leave their rules and indexes."""
        for name in names:
            self._database[name].delete_many({})

    def insert(self, name: str, documents: Sequence[bytes]) -> None:
        """Add documents as they were taken, even such as were stored before the rules of today."""
        collection: Any = self._database[name].with_options(codec_options=_RAW)
        with pymongo.timeout(_PATIENCE):
            collection.insert_many(
                [RawBSONDocument(each) for each in documents],
                ordered=False,
                bypass_document_validation=True,
            )

    def ensure_indexes(self, name: str, wanted: Iterable[Mapping[str, Any]]) -> None:
        """Make the indexes that migrations do not make: those that came with the shop's data."""
        known = {each["name"] for each in self._database[name].list_indexes()}
        for index in wanted:
            if index["name"] not in known:
                options = {option: index[option] for option in _OPTIONS if option in index}
                keys = list(index["key"].items())
                self._database[name].create_index(keys, name=index["name"], **options)

    def raise_counters(self, names: Iterable[str], by: int) -> None:
        """Leave out so many numbers of each series."""
        for name in names:
            self._database["counters"].update_one(
                {"_id": name}, {"$inc": {"value": by}}, upsert=True
            )


def restore_running(database: Database) -> str:
    """Which backup is being restored, ``""`` for none."""
    found: Document | None = database[_MARK].find_one({"_id": "restore"})
    return str(found["backup_id"]) if found else ""
