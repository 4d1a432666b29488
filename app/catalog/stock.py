"""What the catalog asks of the inventory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.db.database import Session
from app.shared.ids import Sku


class StockReader(Protocol):
    """Reads units in stock."""

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that can be sold now."""

    def every_available(self) -> dict[Sku, int]:
        """The same for every SKU in the shop."""


class StockWriter(Protocol):
    """Counts stock, and is told how exactly pages show it."""

    def set_on_hand(self, quantities: Mapping[Sku, int], cause: str) -> int:
        """Count stock; how many SKUs changed."""

    def tell_exactly(self, units: Mapping[Sku, int], session: Session) -> None:
        """Tell of every change below so many units."""
