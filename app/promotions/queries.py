"""What staff ask of the list of promotions."""

from __future__ import annotations

from dataclasses import dataclass

from app.promotions.models import PromotionState
from app.shared.ids import PromotionId


@dataclass(frozen=True, kw_only=True, slots=True)
class PromotionQuery:
    """Which promotions to list; empty fields ask for nothing. A search is for a part of the name,
    or for one of these ``ids``; ``group`` is the code of one that they are for. ``after`` is the id
    of the last one of the page before."""

    q: str = ""
    ids: tuple[PromotionId, ...] = ()
    state: PromotionState | None = None
    kind: str = ""
    group: str = ""
    after: str = ""
