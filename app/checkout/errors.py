"""What checkout can say."""

from __future__ import annotations

from app.orders.models import Order
from app.shared.errors import Conflict, Invalid
from app.shared.money import Money
from app.shared.texts import Text


class AlreadyOrdered(Conflict):
    """This very cart was ordered and paid a moment ago."""

    def __init__(self, order: Order) -> None:
        super().__init__(Text("You have ordered and paid this cart already."))
        self.order = order


class CartChanged(Invalid):
    """The cart is not, or not any more, what the shopper saw when pressing the button.

    ``why`` says more of it, if there is more to say.
    """

    def __init__(self, why: str = "") -> None:
        message = Text(
            "Your cart or its prices changed since you opened this page. Please check it."
        )
        super().__init__(f"{message} {why}".strip())


class NotDelivered(Invalid):
    """No way of shipping takes these goods to that address."""

    def __init__(self) -> None:
        message = Text(
            "We cannot send what is in your cart to this address. Please enter another address, "
            "or change your cart."
        )
        super().__init__(message, {"shipping_method": message})


class NotRefundable(Conflict):
    """The order has no captured payment."""

    def __init__(self) -> None:
        super().__init__(Text("This order was not paid, so there is nothing to refund."))


class NothingToRefund(Invalid):
    """The refund would pay nothing back, or more units than are left of a line."""

    def __init__(self, left: int | None = None, position: int = 0, part: int = 0) -> None:
        message = (
            Text("Choose what to refund.")
            if left is None
            else Text("Only %(left)s of this line can still be refunded.", left=left)
        )
        field = f"quantity-{position}" if position else "amount"
        super().__init__(message, {f"{field}-{part}" if part else field: message})


class NotPayable(Invalid):
    """The amount has a last digit that neither gateway pays in its currency."""

    def __init__(self, amount: Money) -> None:
        near = amount.to_payable()
        message = Text(
            "%(amount)s %(currency)s cannot be paid: the last digit must be 0. Please enter "
            "%(near)s.",
            amount=amount.to_major(),
            currency=amount.currency,
            near=near.to_major(),
        )
        super().__init__(message, {"amount": message})


class PaymentDisputed(Invalid):
    """The shopper's bank has the money of this payment, or claims it: it would go back twice."""

    def __init__(self, claimed: Money, refundable: Money) -> None:
        message = Text(
            "The customer's bank has taken or claims %(claimed)s %(currency)s of this payment: "
            "paying it back as well would pay it twice. At most %(left)s %(currency)s of this "
            "order can be refunded.",
            claimed=claimed.to_major(),
            left=refundable.to_major(),
            currency=claimed.currency,
        )
        super().__init__(message, {"amount": message})


class RefundChanged(Conflict):
    """The refund would not be the one that was shown: something was paid back meanwhile."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Something of this order was paid back meanwhile. Please look at the amounts again."
            )
        )


class RefundTooHigh(Invalid):
    """The refund would pay back more than is left of the capture."""

    def __init__(self, refundable: Money) -> None:
        message = Text(
            "At most %(amount)s %(currency)s of this order can be refunded.",
            amount=refundable.to_major(),
            currency=refundable.currency,
        )
        super().__init__(message, {"amount": message})


class MaybePaidAlready(Invalid):
    """The same goods were ordered a moment ago and their payment is not known yet.

    The shopper may insist: pressing again after this was shown places a second order.
    """

    def __init__(self, number: str) -> None:
        super().__init__(
            Text(
                "You may have paid for the very same things a moment ago (order "
                "%(number)s); we are still checking. If you do want them twice, press "
                "the button again.",
                number=number,
            )
        )
        self.number = number
