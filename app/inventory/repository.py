"""Stock documents. Every change is one conditional update plus its movement, in a transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from app.db.database import Database, Document, Session, find_any
from app.inventory.models import MANY, Demand, StockLevel
from app.shared.clock import now
from app.shared.ids import Sku


class InventoryRepository:
    """Reads and writes ``stock_levels``, ``stock_holds`` and ``stock_movements``."""

    def __init__(self, database: Database) -> None:
        self._levels = database["stock_levels"]
        self._holds = database["stock_holds"]
        self._movements = database["stock_movements"]

    def levels(self, skus: Iterable[Sku], session: Session | None = None) -> dict[Sku, StockLevel]:
        """The stock of each SKU that has any record."""
        found = find_any(self._levels, "_id", skus, session)
        return {document["_id"]: _level(document) for document in found}

    def every_level(self) -> dict[Sku, StockLevel]:
        """The stock of the whole shop."""
        return {document["_id"]: _level(document) for document in self._levels.find({})}

    def move(
        self, movement_id: str, sku: Sku, on_hand: int, reserved: int, cause: str, session: Session
    ) -> None:
        """Add ``on_hand`` and ``reserved`` units (either sign), whatever that leaves."""
        self._levels.update_one(
            {"_id": sku},
            {
                "$inc": {"on_hand": on_hand, "reserved": reserved, "available": on_hand - reserved},
                "$set": {"updated_at": now()},
            },
            upsert=True,
            session=session,
        )
        self._note(movement_id, sku, on_hand, reserved, cause, session)

    def reserve(self, movement_id: str, demand: Demand, cause: str, session: Session) -> bool:
        """Reserve the demand only if so much is available, and say whether it was."""
        taken = self._levels.update_one(
            {"_id": demand.sku, "available": {"$gte": demand.quantity}},
            {
                "$inc": {"reserved": demand.quantity, "available": -demand.quantity},
                "$set": {"updated_at": now()},
            },
            session=session,
        )
        if taken.modified_count:
            self._note(movement_id, demand.sku, 0, demand.quantity, cause, session)
        return bool(taken.modified_count)

    def count_as_many(self, sku: Sku, units: int, session: Session) -> None:
        """Say from how many units on pages only say that there are some; it is never lowered."""
        self._levels.update_one(
            {"_id": sku},
            {
                "$max": {"many": units},
                "$setOnInsert": {"on_hand": 0, "reserved": 0, "available": 0, "updated_at": now()},
            },
            upsert=True,
            session=session,
        )

    def _note(
        self, movement_id: str, sku: Sku, on_hand: int, reserved: int, cause: str, session: Session
    ) -> None:
        self._movements.insert_one(
            {
                "_id": movement_id,
                "sku": sku,
                "on_hand": on_hand,
                "reserved": reserved,
                "cause": cause,
                "at": now(),
            },
            session=session,
        )

    def put_hold(
        self, owner: str, demands: Iterable[Demand], expires_at: datetime, session: Session
    ) -> None:
        """Record that ``owner`` holds these units until ``expires_at``; counts its rounds."""
        lines = [
            {"sku": demand.sku, "quantity": demand.quantity, "limited": demand.limited}
            for demand in demands
        ]
        self._holds.update_one(
            {"_id": owner},
            {
                "$set": {"state": "held", "lines": lines, "expires_at": expires_at},
                "$inc": {"round": 1},
            },
            upsert=True,
            session=session,
        )

    def hold(self, owner: str, session: Session | None = None) -> Document | None:
        """The hold of this owner as stored, or None."""
        found: Document | None = self._holds.find_one({"_id": owner}, session=session)
        return found

    def holds(self, owners: Iterable[str]) -> list[Document]:
        """The holds of these owners as stored."""
        return list(find_any(self._holds, "_id", owners))

    def end_hold(self, owner: str, state: str, session: Session) -> Document | None:
        """Move a held hold to ``state``; None if it was not held (any more)."""
        found = self.hold(owner, session)
        ended = self._holds.update_one(
            {"_id": owner, "state": "held"}, {"$set": {"state": state}}, session=session
        )
        return found if ended.modified_count else None

    def expired_owners(self, moment: datetime, limit: int) -> list[str]:
        """Owners whose hold ran out by ``moment``."""
        found = self._holds.find({"state": "held", "expires_at": {"$lt": moment}}, {"_id": 1})
        return [document["_id"] for document in found.limit(limit)]


def _level(document: Document) -> StockLevel:
    return StockLevel(
        sku=document["_id"],
        on_hand=document["on_hand"],
        reserved=document["reserved"],
        available=document["available"],
        many=document.get("many", MANY),
    )
