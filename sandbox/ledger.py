"""The sandbox's own books: objects as JSON in SQLite, one writer at a time."""

from __future__ import annotations

import json
import secrets
import sqlite3
import string
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Object = dict[str, Any]
_LETTERS = string.ascii_letters + string.digits
_SCHEMA = """
create table if not exists objects (
  seq integer primary key autoincrement, kind text not null, id text not null unique,
  ref text not null, created integer not null, body text not null);
create index if not exists by_ref on objects (kind, ref);
create table if not exists answers (
  key text primary key, fingerprint text not null, status integer not null, body text not null,
  created integer not null);
create table if not exists deliveries (
  seq integer primary key autoincrement, gateway text not null, event text not null,
  event_id text not null, body blob not null, tries integer not null default 0,
  due real not null, done integer not null default 0, forged integer not null default 0);
create index if not exists due on deliveries (done, due);
"""


def new_id(prefix: str, length: int = 14) -> str:
    """An identifier in the gateways' style."""
    return f"{prefix}_{''.join(secrets.choice(_LETTERS) for _ in range(length))}"


def seconds() -> int:
    """Now, in Unix seconds."""
    return int(time.time())


class Ledger:
    """Objects by kind and id, saved answers, and webhooks to deliver."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._sql = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._sql.execute("pragma journal_mode=wal")
        self._sql.execute("pragma synchronous=normal")
        self._sql.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, and nobody else meanwhile. May be nested."""
        with self._lock:
            outermost = self._depth == 0
            if outermost:
                self._sql.execute("begin immediate")
            self._depth += 1
            try:
                yield
            except BaseException:
                if outermost:
                    self._sql.execute("rollback")
                raise
            else:
                if outermost:
                    self._sql.execute("commit")
            finally:
                self._depth -= 1

    def put(self, kind: str, item: Object, ref: str = "") -> Object:
        """Store an object; ``ref`` is what ``find`` looks for."""
        with self.transaction():
            self._sql.execute(
                "insert into objects (kind, id, ref, created, body) values (?, ?, ?, ?, ?) "
                "on conflict (id) do update set body = excluded.body",
                (kind, item["id"], ref, item.get("created") or item.get("created_at") or seconds(),
                 json.dumps(item)),
            )  # fmt: skip
        return item

    def get(self, kind: str, identity: str) -> Object | None:
        """The object, or None."""
        with self._lock:
            row = self._sql.execute(
                "select body from objects where kind = ? and id = ?", (kind, identity)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def find(self, kind: str, ref: str | None = None) -> list[Object]:
        """Objects of a kind, newest first."""
        query, values = "select body from objects where kind = ?", [kind]
        if ref is not None:
            query, values = query + " and ref = ?", [kind, ref]
        with self._lock:
            rows = self._sql.execute(query + " order by seq desc", values).fetchall()
        return [json.loads(row[0]) for row in rows]

    def saved_answer(self, key: str) -> tuple[str, int, str] | None:
        """The fingerprint, status and body saved under an idempotency key."""
        with self._lock:
            row = self._sql.execute(
                "select fingerprint, status, body from answers where key = ?", (key,)
            ).fetchone()
        return tuple(row) if row else None

    def save_answer(self, key: str, fingerprint: str, status: int, body: str) -> None:
        """Save an answer under its key, for ever."""
        with self.transaction():
            self._sql.execute(
                "insert or ignore into answers values (?, ?, ?, ?, ?)",
                (key, fingerprint, status, body, seconds()),
            )

    def queue(
        self, gateway: str, event: str, event_id: str, body: bytes, due: float, forged: bool
    ) -> None:
        """Put a webhook into the queue, in the transaction of its cause."""
        with self.transaction():
            self._sql.execute(
                "insert into deliveries (gateway, event, event_id, body, due, forged) "
                "values (?, ?, ?, ?, ?, ?)",
                (gateway, event, event_id, body, due, int(forged)),
            )

    def due_deliveries(self, moment: float) -> list[tuple[int, str, str, bytes, int, bool]]:
        """Deliveries to try now: (seq, gateway, event id, body, tries, forged)."""
        with self._lock:
            rows = self._sql.execute(
                "select seq, gateway, event_id, body, tries, forged from deliveries "
                "where done = 0 and due <= ? order by due, seq limit 20",
                (moment,),
            ).fetchall()
        return [(*row[:5], bool(row[5])) for row in rows]

    def note_delivery(self, seq: int, done: bool, next_due: float) -> None:
        """Record a try."""
        with self.transaction():
            self._sql.execute(
                "update deliveries set tries = tries + 1, done = ?, due = ? where seq = ?",
                (int(done), next_due, seq),
            )

    def undelivered(self) -> int:
        """How many webhooks still wait."""
        with self._lock:
            return self._sql.execute("select count(*) from deliveries where done = 0").fetchone()[0]

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in ("objects", "answers", "deliveries"):
                # one of these three, nobody else's
                self._sql.execute(f"delete from {table}")  # nosec B608
