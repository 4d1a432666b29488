"""Documents of promotions and codes. Every count changes by one conditional update."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pymongo.errors import BulkWriteError, DuplicateKeyError

from app.db.database import Database, Document, Session, find_any
from app.promotions.documents import (
    code_from_document,
    promotion_from_document,
    promotion_to_document,
)
from app.promotions.models import CouponCode, Promotion, PromotionState
from app.promotions.queries import PromotionQuery
from app.shared.clock import now
from app.shared.ids import PromotionId

_DUPLICATE = 11_000


class PromotionRepository:
    """Reads and writes ``promotions``, ``promotion_counters`` and ``coupon_codes``."""

    def __init__(self, database: Database) -> None:
        self._promotions = database["promotions"]
        self._counters = database["promotion_counters"]
        self._codes = database["coupon_codes"]
        self._batches = database["coupon_batches"]

    # --- promotions -----------------------------------------------------------------------------

    def insert(self, promotion: Promotion, session: Session) -> None:
        """Store a new promotion with its counter, if it has a limit."""
        self._promotions.insert_one(promotion_to_document(promotion), session=session)
        if promotion.limit_total is not None:
            counter = {"_id": promotion.id, "left": promotion.limit_total, "used": 0}
            self._counters.insert_one(counter, session=session)

    def replace(self, promotion: Promotion, session: Session) -> bool:
        """Store the next revision of what was read; False if it moved on since."""
        document = promotion_to_document(promotion)
        document["revision"] = promotion.revision + 1
        result = self._promotions.replace_one(
            {"_id": promotion.id, "revision": promotion.revision}, document, session=session
        )
        return bool(result.modified_count)

    def names_in(self, market: str, most: int, session: Session) -> list[str]:
        """Names of promotions that have an amount in a market's currency, at most so many."""
        places = ("benefit.amounts", "benefit.prices", "conditions.minimum_subtotal")
        query = {"$or": [{f"{place}.{market}": {"$exists": True}} for place in places]}
        found = self._promotions.find(query, {"name": 1}, session=session).limit(most)
        return [each["name"] for each in found]

    def set_limit(
        self, promotion_id: PromotionId, limit: int | None, used: int, session: Session
    ) -> None:
        """Count against another limit from now on; what was used stays used."""
        if limit is None:
            self._counters.delete_one({"_id": promotion_id}, session=session)
            return
        self._counters.update_one(
            {"_id": promotion_id},
            {"$set": {"left": limit - used, "used": used}},
            upsert=True,
            session=session,
        )

    def find(self, promotion_id: PromotionId, session: Session | None = None) -> Promotion | None:
        """The promotion, or None."""
        found = self._promotions.find_one({"_id": promotion_id}, session=session)
        return promotion_from_document(found) if found else None

    def by_ids(self, ids: Iterable[PromotionId]) -> dict[PromotionId, Promotion]:
        """Promotions by id."""
        found = map(promotion_from_document, find_any(self._promotions, "_id", ids))
        return {promotion.id: promotion for promotion in found}

    def automatic(self, moment: datetime) -> list[Promotion]:
        """Every promotion that needs no code and has not ended."""
        query = {"automatic": True, "active": True, "until": {"$gt": moment}}
        return [promotion_from_document(document) for document in self._promotions.find(query)]

    def listed(self, wanted: PromotionQuery, most: int) -> list[Promotion]:
        """At most so many promotions, the newest first."""
        query = _query(wanted, now())
        found = self._promotions.find(query).sort("_id", -1).limit(most)
        return [promotion_from_document(each) for each in found]

    def delete(self, promotion: Promotion, session: Session) -> bool:
        """Take away the revision that was read, with its counter, codes and batches; False if it
        moved on since."""
        read = {"_id": promotion.id, "revision": promotion.revision}
        if not self._promotions.delete_one(read, session=session).deleted_count:
            return False
        self._counters.delete_one({"_id": promotion.id}, session=session)
        for belongings in (self._codes, self._batches):
            belongings.delete_many({"promotion_id": promotion.id}, session=session)
        return True

    def every(self) -> list[Promotion]:
        """All promotions, oldest first."""
        return [promotion_from_document(each) for each in self._promotions.find({}).sort("_id", 1)]

    # --- codes ----------------------------------------------------------------------------------

    def insert_codes(
        self,
        promotion_id: PromotionId,
        codes: Iterable[str],
        limit: int | None,
        batch: str,
        session: Session | None = None,
        *,
        active: bool = True,
    ) -> None:
        """Store new codes, switched on or off. Raises ``DuplicateKeyError`` if one is taken."""
        moment = now()
        documents: list[Document] = [
            {
                "_id": code,
                "promotion_id": promotion_id,
                "limit": limit,
                "left": limit,
                "used": 0,
                "batch": batch,
                "created_at": moment,
                "active": active,
            }
            for code in codes
        ]
        try:
            if documents:
                self._codes.insert_many(documents, session=session)
        except BulkWriteError as error:
            if any(each["code"] == _DUPLICATE for each in error.details["writeErrors"]):
                raise DuplicateKeyError("a code is taken", _DUPLICATE) from error
            raise

    def codes(self, wanted: Iterable[str]) -> dict[str, CouponCode]:
        """Those of the codes that there are."""
        found = list(find_any(self._codes, "_id", wanted))
        named = {_batch_of(each) for each in found if each["batch"]}
        off = {
            each["_id"]
            for each in find_any(self._batches, "_id", named, only=("active",))
            if not each["active"]
        }
        return {
            each["_id"]: code_from_document(each, batch_is_on=_batch_of(each) not in off)
            for each in found
        }

    def codes_of(self, promotion_id: PromotionId) -> list[CouponCode]:
        """All codes of a promotion."""
        found = self._codes.find({"promotion_id": promotion_id}).sort("_id", 1)
        return list(map(code_from_document, found))

    # --- counting -------------------------------------------------------------------------------

    def left(self, ids: Iterable[PromotionId]) -> dict[PromotionId, int]:
        """How many uses each promotion with a limit has left."""
        return {each["_id"]: each["left"] for each in find_any(self._counters, "_id", ids)}

    def take_one(self, promotion_id: PromotionId, session: Session) -> bool:
        """Use a limited promotion once, if a use is left."""
        return _take(self._counters, {"_id": promotion_id}, session)

    def give_back_one(self, promotion_id: PromotionId, session: Session) -> None:
        """Undo one use; a promotion without a limit (any more) counts nothing."""
        _give_back(self._counters, {"_id": promotion_id}, session)

    def take_code(
        self, code: str, promotion_id: PromotionId, session: Session, *, even_off: bool = False
    ) -> bool:
        """Use a code once, if it is there, is on, and, where it has a limit, a use is left."""
        own = {"_id": code, "promotion_id": promotion_id}
        found = self._codes.find_one(own, session=session)
        if found is None or (not even_off and self._is_off(found, session)):
            return False
        if found.get("left") is None:
            return True
        return _take(self._codes, own, session)

    def _is_off(self, code: Document, session: Session) -> bool:
        """Whether a code or its batch was switched off."""
        if not code.get("active", True):
            return True
        off = {"_id": _batch_of(code), "active": False}
        return bool(code["batch"]) and self._batches.find_one(off, session=session) is not None

    def give_back_code(self, code: str, session: Session) -> None:
        """Undo one use of a code."""
        _give_back(self._codes, {"_id": code, "left": {"$type": "number"}}, session)


def batch_id(promotion_id: str, name: str) -> str:
    """The document id of a batch: a promotion has one of each name."""
    return f"{promotion_id}:{name}"


def _batch_of(code: Document) -> str:
    return batch_id(code["promotion_id"], code["batch"])


def _query(wanted: PromotionQuery, moment: datetime) -> Document:
    asked: list[Document] = []
    if wanted.q:
        name = {"name": {"$regex": re.escape(wanted.q), "$options": "i"}}
        asked.append({"$or": [name, {"_id": {"$in": list(wanted.ids)}}]})
    if wanted.group:
        asked.append({"conditions.groups": wanted.group})
    if wanted.kind:
        asked.append({"benefit.kind": wanted.kind})
    if wanted.state:
        asked.append(_in_state(wanted.state, moment))
    if wanted.after:
        asked.append({"_id": {"$lt": wanted.after}})
    return {"$and": asked} if asked else {}


def _in_state(state: PromotionState, moment: datetime) -> Document:
    """What ``Promotion.state_at`` says, as a question to the database."""
    begun = {"$or": [{"starts_at": None}, {"starts_at": {"$lte": moment}}]}
    match state:
        case PromotionState.OFF:
            return {"active": False}
        case PromotionState.ENDED:
            return {"active": True, "until": {"$lte": moment}}
        case PromotionState.SCHEDULED:
            later = {"starts_at": {"$gt": moment}}
            return {"active": True, "until": {"$gt": moment}, **later}
        case PromotionState.ACTIVE:
            return {"active": True, "until": {"$gt": moment}, **begun}


def _take(counters: Any, which: Document, session: Session) -> bool:
    result = counters.update_one(
        {**which, "left": {"$gte": 1}}, {"$inc": {"left": -1, "used": 1}}, session=session
    )
    return bool(result.modified_count)


def _give_back(counters: Any, which: Document, session: Session) -> None:
    counters.update_one(
        {**which, "used": {"$gte": 1}}, {"$inc": {"left": 1, "used": -1}}, session=session
    )
