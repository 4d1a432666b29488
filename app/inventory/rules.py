"""How much of a change of stock the shop's pages show."""

from __future__ import annotations

from collections.abc import Mapping

from app.inventory.models import StockLevel
from app.shared.ids import Sku

_MANY = 6  # from here on up a page only says that there are some


def band(available: int) -> int:
    """What a shopper is told of this many units: none, exactly how few, or that there are some."""
    return min(max(available, 0), _MANY)


def rebanded(before: Mapping[Sku, StockLevel], changes: Mapping[Sku, int]) -> list[Sku]:
    """The SKUs that are in another band after these changes of the units available."""
    found = []
    for sku, change in changes.items():
        known = before[sku].available if sku in before else 0
        if band(known) != band(known + change):
            found.append(sku)
    return found
