"""What the catalog asks of the inventory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from app.db.database import Session
from app.shared.ids import Sku
from app.shared.texts import Text


class StockReader(Protocol):
    """Reads units in stock."""

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that are there and not reserved, below zero where more is promised."""

    def every_available(self) -> dict[Sku, int]:
        """The same for every SKU in the shop."""


class StockWriter(Protocol):
    """Counts stock, and is told how exactly pages show it and how far it may be oversold."""

    def set_on_hand(self, quantities: Mapping[Sku, int], by: str) -> int:
        """Count stock; how many SKUs changed."""

    def count(self, quantities: Mapping[Sku, int], by: str, session: Session) -> int:
        """The same in the caller's transaction."""

    def on_hand(self, skus: Iterable[Sku], session: Session | None = None) -> dict[Sku, int]:
        """Units counted on the shelves, of what was ever counted."""

    def waited_for(self, skus: Iterable[Sku], session: Session | None = None) -> list[Sku]:
        """Those of these SKUs that orders hold units of; a hold of another that is made while the
        transaction lasts conflicts with it."""

    def allow_below(self, units: Mapping[Sku, int | None], session: Session) -> None:
        """Let so many units be sold beyond those that are there; None is any number."""

    def tell_exactly(self, units: Mapping[Sku, int], session: Session) -> None:
        """Tell of every change below so many units."""


class Stock(StockReader, StockWriter, Protocol):
    """The inventory as the catalog knows it."""


def still_waited_for(sku: Sku) -> Text:
    """Why a variant cannot go that orders hold units of."""
    return Text("Orders still wait for units of %(sku)s: send them first.", sku=sku)
