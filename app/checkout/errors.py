"""What checkout can say."""

from __future__ import annotations

from app.orders.models import Order
from app.shared.errors import Conflict


class AlreadyOrdered(Conflict):
    """This very cart was ordered and paid a moment ago."""

    def __init__(self, order: Order) -> None:
        super().__init__("You have ordered and paid this cart already.")
        self.order = order
