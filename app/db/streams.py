"""Documents as they are inserted, by a change stream."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Any

from pymongo.collection import Collection
from pymongo.errors import PyMongoError

from app.db.database import Document

_AWAIT_MS = 500  # how long the server holds an empty answer back, and closing may take


class DocumentStream:
    """Every document written into a collection from now on, in order: as it is inserted or
    replaced, empty where one is updated or deleted.

    A thread of its own reads the stream, so that what arrives during other work is there at once.
    """

    def __init__(
        self, collection: Collection[Document], operations: Sequence[str] = ("insert",)
    ) -> None:
        self._stream = collection.watch(
            [{"$match": {"operationType": {"$in": list(operations)}}}], max_await_time_ms=_AWAIT_MS
        )
        self._arrived: SimpleQueue[Document | PyMongoError] = SimpleQueue()
        self._lost: PyMongoError | None = None
        self._closed = threading.Event()
        threading.Thread(target=self._read, name="document-stream", daemon=True).start()

    def _read(self) -> None:
        try:
            while not self._closed.is_set():
                change: Any = self._stream.try_next()
                if change is not None:
                    self._arrived.put(change.get("fullDocument") or {})
        except PyMongoError as error:
            self._arrived.put(error)
        finally:
            self._stream.close()

    def take(self, wait: float) -> list[Document]:
        """What arrived since the last call; waits up to ``wait`` seconds for the first.

        Raises ``PyMongoError`` once the stream is lost and everything before that was taken.
        """
        found: list[Document] = []
        while self._lost is None:
            try:
                arrived = self._arrived.get(timeout=0 if found else wait)
            except Empty:
                return found
            if isinstance(arrived, PyMongoError):
                self._lost = arrived
            else:
                found.append(arrived)
        if found:
            return found
        raise self._lost

    def close(self) -> None:
        """Stop reading."""
        self._closed.set()
