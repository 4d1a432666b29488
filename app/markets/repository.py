"""Market documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pymongo.collection import Collection

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.streams import DocumentStream
from app.markets.documents import from_document, to_document
from app.markets.models import Market

_TURN = "market_writes"  # a counter that every writer moves: two at once are one after the other
_WRITES = ("insert", "update", "replace", "delete")


class MarketRepository:
    """Reads and writes ``markets``."""

    def __init__(self, database: Database) -> None:
        self._markets: Collection[dict[str, Any]] = database["markets"]
        self._counters = database["counters"]

    def all(self, session: Session | None = None) -> tuple[Market, ...]:
        """Every market, in the shop's order."""
        found = (
            from_document({**each, "code": each["_id"]}, stored=True)
            for each in self._markets.find({}, session=session)
        )
        return tuple(sorted(found, key=lambda market: (market.position, market.code)))

    def take_turn(self, session: Session) -> None:
        """Let no other transaction write a market beside this one."""
        self._counters.update_one({"_id": _TURN}, {"$inc": {"value": 1}}, True, session=session)

    def insert(self, market: Market, session: Session) -> bool:
        """Store a new market; False if there is one of this code."""
        try:
            self._markets.insert_one(_document(market), session=session)
        except DuplicateKeyError:
            return False
        return True

    def replace(self, market: Market, session: Session) -> bool:
        """Store a market over the version before it; False if it is not that one any more."""
        result = self._markets.replace_one(
            {"_id": market.code, "version": market.version - 1}, _document(market), session=session
        )
        return bool(result.matched_count)

    def seed(self, markets: Iterable[Market]) -> None:
        """Store these markets where there are none of their codes; may be repeated."""
        for market in markets:
            document = _document(market)
            self._markets.update_one({"_id": market.code}, {"$setOnInsert": document}, upsert=True)

    def watch(self) -> DocumentStream:
        """Every write from now on. Raises the driver's error if that cannot be."""
        return DocumentStream(self._markets, _WRITES)


def _document(market: Market) -> dict[str, Any]:
    document = to_document(market)
    return {"_id": document.pop("code"), **document}
