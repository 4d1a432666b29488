"""What SecantusDB knows of collections and indexes, read once and not at every command.

Each command went through all indexes of its collection several times, a third of what a write
costs. What was read is kept for everybody until somebody changes any of it. It is used by who is
sure to see the newest of it: whose snapshot was begun after the last change was there for all, and
while no transaction holds another one. Whoever is not sure reads for itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import bson
import wiredtiger as wt
from secantus import storage

PATCHED = {
    storage: ("_COLL_TABLE", "_IDX_TABLE"),
    storage.Storage: (
        "_coll_options",
        "_iter_indexes",
        "_all_indexes",
        "_partial_filters",
        "_multikey_index_names",
        "_index_options_map",
        "_cursor",
        "_refresh_read_snapshot",
        "_batch_transaction",
        "use_user_transaction",
        "_close_user_txn_session",
    ),
}
_Read = Callable[[str, str], Any]
_Index = tuple[str, dict[str, Any], dict[str, Any]]


class _Known:
    """What was read of the present version. A version ends when a change is there for all, and
    nothing is known while a change is made."""

    def __init__(self) -> None:
        self.version = 0
        self._changing: set[object] = set()
        self._read: dict[tuple[str, str, str], tuple[int, Any]] = {}
        self._lock = threading.Lock()

    def is_newest(self, version: int | None) -> bool:
        """Whether who began at ``version`` sees what everybody sees who begins now."""
        return version == self.version and not self._changing

    def get(self, version: int | None, name: str, db: str, coll: str, read: _Read) -> Any:
        """What is kept of a collection under this name, or else what ``read`` finds of it, for who
        began at ``version``."""
        if not self.is_newest(version):
            return read(db, coll)
        kept = self._read.get(key := (name, db, coll))
        if kept is not None and kept[0] == version:
            return kept[1]
        found = read(db, coll)
        if version is not None and self.is_newest(version):
            self._read[key] = version, found
        return found

    def begin_change(self, who: object) -> None:
        """Before ``who`` changes something; once is enough."""
        with self._lock:
            self._changing.add(who)

    def end_change(self, who: object) -> None:
        """After the change of ``who``, if any, is there for all, or was taken back."""
        with self._lock:
            if who in self._changing:
                self.version += 1
                self._read = {}
                self._changing.discard(who)


class _Noted:
    """A cursor of the catalogue that tells before it writes."""

    def __init__(self, cursor: Any, changing: Callable[[], Any]) -> None:
        self._cursor, self._changing = cursor, changing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def __setitem__(self, key: Any, value: Any) -> None:
        with self._changing():
            self._cursor[key] = value

    def insert(self) -> Any:
        with self._changing():
            return self._cursor.insert()

    def update(self) -> Any:
        with self._changing():
            return self._cursor.update()

    def remove(self) -> Any:
        with self._changing():
            return self._cursor.remove()


class CatalogStorage(storage.Storage):  # type: ignore[misc]  # it has no types
    """Storage that reads options and indexes of collections where they stand, and keeps them."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._known = _Known()
        self._began: dict[Any, int] = {}  # versions at which transactions of many commands began
        super().__init__(*arguments, **options)

    # What is kept belongs to all: the engine only looks at it, or gets a copy.

    def _coll_options(self, db: str, coll: str) -> dict[str, Any] | None:
        found = self._keep("options", db, coll, self._find_options)
        return None if found is None else dict(found)

    def _iter_indexes(self, db: str, coll: str) -> Iterator[_Index]:
        return iter(self._keep("indexes", db, coll, self._find_indexes))

    def _all_indexes(self, db: str, coll: str) -> Any:
        return self._keep("all", db, coll, super()._all_indexes)

    def _partial_filters(self, db: str, coll: str) -> Any:
        return self._keep("partial", db, coll, super()._partial_filters)

    def _multikey_index_names(self, db: str, coll: str) -> set[str]:
        return set(self._keep("multikey", db, coll, super()._multikey_index_names))

    def _index_options_map(self, db: str, coll: str) -> Any:
        return self._keep("options of indexes", db, coll, super()._index_options_map)

    def _keep(self, name: str, db: str, coll: str, read: _Read) -> Any:
        return self._known.get(self._seen(), name, db, coll, read)

    def _find_options(self, db: str, coll: str) -> dict[str, Any] | None:
        cursor = super()._cursor(storage._COLL_TABLE)
        cursor.set_key(db, coll)
        if cursor.search() != 0:
            return None
        stored = bytes(cursor.get_value())
        return bson.decode(stored) if stored else {}

    def _find_indexes(self, db: str, coll: str) -> list[_Index]:
        cursor = super()._cursor(storage._IDX_TABLE)
        cursor.set_key(db, coll, "")
        found, indexes = cursor.search_near(), list[_Index]()
        if found == wt.WT_NOTFOUND or (found < 0 and cursor.next() != 0):
            return indexes
        while (key := cursor.get_key())[:2] == [db, coll]:
            stored = bson.decode(bytes(cursor.get_value()))
            indexes.append((key[2], stored.get("key", {}), stored.get("options", {})))
            if cursor.next() != 0:
                break
        return indexes

    # --- who sees what -------------------------------------------------------------------------

    def _seen(self) -> int | None:
        """The version that was the newest when this thread's view began; None if nobody knows."""
        transaction = getattr(self._tls, "user_txn", None)
        if transaction is not None:
            return self._began.get(transaction)
        return getattr(self._tls, "catalog_version", None)

    def _refresh_read_snapshot(self) -> None:
        if getattr(self._tls, "batch", None) is None:  # or its view stays as it began
            self._tls.catalog_version = self._known.version
        super()._refresh_read_snapshot()

    @contextmanager
    def _batch_transaction(self, **options: Any) -> Iterator[Any]:
        if getattr(self._tls, "user_txn", None) is not None:
            with super()._batch_transaction(**options) as session:
                yield session
            return
        self._tls.catalog_version = self._known.version
        self._tls.batch = batch = object()
        try:
            with super()._batch_transaction(**options) as session:
                yield session
        finally:
            self._tls.batch = None
            self._known.end_change(batch)

    @contextmanager
    def use_user_transaction(self, handle: Any) -> Iterator[Any]:
        """Note where a transaction of several commands begins to see."""
        if not handle.began:
            self._began[handle] = self._known.version
        with super().use_user_transaction(handle):
            yield

    def _close_user_txn_session(self, handle: Any) -> None:
        super()._close_user_txn_session(handle)
        self._began.pop(handle, None)
        self._known.end_change(handle)

    # --- who changes what ----------------------------------------------------------------------

    def _cursor(self, table: str, **options: Any) -> Any:
        cursor = super()._cursor(table, **options)
        if table in {storage._COLL_TABLE, storage._IDX_TABLE}:
            return _Noted(cursor, self._changing)
        return cursor

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Around a write. One inside a transaction is there for others when that has ended."""
        transaction = getattr(self._tls, "user_txn", None) or getattr(self._tls, "batch", None)
        change = transaction or object()
        self._known.begin_change(change)
        try:
            yield
        finally:
            if transaction is None:
                self._known.end_change(change)
