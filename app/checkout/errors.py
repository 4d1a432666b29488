"""What checkout can say."""

from __future__ import annotations

from app.orders.models import Order
from app.shared.errors import Conflict, Invalid


class AlreadyOrdered(Conflict):
    """This very cart was ordered and paid a moment ago."""

    def __init__(self, order: Order) -> None:
        super().__init__("You have ordered and paid this cart already.")
        self.order = order


class MaybePaidAlready(Invalid):
    """The same goods were ordered a moment ago and their payment is not known yet.

    The shopper may insist: pressing again after this was shown places a second order.
    """

    def __init__(self, number: str) -> None:
        super().__init__(
            f"You may have paid for the very same things a moment ago (order {number}); we are "
            "still checking. If you do want them twice, press the button again."
        )
        self.number = number
