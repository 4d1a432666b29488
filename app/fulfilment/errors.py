"""What fulfilment can say."""

from __future__ import annotations

from app.shared.errors import Conflict, Invalid
from app.shared.texts import Text


class NotShippable(Invalid):
    """The shipment is of more units than are still to be shipped, or of an order that is not."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "This order does not have that many units to ship (any more): check what was "
                "shipped, refunded and cancelled."
            )
        )


class ShippedMeanwhile(Conflict):
    """Somebody else shipped some of the order since it was looked at."""

    def __init__(self) -> None:
        super().__init__(
            Text("Something of this order was shipped meanwhile. Please look at what is left.")
        )


class NotReturnable(Invalid):
    """The return is of units that cannot be sent back (any more)."""

    def __init__(
        self,
        message: str = Text("Please choose what you would like to return."),
        field: str = "lines",
    ) -> None:
        super().__init__(message, {field: message})


class ReturnMoved(Conflict):
    """The return is not where this step begins."""

    def __init__(self, state: str) -> None:
        super().__init__(Text("This return is %(state)s already.", state=state))


class StillChecking(Conflict):
    """A payment of the order may still go through, so it cannot be cancelled now."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "We are still checking a payment for this order, so it cannot be "
                "cancelled right now. Please try again in a few minutes."
            )
        )


class TooLateToCancel(Conflict):
    """The order is packed or shipped, or its time to be cancelled is over."""

    def __init__(self) -> None:
        super().__init__(
            Text("This order can no longer be cancelled. Once it has arrived you can return it.")
        )
