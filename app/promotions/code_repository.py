"""Coupon codes and their batches, as those who run the shop list and make them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from app.db.database import Database, Document, Session
from app.promotions.documents import batch_from_document, code_from_document
from app.promotions.models import CodeBatch, CouponCode
from app.promotions.repository import batch_id
from app.shared.ids import PromotionId


class CodeRepository:
    """Reads and switches ``coupon_codes``, reads and writes ``coupon_batches``."""

    def __init__(self, database: Database) -> None:
        self._codes = database["coupon_codes"]
        self._batches = database["coupon_batches"]

    def listed(
        self, promotion_id: PromotionId, *, start: str, batch: str, after: str, most: int
    ) -> list[CouponCode]:
        """A promotion's codes in order, after one of them: those that begin with ``start``, of one
        ``batch``; "" asks for nothing."""
        query: Document = {"promotion_id": promotion_id}
        if batch:
            query["batch"] = batch
        if start:
            query["_id"] = {"$regex": f"^{re.escape(start)}"}
        if after:
            query["_id"] = {**query.get("_id", {}), "$gt": after}
        found = list(self._codes.find(query).sort("_id", 1).limit(most))
        off = self._off(promotion_id, {each["batch"] for each in found})
        return [code_from_document(each, batch_is_on=each["batch"] not in off) for each in found]

    def switch_code(self, code: CouponCode, *, active: bool) -> bool:
        """Switch a code; False if it was so before. One that was never switched is on."""
        before = {"active": False} if active else {"active": {"$ne": False}}
        result = self._codes.update_one(
            {"_id": code.code, "promotion_id": code.promotion_id, **before},
            {"$set": {"active": active}},
        )
        return bool(result.modified_count)

    def _off(self, promotion_id: PromotionId, names: set[str]) -> set[str]:
        ids = [batch_id(promotion_id, name) for name in names if name]
        found = self._batches.find({"_id": {"$in": ids}, "active": False}) if ids else ()
        return {each["name"] for each in found}

    # --- batches --------------------------------------------------------------------------------

    def insert(self, batch: CodeBatch, key: str, session: Session) -> None:
        """Store a batch that is to be made. Raises ``DuplicateKeyError`` for a name that is
        taken."""
        fields = {name: getattr(batch, name) for name in CodeBatch.__dataclass_fields__}
        document = {"_id": batch_id(batch.promotion_id, batch.name), "key": key, **fields}
        self._batches.insert_one(document, session=session)

    def find(
        self, promotion_id: PromotionId, name: str, session: Session | None = None
    ) -> tuple[CodeBatch, str] | None:
        """A batch and the key under which it was asked for, or None."""
        found = self._batches.find_one({"_id": batch_id(promotion_id, name)}, session=session)
        return (batch_from_document(found), found["key"]) if found else None

    def batches(self, promotion_id: PromotionId, most: int) -> list[CodeBatch]:
        """A promotion's batches, the newest first."""
        found = self._batches.find({"promotion_id": promotion_id}).sort("at", -1).limit(most)
        return list(map(batch_from_document, found))

    def count_made(self, batch: CodeBatch, more: int, session: Session) -> bool:
        """Note that so many more codes were made; False if somebody else made some since."""
        result = self._batches.update_one(
            {"_id": batch_id(batch.promotion_id, batch.name), "made": batch.made},
            {"$inc": {"made": more}},
            session=session,
        )
        return bool(result.modified_count)

    def switch(self, batch: CodeBatch, *, active: bool) -> bool:
        """Switch a batch; False if it was so before."""
        result = self._batches.update_one(
            {"_id": batch_id(batch.promotion_id, batch.name), "active": not active},
            {"$set": {"active": active}},
        )
        return bool(result.modified_count)

    def restore(self, batches: Sequence[CodeBatch], session: Session) -> None:
        """Put back batches of a promotion that was deleted."""
        for batch in batches:
            self.insert(batch, "", session)
