"""What the order book can say."""

from __future__ import annotations

from app.orders.models import Order
from app.shared.errors import Conflict, Invalid
from app.shared.postal import Address
from app.shared.texts import Text


class AddressChanged(Conflict):
    """Somebody else changed the address since it was read; ``order`` is as it is now."""

    def __init__(self, order: Order) -> None:
        super().__init__(Text("Somebody else has changed this address. Please look again."))
        self.order = order


class EmailChanged(Conflict):
    """Somebody else corrected the mail address since it was read; ``order`` is as it is now."""

    def __init__(self, order: Order) -> None:
        super().__init__(
            Text(
                "Somebody else has changed this address to %(email)s. Please look again.",
                email=order.email,
            )
        )
        self.order = order


class PersonErased(Conflict):
    """Whoever placed the order is forgotten: nobody is written to about it any more."""

    def __init__(self) -> None:
        super().__init__(Text("Whoever placed this order was erased: no mail is sent about it."))


class AddressFixed(Conflict):
    """The order is not paid, cancelled, or partly on its way: its address stays."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "The address can be changed once the order is paid and before anything is shipped."
            )
        )


class TaxedElsewhere(Invalid):
    """Taxes and shipping were worked out for another country or state."""

    def __init__(self, before: Address, after: Address) -> None:
        field = "country" if before.country != after.country else "state"
        message = Text(
            "Tax and shipping were charged for this country and state. To send it elsewhere, "
            "cancel the order and make a draft order for the new address."
        )
        super().__init__(message, {field: message})
