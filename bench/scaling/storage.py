"""How much is stored where, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bson
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from flask import Flask

from app.db.database import Database
from app.web.registry import service

_RECORD = 9  # bytes that an index entry takes beside its key, about
_DAY = 24 * 3600
_LIVES = {"carts": 60.0}  # days, where the documents say themselves when they end


@dataclass(kw_only=True, slots=True)
class Stored:
    """Documents with their bytes, those of their indexes apart; ``days`` is how long they are kept,
    0 for ever. Before compression."""

    documents: float = 0
    bytes: float = 0
    index_bytes: float = 0
    days: float = 0

    def less(self, before: Stored | None, purchases: int) -> Stored:
        """What came for each purchase."""
        begun = before or Stored()
        return Stored(
            documents=(self.documents - begun.documents) / purchases,
            bytes=(self.bytes - begun.bytes) / purchases,
            index_bytes=(self.index_bytes - begun.index_bytes) / purchases,
            days=self.days,
        )


def stored(app: Flask) -> dict[str, Stored]:
    """All that there is, by collection."""
    database = service(Database, app)
    return {name: _of(database, name) for name in sorted(database.collections())}


def _of(database: Database, name: str) -> Stored:
    raw: Any = database[name].with_options(codec_options=CodecOptions(RawBSONDocument))
    indexes = database[name].index_information().values()
    lives = [each["expireAfterSeconds"] / _DAY for each in indexes if "expireAfterSeconds" in each]
    found = Stored(days=_LIVES.get(name, max(lives, default=0.0)))
    for document in raw.find():
        found.documents += 1
        found.bytes += len(document.raw)
        plain = bson.decode(document.raw)
        found.index_bytes += sum(_entry(plain, [key for key, _ in each["key"]]) for each in indexes)
    return found


def _entry(document: dict[str, Any], keys: list[str]) -> int:
    """About how many bytes a document takes in an index."""
    values = [_at(document, key.split(".")) for key in keys]
    most = max((len(each) for each in values if isinstance(each, list)), default=1)
    return most * (_RECORD + len(bson.encode({"": [_one(each) for each in values]})) - 12)


def _one(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, list) else value


def _at(value: Any, path: list[str]) -> Any:
    for step in path:
        if isinstance(value, list):
            value = [each.get(step) for each in value if isinstance(each, dict)]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            return None
    return value
