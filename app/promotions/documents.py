"""Promotions as MongoDB keeps them, and as a JSON file defines them."""

from __future__ import annotations

from dataclasses import asdict, fields
from datetime import UTC, datetime

from pydantic import TypeAdapter

from app.db.database import Document
from app.promotions.models import CodeBatch, CouponCode, Promotion
from app.shared.ids import PromotionId

_PROMOTION = TypeAdapter(Promotion)
_BATCH_FIELDS = {each.name for each in fields(CodeBatch)} - {"promotion_id"}
_NEVER = datetime(9999, 1, 1, tzinfo=UTC)


def promotion_to_document(promotion: Promotion) -> Document:
    """With ``until``, which is a date even where the promotion has no end, for the index."""
    document = asdict(promotion)
    document["_id"] = document.pop("id")
    document["stacking"] = promotion.stacking.value
    document["until"] = promotion.ends_at or _NEVER
    return document


def promotion_from_document(document: Document) -> Promotion:
    """A promotion as stored."""
    fields = {name: value for name, value in document.items() if name not in {"_id", "until"}}
    return _PROMOTION.validate_python({"id": document["_id"], **fields})


def batch_from_document(document: Document) -> CodeBatch:
    """A batch of codes as stored."""
    return CodeBatch(
        promotion_id=PromotionId(document["promotion_id"]),
        **{name: document[name] for name in _BATCH_FIELDS},
    )


def code_from_document(document: Document, *, batch_is_on: bool = True) -> CouponCode:
    """A code as stored; whether its batch is on stands elsewhere."""
    return CouponCode(
        switched_on=document.get("active", True),
        batch_is_on=batch_is_on,
        paid=document.get("paid", 0),
        code=document["_id"],
        promotion_id=PromotionId(document["promotion_id"]),
        limit=document.get("limit"),
        left=document.get("left"),
        used=document["used"],
        batch=document["batch"],
    )
