"""Emptying the database between tests, by asking once what is in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from app.db.database import Database, Document
from app.markets.repository import MarketRepository
from app.markets.starting import STARTING

_KEPT = {"migrations", "migration_lock"}
_MARKETS = "markets"
_seeded: list[Document] = []  # the markets as a new shop has them


def empty(database: Database) -> None:
    """Leave what a migrated shop begins with: its schema and the markets of the start.

    Whoever wrote it, every document goes; but most collections have none, so all of them are asked
    for one at once.
    """
    for name in _with_documents(database, database.collections() - _KEPT - {_MARKETS}):
        database[name].delete_many({})
    markets = database[_MARKETS]
    if not _seeded or list(markets.find()) != _seeded:
        markets.delete_many({})
        MarketRepository(database).seed(STARTING)
        _seeded[:] = markets.find()


def _with_documents(database: Database, names: Iterable[str]) -> list[str]:
    """Those of these collections that hold anything."""
    first, *others = sorted(names)
    more = [{"$unionWith": {"coll": name, "pipeline": _whether_any(name)}} for name in others]
    found = database[first].aggregate([*_whether_any(first), *more])
    return [each["name"] for each in found]


def _whether_any(name: str) -> list[dict[str, Any]]:
    return [{"$limit": 1}, {"$project": {"_id": 0, "name": {"$literal": name}}}]
