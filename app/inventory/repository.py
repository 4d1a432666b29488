"""Stock documents: one for each SKU, with its locations inside, and one for each movement.

A SKU's stock changes by one conditional update of its document, over the very state that it was
read in; the movements that say why are inserted in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from app.db.database import Database, Document, Session, find_any, walk
from app.db.errors import DuplicateKeyError, moved_on
from app.db.pages import page_back
from app.inventory.models import (
    LOW,
    MANY,
    Cause,
    LocationCode,
    LowStock,
    Movement,
    Shelf,
    Step,
    StockLevel,
    Why,
)
from app.inventory.rules import at_mark, marks_of, unknown_level
from app.shared.clock import now
from app.shared.ids import Sku

_SETTINGS = "thresholds"
_DUPLICATE = 11000


class StockRepository:
    """Reads and writes ``stock_levels``, ``stock_movements`` and ``inventory_settings``."""

    def __init__(self, database: Database) -> None:
        self._levels = database["stock_levels"]
        self._movements = database["stock_movements"]
        self._settings = database["inventory_settings"]

    def levels(self, skus: Iterable[Sku], session: Session | None = None) -> dict[Sku, StockLevel]:
        """The stock of each SKU that has any record."""
        found = find_any(self._levels, "_id", skus, session)
        return {document["_id"]: level_from_document(document) for document in found}

    def every_available(self) -> dict[Sku, int]:
        """Units available of the whole shop."""
        return {each["_id"]: each["available"] for each in walk(self._levels, ("available",))}

    def skus(self, since: datetime | None = None) -> list[Sku]:
        """Every SKU that was ever counted, or those that changed ``since`` then."""
        if since is None:
            return sorted(each["_id"] for each in walk(self._levels, ()))
        found = self._levels.find({"updated_at": {"$gte": since}}, {"_id": 1})
        return sorted(each["_id"] for each in found)

    # --- changing -----------------------------------------------------------------------------

    def change(
        self, level: StockLevel, steps: Sequence[Step], becomes: StockLevel, session: Session
    ) -> bool:
        """Book steps on a SKU whose stock is as it was read, and ``becomes`` what they make of it;
        False if it moved on."""
        changes: Document = {"moves": len(steps)}
        for step in steps:
            for path in ("", f"at.{step.location}."):
                for name, units in (
                    ("on_hand", step.on_hand),
                    ("reserved", step.reserved),
                    ("available", step.on_hand - step.reserved),
                ):
                    changes[path + name] = changes.get(path + name, 0) + units
        updated = self._levels.update_one(
            {"_id": level.sku, "moves": level.moves, "available": level.available},
            {
                "$inc": changes,
                "$set": {
                    **_little(level, becomes),
                    "marks": marks_of(becomes),
                    "updated_at": now(),
                },
            },
            session=session,
        )
        return bool(updated.matched_count)

    def begin(self, sku: Sku, session: Session) -> StockLevel:
        """The stock of a SKU that has no record: it has one now, of nothing, which is little."""
        return self.begin_all([sku], session)[sku]

    def begin_all(self, skus: Sequence[Sku], session: Session) -> dict[Sku, StockLevel]:
        """The same of several."""
        if not skus:
            return {}
        low_at = self.shop_low_at(session)
        documents = [_empty(sku, low_at) for sku in sorted(skus)]
        try:
            self._levels.insert_many(documents, session=session)
        except (DuplicateKeyError, BulkWriteError) as error:
            if isinstance(error, BulkWriteError) and not _is_duplicate(error):
                raise
            raise moved_on("stock") from error
        return {document["_id"]: level_from_document(document) for document in documents}

    def set_rules(self, level: StockLevel, becomes: StockLevel, session: Session) -> None:
        """Change what ``becomes`` of a SKU's stock where it is about to be sold out, may be sold
        further, or is little; the units stay."""
        rules = {name: getattr(becomes, name) for name in ("many", "below", "low_at", "low_own")}
        self._levels.update_one(
            {"_id": level.sku},
            {"$set": {**rules, **_little(level, becomes), "updated_at": now()}},
            session=session,
        )

    def bar(self, skus: Iterable[Sku], session: Session) -> None:
        """Make whoever books on one of these SKUs at the same moment conflict."""
        touch = {"$set": {"updated_at": now()}}
        if steps := [UpdateOne({"_id": sku}, touch) for sku in sorted(skus)]:
            self._levels.bulk_write(steps, session=session)

    # --- movements ----------------------------------------------------------------------------

    def note(self, movements: Iterable[Movement], session: Session) -> None:
        """Store movements. Raises ``BulkWriteError`` for an id that was booked before."""
        self._movements.insert_many(list(map(_movement_document, movements)), session=session)

    def movements(self, sku: Sku, before: int | None, most: int) -> list[Movement]:
        """A SKU's movements, the newest first, those from ``before`` on left out."""
        query: Document = {"sku": sku, **({"number": {"$lt": before}} if before else {})}
        return list(map(_movement, self._movements.find(query).sort("number", -1).limit(most)))

    def every_movement(self, skus: Sequence[Sku]) -> Iterator[Movement]:
        """Every movement of these SKUs, by SKU, the newest of each first; read as it is asked
        for."""
        found = self._movements.find({"sku": {"$in": list(skus)}})
        return map(_movement, found.sort([("sku", 1), ("number", -1)]))

    def find_movement(self, movement_id: str, session: Session) -> Movement | None:
        """What was booked under this id, or None."""
        found = self._movements.find_one({"_id": movement_id}, session=session)
        return _movement(found) if found else None

    def has_moved(
        self, sku: Sku, code: LocationCode, since: int, session: Session | None = None
    ) -> bool:
        """Whether goods came to a location or left it after the SKU's movement number ``since``."""
        later = {"sku": sku, "number": {"$gt": since}}
        here = {"location": code, "on_hand": {"$ne": 0}}
        return self._movements.find_one({**later, **here}, {"_id": 1}, session=session) is not None

    def moved(
        self, skus: Sequence[Sku], session: Session
    ) -> dict[tuple[Sku, LocationCode], tuple[int, int, int]]:
        """The sums of all movements by SKU and location: on hand, reserved, and how many."""
        sums = {
            "on_hand": {"$sum": "$on_hand"},
            "reserved": {"$sum": "$reserved"},
            "count": {"$sum": 1},
        }
        found = self._movements.aggregate(
            [
                {"$match": {"sku": {"$in": list(skus)}}},
                {"$group": {"_id": {"sku": "$sku", "location": "$location"}, **sums}},
            ],
            session=session,
        )
        return {
            (each["_id"]["sku"], each["_id"]["location"]): (
                each["on_hand"],
                each["reserved"],
                each["count"],
            )
            for each in found
        }

    def lies_at(self, code: LocationCode, session: Session) -> bool:
        """Whether a location has anything, or owes something."""
        query = {"marks": at_mark(code)}
        return self._levels.find_one(query, {"_id": 1}, session=session) is not None

    # --- little left --------------------------------------------------------------------------

    def low(self, most: int) -> list[LowStock]:
        """SKUs of which little is left, those first that were the last to become so."""
        return [
            LowStock(sku=each["_id"], available=each["available"], low_at=each["low_at"])
            for each in page_back(self._levels, {}, "low_since", most)
        ]

    def shop_low_at(self, session: Session | None = None) -> int:
        """From how many units on down staff are told, where a SKU says nothing else."""
        found = self._settings.find_one({"_id": _SETTINGS}, session=session)
        return int(found["low_at"]) if found else LOW

    def set_shop_low_at(self, units: int, session: Session) -> None:
        """Change it for SKUs that come."""
        self._settings.update_one(
            {"_id": _SETTINGS}, {"$set": {"low_at": units}}, upsert=True, session=session
        )

    def without_own_threshold(self, low_at: int, most: int) -> list[Sku]:
        """Some SKUs that go by the shop's threshold and have another number yet."""
        query = {"low_own": False, "low_at": {"$ne": low_at}}
        return [each["_id"] for each in self._levels.find(query, {"_id": 1}).limit(most)]


def _little(level: StockLevel, becomes: StockLevel) -> Document:
    """What is stored where a SKU becomes low, or is no longer."""
    if level.is_low == becomes.is_low:
        return {}
    return {"is_low": becomes.is_low, "low_since": now() if becomes.is_low else None}


def _empty(sku: Sku, low_at: int) -> Document:
    return {
        "_id": sku,
        "on_hand": 0,
        "reserved": 0,
        "available": 0,
        "at": {},
        "marks": marks_of(unknown_level(sku)),
        "many": MANY,
        "below": 0,
        "low_at": low_at,
        "low_own": False,
        "is_low": True,
        "low_since": now(),
        "moves": 0,
        "updated_at": now(),
    }


def _is_duplicate(error: BulkWriteError) -> bool:
    return any(each["code"] == _DUPLICATE for each in error.details["writeErrors"])


def level_from_document(document: Document) -> StockLevel:
    """The stock of a SKU as stored."""
    return StockLevel(
        sku=document["_id"],
        on_hand=document["on_hand"],
        reserved=document["reserved"],
        available=document["available"],
        many=document.get("many", MANY),
        below=document["below"],
        low_at=document["low_at"],
        low_own=document["low_own"],
        is_low=document["is_low"],
        moves=document["moves"],
        shelves={
            LocationCode(code): Shelf(on_hand=each["on_hand"], reserved=each["reserved"])
            for code, each in document["at"].items()
        },
    )


def _movement_document(movement: Movement) -> Document:
    return {
        "_id": movement.id,
        "sku": movement.sku,
        "number": movement.number,
        "location": movement.location,
        "on_hand": movement.on_hand,
        "reserved": movement.reserved,
        "cause": movement.why.cause.value,
        "by": movement.why.by,
        "reason": movement.why.reason,
        "order_id": movement.why.order_id,
        "after": {"on_hand": movement.after.on_hand, "reserved": movement.after.reserved},
        "total_after": movement.total_after,
        "at": movement.at,
    }


def _movement(found: Document) -> Movement:
    return Movement(
        id=found["_id"],
        sku=found["sku"],
        number=found["number"],
        location=found["location"],
        on_hand=found["on_hand"],
        reserved=found["reserved"],
        why=Why(
            cause=Cause(found["cause"]),
            by=found["by"],
            reason=found["reason"],
            order_id=found["order_id"],
        ),
        after=Shelf(**found["after"]),
        total_after=found["total_after"],
        at=found["at"],
    )
