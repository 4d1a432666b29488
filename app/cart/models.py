"""The shopper's cart as stored, and as shown with current prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from app.catalog.models import Image
from app.shared.ids import CartId, LineId, ProductId, Sku
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class CartLine:
    """A wish for ``quantity`` of a variant. ``seen_prices`` are minor units by market, as shown."""

    id: LineId
    sku: Sku
    product_id: ProductId
    quantity: int
    seen_prices: Mapping[str, int]
    added_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Cart:
    """What a shopper has put aside. ``version`` grows with every change."""

    id: CartId
    lines: tuple[CartLine, ...]
    version: int
    updated_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class PricedLine:
    """A cart line with today's product, price and stock.

    ``available`` is None where stock is not limited; ``notice`` tells the shopper what
    changed since the line was added ("Only 2 left", "The price rose from … to …").
    """

    id: LineId
    sku: Sku
    product_id: ProductId
    slug: str
    title: str
    variant_title: str
    image: Image | None
    quantity: int
    unit_price: Money
    compare_at: Money | None
    total: Money
    max_quantity: int
    stock_limited: bool
    weight_grams: int
    taxable: bool
    notice: str
    sellable: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class PricedCart:
    """A cart in one market. ``subtotal`` counts sellable lines only."""

    id: CartId | None  # None: the shopper has no cart yet
    version: int
    market: str
    currency: str
    lines: tuple[PricedLine, ...]
    subtotal: Money
    count: int  # units

    @property
    def ready(self) -> bool:
        """Whether it can be checked out: something in it, and nothing that cannot be sold."""
        return bool(self.lines) and all(line.sellable for line in self.lines)
