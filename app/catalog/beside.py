"""What the catalog asks of recommendations, which lie above it."""

from __future__ import annotations

from typing import Protocol

from app.catalog.views import Companions
from app.markets.models import Market
from app.shared.ids import ProductId


class CompanionSource(Protocol):
    """Knows what to show beside a product."""

    def together(self, product_id: ProductId, market: Market) -> Companions:
        """What to show beside a product; the same for everybody in a market."""


class NothingBeside:
    """A shop without recommendations."""

    def together(self, product_id: ProductId, market: Market) -> Companions:
        """Nothing."""
        return Companions(together=(), alike=(), product_ids=())
