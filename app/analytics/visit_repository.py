"""Visitors by day, and the sketches that they are counted with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.analytics.models import Span
from app.db.database import Database, Document
from app.shared.clock import now


class VisitRepository:
    """Reads and writes ``analytics_visits`` and ``analytics_sketches``."""

    def __init__(self, database: Database) -> None:
        self._visits = database["analytics_visits"]
        self._sketches = database["analytics_sketches"]

    def raise_to(self, day: str, market: str, steps: Mapping[str, int]) -> bool:
        """Note how many came so far on a day; numbers only grow. Whether one did."""
        result = self._visits.update_one(
            {"_id": f"{day}|{market}"},
            {
                "$max": {f"steps.{step}": number for step, number in steps.items()},
                "$setOnInsert": {"day": day, "market": market},
            },
            upsert=True,
        )
        return bool(result.modified_count or result.upserted_id)

    def read(self, span: Span, market: str = "") -> Iterator[tuple[str, str, dict[str, int]]]:
        """Day, market and steps; without a ``market`` of all of them."""
        query: Document = {"day": {"$gte": span.first.isoformat(), "$lte": span.last.isoformat()}}
        for each in self._visits.find(query):
            if not market or each["market"] == market:
                yield each["day"], each["market"], each["steps"]

    def sketch(self, name: str) -> bytes | None:
        """A sketch as it was kept last."""
        found = self._sketches.find_one({"_id": name})
        return bytes(found["registers"]) if found else None

    def keep_sketch(self, name: str, registers: bytes) -> None:
        """Keep a sketch for the case that Redis loses it."""
        self._sketches.update_one(
            {"_id": name}, {"$set": {"registers": registers, "at": now()}}, upsert=True
        )
