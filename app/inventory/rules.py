"""How much of a change of stock the shop's pages show."""

from __future__ import annotations

from collections.abc import Mapping

from app.inventory.models import MANY, StockLevel
from app.shared.ids import Sku


def band(available: int, many: int) -> int:
    """What a shopper is told of this many units: none, exactly how few, or that there are some."""
    return min(max(available, 0), many)


def rebanded(before: Mapping[Sku, StockLevel], changes: Mapping[Sku, int]) -> list[Sku]:
    """The SKUs that are in another band after these changes of the units available."""
    found = []
    for sku, change in changes.items():
        known, many = (before[sku].available, before[sku].many) if sku in before else (0, MANY)
        if band(known, many) != band(known + change, many):
            found.append(sku)
    return found
