"""Stock in numbers."""

from __future__ import annotations

from dataclasses import dataclass

from app.shared.ids import Sku

MANY = 6  # units, where nothing says otherwise


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """How much of a SKU an order needs. Not ``limited``: it may sell when out of stock."""

    sku: Sku
    quantity: int
    limited: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class StockLevel:
    """``available`` = ``on_hand`` - ``reserved``; negative only for what sells when out.

    From ``many`` units on, pages only say that there are some.
    """

    sku: Sku
    on_hand: int
    reserved: int
    available: int
    many: int = MANY
