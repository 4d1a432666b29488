"""The demo store's promotions, from ``demo/promotions.json``."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from app.db.errors import DuplicateKeyError
from app.promotions.definitions import read_definitions
from app.promotions.service import PromotionService
from app.shared.errors import Conflict

_FILE = Path(__file__).resolve().parents[2] / "demo" / "promotions.json"


def make_demo_promotions(
    promotions: PromotionService, markets: Collection[str], file: Path = _FILE
) -> int:
    """Make those that are not there yet; how many were. What is there stays as it is."""
    added = 0
    for definition in read_definitions(file.read_text(encoding="utf-8"), markets):
        if promotions.find(definition.promotion.id) is not None:
            continue
        try:
            promotions.create(definition.promotion, definition.codes)
        except (DuplicateKeyError, Conflict):
            continue  # another process was faster, or the owner uses that code
        added += 1
    return added
