"""What stock rules can say."""

from __future__ import annotations

from collections.abc import Mapping

from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.texts import Text


class OutOfStock(Invalid):
    """Some lines cannot be reserved. ``shortages`` maps a SKU to what is left of it."""

    def __init__(self, shortages: Mapping[Sku, int]) -> None:
        super().__init__(
            Text("Some things in your cart just sold out. Please check the quantities.")
        )
        self.shortages = dict(shortages)
