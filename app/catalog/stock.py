"""What the catalog asks of the inventory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from app.shared.ids import Sku


class StockReader(Protocol):
    """Reads units in stock."""

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that can be sold now."""

    def every_available(self) -> dict[Sku, int]:
        """The same for every SKU in the shop."""
