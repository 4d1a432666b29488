"""Promotions and batches of codes in plain values: for logs, and to bring back what was deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from app.promotions.models import CodeBatch, Promotion

_PROMOTION = TypeAdapter(Promotion)
_BATCH = TypeAdapter(CodeBatch)


def plain_promotion(promotion: Promotion) -> dict[str, Any]:
    """A promotion in plain values, from which ``restored_promotion`` makes it again."""
    plain: dict[str, Any] = _PROMOTION.dump_python(promotion, mode="json")
    return plain


def restored_promotion(plain: Mapping[str, Any]) -> Promotion:
    """What ``plain_promotion`` took apart."""
    return _PROMOTION.validate_python(plain)


def plain_batch(batch: CodeBatch) -> dict[str, Any]:
    """A batch in plain values."""
    plain: dict[str, Any] = _BATCH.dump_python(batch, mode="json")
    return plain


def restored_batch(plain: Mapping[str, Any]) -> CodeBatch:
    """What ``plain_batch`` took apart."""
    return _BATCH.validate_python(plain)
