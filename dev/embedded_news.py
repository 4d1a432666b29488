"""Who waits for what becomes of a collection hears of that, and SecantusDB does nothing meanwhile.

It answered whoever follows a collection at whatever was written anywhere, mostly with nothing, and
went through its log for each of them each time: in a sale that took a third of what it can do.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from secantus import commands, storage

from dev.embedded_indexes import IndexStorage

PATCHED = {
    commands: ("_HANDLERS",),
    storage.Storage: (
        "_emit_oplog",
        "_mint_oplog_seq_and_ts",
        "_deregister_minted",
        "oplog_visible_tail_seq_nolock",
    ),
}
_SLICE = 0.25  # seconds between looks at whether the server stops
_WHOLE_DATABASE = "$cmd.aggregate"
_Entry = Mapping[str, Any]
_Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


class NewsStorage(IndexStorage):
    """Storage that knows of each collection where in the log it was last written of."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._newest: dict[str, int] = {}
        self._newest_of_all = 0  # of what concerns every collection, such as that one is dropped
        self._untold: dict[str, int] = {}  # collections of which news are not there for all yet
        self._news_lock = threading.Lock()
        self._listening: dict[str, threading.Condition] = {}
        super().__init__(*arguments, **options)
        self._newest_of_all = self.oplog_visible_tail_seq_nolock()

    def await_news(self, cursor: Any, until: float) -> bool:
        """Wait until the log has something that a cursor may want, at most until this moment of
        ``time.monotonic``. Whether it has."""
        name = cursor.namespace
        listening = self._listening.setdefault(name, threading.Condition())
        while not self._shutting_down and (left := until - time.monotonic()) > 0:
            with listening:
                if listening.wait_for(lambda: self._has_news(name, cursor), min(left, _SLICE)):
                    return True
        return False

    def _has_news(self, name: str, cursor: Any) -> bool:
        position: int = cursor.position_seq
        newest = max(self._newest.get(name, 0), self._newest_of_all)
        return position < newest and position < self.oplog_visible_tail_seq_nolock()

    def _emit_oplog(self, entries: list[_Entry], *more: Any) -> Any:
        self._tls.emitting = entries
        try:
            return super()._emit_oplog(entries, *more)
        finally:
            self._tls.emitting = ()

    def _mint_oplog_seq_and_ts(self, n: int) -> Any:
        minted = super()._mint_oplog_seq_and_ts(n)
        self._note(getattr(self._tls, "emitting", ()), minted[0])
        return minted

    def _note(self, entries: Iterable[_Entry], first: int) -> None:
        """Remember where the log will tell of which collections, before anybody can read it."""
        with self._news_lock:
            for place, entry in enumerate(entries, first):
                name = entry["ns"]
                self._untold[name] = max(place, self._untold.get(name, 0))
                if entry["op"] == "c":
                    self._newest_of_all = max(place, self._newest_of_all)
                else:
                    self._newest[name] = max(place, self._newest.get(name, 0))

    def _deregister_minted(self, ranges: Any) -> None:
        super()._deregister_minted(ranges)
        tail = self.oplog_visible_tail_seq_nolock()
        with self._news_lock:
            names = list(self._untold)
            for name in names:
                if self._untold[name] <= tail:
                    del self._untold[name]
        concern_all = any(name.endswith(".$cmd") for name in names)
        for name in list(self._listening) if concern_all else names:
            if listening := self._listening.get(name):
                with listening:
                    listening.notify_all()


def get_more(plain: _Handler, asked: dict[str, Any], context: Any) -> dict[str, Any]:
    """What a cursor has next. One that follows a collection is answered when there are news of it,
    or when its time is over, as by MongoDB."""
    patience = asked.get("maxTimeMS")
    if not patience or asked.get("collection") == _WHOLE_DATABASE:
        return plain(asked, context)
    until = time.monotonic() + patience / 1000
    while True:
        reply = plain({**asked, "maxTimeMS": 0}, context)
        found = reply.get("cursor")
        if found is None or found["nextBatch"] or not found["id"]:
            return reply
        cursor = context.cursors.get(int(asked["getMore"]))
        if not cursor.change_stream:
            return plain(asked, context)
        if not context.storage.await_news(cursor, until):
            return reply
