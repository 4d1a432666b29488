"""Packed read models in the database: chunks first, then the head that makes them count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from app.db.database import Database, Document
from app.shared.clock import now
from app.shared.ids import new_id

_CHUNK = 4 * 1024 * 1024  # bytes; a document holds 16 MB at most
_KEPT = timedelta(minutes=10)  # a pack that another one replaced may still be read
_HEAD_KEPT = timedelta(days=2)  # of a version of the code that packs no more


@dataclass(frozen=True, kw_only=True, slots=True)
class Pack:
    """A packed model, and the place in the feed of changes at which it was taken."""

    data: bytes
    since: datetime
    seen: tuple[str, ...]


class PackRepository:
    """Reads and writes ``read_model_chunks``. There is one head for each version of the code."""

    def __init__(self, database: Database) -> None:
        self._chunks = database["read_model_chunks"]

    def head(self, version: str) -> Document | None:
        """What is known of the newest pack, without its data."""
        found: Document | None = self._chunks.find_one({"_id": f"head:{version}"})
        return found

    def read(self, version: str) -> Pack | None:
        """The newest pack, None if there is none or it is not whole."""
        head = self.head(version)
        if head is None:
            return None
        parts = [self._chunks.find_one({"_id": name}) for name in _names(head)]
        data = b"".join(part["data"] for part in parts if part is not None)
        if _digest(data) != head["digest"]:
            return None
        return Pack(data=data, since=head["since"], seen=tuple(head["seen"]))

    def store(self, version: str, data: bytes, since: datetime, seen: Sequence[str]) -> None:
        """Store a pack; readers see the former one until this one is whole."""
        pack, moment = new_id("pck"), now()
        count = (len(data) + _CHUNK - 1) // _CHUNK
        head = {
            "pack": pack,
            "at": moment,
            "since": since,
            "seen": list(seen),
            "chunks": count,
            "digest": _digest(data),
        }
        for place, name in enumerate(_names(head)):
            part = data[place * _CHUNK : (place + 1) * _CHUNK]
            self._chunks.insert_one({"_id": name, "pack": pack, "at": moment, "data": part})
        self._chunks.replace_one({"_id": f"head:{version}"}, head, upsert=True)
        self._remove_replaced()

    def _remove_replaced(self) -> None:
        known = list(self._chunks.find({}, {"pack": 1, "at": 1}))
        heads = [each for each in known if each["_id"].startswith("head:")]
        current = {each["pack"] for each in heads if each["at"] > now() - _HEAD_KEPT}
        for each in known:
            if each["pack"] not in current and each["at"] < now() - _KEPT:
                self._chunks.delete_one({"_id": each["_id"], "pack": each["pack"]})


def _names(head: Document) -> list[str]:
    return [f"{head['pack']}:{place:05}" for place in range(head["chunks"])]


def _digest(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()
