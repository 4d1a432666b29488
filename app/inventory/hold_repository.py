"""Hold documents: what an order has reserved, sold or given back, by SKU and location."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from app.db.database import Database, Document, Session, find_any
from app.db.moments import before
from app.inventory.models import Demand, LocationCode
from app.shared.ids import Sku

Places = Mapping[LocationCode, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldLine:
    """A SKU in a hold: ``places`` it is taken from, and ``back`` where units of it were put again
    after they were sold. Of the units at places, ``owed`` are yet to come there: once they are
    sold they stay reserved until they are sent."""

    demand: Demand
    places: Places
    back: Places
    owed: Places

    @property
    def away(self) -> int:
        """Units that were sold and left the shelf, and did not come back."""
        return self.demand.quantity - sum(self.back.values()) - sum(self.owed.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """What ``owner`` holds. ``rounds`` counts how often it was reserved anew."""

    owner: str
    state: str
    rounds: int
    lines: tuple[HeldLine, ...]

    @property
    def owes(self) -> bool:
        """Whether something of it is yet to come."""
        return any(line.owed for line in self.lines)


class HoldRepository:
    """Reads and writes ``stock_holds``."""

    def __init__(self, database: Database) -> None:
        self._holds = database["stock_holds"]

    def find(self, owner: str, session: Session | None = None) -> Hold | None:
        """The hold of this owner, or None."""
        found = self._holds.find_one({"_id": owner}, session=session)
        return _hold(found) if found else None

    def of_owners(self, owners: Iterable[str]) -> list[Hold]:
        """The holds of these owners."""
        return list(map(_hold, find_any(self._holds, "_id", owners)))

    def held_of(self, skus: Sequence[Sku], session: Session) -> dict[Sku, dict[LocationCode, int]]:
        """Units that are reserved, by SKU and location: those of holds that are neither sold nor
        given back, and those that are sold and owed."""
        units: dict[Sku, dict[LocationCode, int]] = {sku: {} for sku in skus}
        # Two questions, each of one index: ``$or`` has the embedded database look at every hold.
        held = self._holds.find(
            {"state": "held", "lines.sku": {"$in": list(skus)}}, session=session
        )
        owed = self._holds.find({"owing": True}, session=session)
        for hold in map(
            _hold, chain(held, (each for each in owed if each["state"] == "committed"))
        ):
            for line in hold.lines:
                if line.demand.sku in units:
                    known = units[line.demand.sku]
                    reserved = line.places if hold.state == "held" else line.owed
                    for code, count in reserved.items():
                        known[code] = known.get(code, 0) + count
        return units

    def put(self, owner: str, lines: Iterable[HeldLine], until: datetime, session: Session) -> None:
        """Record what ``owner`` reserved until then; counts its rounds."""
        stored = [
            {
                "sku": line.demand.sku,
                "quantity": line.demand.quantity,
                "limited": line.demand.limited,
                "at": dict(line.places),
                "back": dict(line.back),
                "owed": dict(line.owed),
            }
            for line in lines
        ]
        self._holds.update_one(
            {"_id": owner},
            {
                "$set": {"state": "held", "owing": False, "lines": stored, "expires_at": until},
                "$inc": {"round": 1},
            },
            upsert=True,
            session=session,
        )

    def prolong(self, owner: str, until: datetime, session: Session) -> None:
        """Keep a held hold until then."""
        self._holds.update_one(
            {"_id": owner, "state": "held"}, {"$set": {"expires_at": until}}, session=session
        )

    def end(self, owner: str, state: str, session: Session) -> Hold | None:
        """Move a held hold to ``state``; None if it was not held (any more)."""
        found = self.find(owner, session)
        owing = state == "committed" and found is not None and found.owes
        ended = self._holds.update_one(
            {"_id": owner, "state": "held"},
            {"$set": {"state": state, "owing": owing}},
            session=session,
        )
        return found if ended.modified_count else None

    def put_back(self, owner: str, line: int, places: Places, session: Session) -> None:
        """Count units of a line, by its place in the hold, that came back to these locations."""
        steps = {f"lines.{line}.back.{code}": units for code, units in places.items()}
        self._holds.update_one({"_id": owner}, {"$inc": steps}, session=session)

    def set_owed(self, hold: Hold, owed: Sequence[Places], session: Session) -> None:
        """Change what each line owes, in the order of the hold's lines."""
        changes: Document = {f"lines.{at}.owed": dict(each) for at, each in enumerate(owed)}
        changes["owing"] = any(map(bool, owed))
        self._holds.update_one({"_id": hold.owner}, {"$set": changes}, session=session)

    def expired_owners(self, moment: datetime, limit: int) -> list[str]:
        """Owners whose hold ran out by ``moment``."""
        found = self._holds.find({"state": "held", "expires_at": before(moment)}, {"_id": 1})
        return [document["_id"] for document in found.limit(limit)]


def _hold(document: Document) -> Hold:
    return Hold(
        owner=document["_id"],
        state=document["state"],
        rounds=document["round"],
        lines=tuple(
            HeldLine(
                demand=Demand(sku=each["sku"], quantity=each["quantity"], limited=each["limited"]),
                places=each["at"],
                back=each["back"],
                owed=each["owed"],
            )
            for each in document["lines"]
        ),
    )
