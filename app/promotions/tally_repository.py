"""Documents of figures: one for each promotion, and one for each of its days."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from app.db.database import Database, Document, Session, find_any
from app.promotions.models import UsedOn
from app.shared.ids import PromotionId
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class DueUse:
    """A use of a paid order that is in no figure yet."""

    id: str
    promotion_id: PromotionId
    code: str
    given: Money
    at: datetime


class TallyRepository:
    """Reads and writes ``promotion_totals`` and ``promotion_days``, marks ``promotion_uses``."""

    def __init__(self, database: Database) -> None:
        self._uses = database["promotion_uses"]
        self._totals = database["promotion_totals"]
        self._days = database["promotion_days"]
        self._codes = database["coupon_codes"]
        self._batches = database["coupon_batches"]

    def due(self, most: int) -> list[DueUse]:
        """Some uses that are to be counted."""
        found = self._uses.find({"tally": "due"}).sort("_id", 1).limit(most)
        return [
            DueUse(
                id=each["_id"],
                promotion_id=PromotionId(each["promotion_id"]),
                code=each["code"],
                given=Money(each["amount"], each["currency"]),
                at=each["committed_at"],
            )
            for each in found
        ]

    def take(self, use: DueUse, session: Session) -> bool:
        """Mark a use as counted; False if it was before."""
        taken = self._uses.update_one(
            {"_id": use.id, "tally": "due"}, {"$set": {"tally": "done"}}, session=session
        )
        return bool(taken.modified_count)

    def add(self, use: DueUse, session: Session) -> None:
        """Add a use to the figures."""
        step: Document = {"used": 1}
        if use.given.minor:
            step[f"given.{use.given.currency}"] = use.given.minor
        day = f"{use.at:%Y-%m-%d}"
        self._totals.update_one(
            {"_id": use.promotion_id}, {"$inc": step}, upsert=True, session=session
        )
        self._days.update_one(
            {"_id": f"{use.promotion_id}:{day}"},
            {"$inc": step, "$setOnInsert": {"promotion_id": use.promotion_id, "day": day}},
            upsert=True,
            session=session,
        )
        if use.code:
            self._add_to_code(use, session)

    def _add_to_code(self, use: DueUse, session: Session) -> None:
        code = self._codes.find_one_and_update(
            {"_id": use.code}, {"$inc": {"paid": 1}}, {"batch": 1}, session=session
        )
        if code and code["batch"]:
            batch = {"_id": f"{use.promotion_id}:{code['batch']}"}
            self._batches.update_one(batch, {"$inc": {"used": 1}}, session=session)

    def totals(self, ids: Iterable[PromotionId]) -> dict[PromotionId, UsedOn]:
        """All uses of each of these promotions."""
        return {each["_id"]: _used_on(each, None) for each in find_any(self._totals, "_id", ids)}

    def days(self, promotion_id: PromotionId, since: date) -> list[UsedOn]:
        """A promotion's days from then on, in order."""
        query = {"promotion_id": promotion_id, "day": {"$gte": since.isoformat()}}
        found = self._days.find(query).sort("day", 1)
        return [_used_on(each, date.fromisoformat(each["day"])) for each in found]


def _used_on(document: Document, day: date | None) -> UsedOn:
    given = sorted(document.get("given", {}).items())
    return UsedOn(
        day=day,
        used=document["used"],
        given=tuple(Money(minor, currency) for currency, minor in given),
    )
