"""Versioned changes to the database: collections, validators and indexes.

A migration is a module ``migrations/NNNN_name.py`` with ``upgrade(database)`` that is safe to
run again. One process migrates at a time; what ran is kept in ``migrations``.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import time
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pymongo.errors import DuplicateKeyError

from app.db.database import Database
from app.shared.clock import now

FOLDER = Path(__file__).resolve().parents[2] / "migrations"
_LOCK_LIFE = timedelta(minutes=10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One step of the schema's history."""

    name: str
    upgrade: Callable[[Database], None]


class MigrationLocked(Exception):
    """Another process is migrating and did not finish in time."""


def all_migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """Load every migration, oldest first."""
    return tuple(_load(path) for path in sorted(folder.glob("[0-9]*_*.py")))


def _load(path: Path) -> Migration:
    spec = importlib.util.spec_from_file_location(f"migrations.{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Migration(name=path.stem, upgrade=module.upgrade)


def applied_migrations(database: Database) -> set[str]:
    """Names of the migrations that this database has seen."""
    return {document["_id"] for document in database["migrations"].find({}, {"_id": 1})}


def pending_migrations(database: Database) -> list[str]:
    """Names of the migrations still to run, oldest first."""
    done = applied_migrations(database)
    names = sorted(path.stem for path in FOLDER.glob("[0-9]*_*.py"))
    return [name for name in names if name not in done]


def upgrade(
    database: Database, wait: float = 60.0, only: Container[str] | None = None
) -> list[str]:
    """Run what is pending, in order, and return the names that ran; ``only`` names those that may.

    Raises ``MigrationLocked`` after ``wait`` seconds behind another process.
    """
    ran = []
    with _lock(database, wait):
        done = applied_migrations(database)
        for migration in all_migrations():
            if migration.name in done or (only is not None and migration.name not in only):
                continue
            started = time.monotonic()
            migration.upgrade(database)
            database["migrations"].insert_one(
                {
                    "_id": migration.name,
                    "applied_at": now(),
                    "seconds": round(time.monotonic() - started, 3),
                }
            )
            ran.append(migration.name)
    return ran


@contextmanager
def _lock(database: Database, wait: float) -> Iterator[None]:
    """Hold the only migration lock; one left by a dead process ends with its lease."""
    owner = f"{socket.gethostname()}:{os.getpid()}:{time.time_ns()}"
    locks = database["migration_lock"]
    deadline = time.monotonic() + wait
    while not _take(database, owner):
        if time.monotonic() > deadline:
            raise MigrationLocked("another process holds the migration lock")
        time.sleep(0.2)
    try:
        yield
    finally:
        locks.delete_one({"_id": "lock", "owner": owner})


def _take(database: Database, owner: str) -> bool:
    lease = {"owner": owner, "until": now() + _LOCK_LIFE}
    locks = database["migration_lock"]
    taken = locks.update_one({"_id": "lock", "until": {"$lt": now()}}, {"$set": lease})
    if taken.modified_count:
        return True
    try:
        locks.insert_one({"_id": "lock", **lease})
    except DuplicateKeyError:
        return False
    return True
