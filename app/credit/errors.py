"""What credit can say."""

from __future__ import annotations

from app.shared.errors import Conflict, Invalid
from app.shared.texts import Text

FIELD = "code"


class GiftCardRefused(Invalid):
    """The code is right, and the card cannot be used here and now."""

    def __init__(self, message: str) -> None:
        super().__init__(message, {FIELD: message})


class UnknownGiftCard(GiftCardRefused):
    """There is no such code, or none that may be used: a mistake, or a guess."""

    def __init__(self) -> None:
        super().__init__(Text("We do not know this gift card code. Please check every character."))


class CreditChanged(Invalid):
    """There is less on it than when the total was worked out, or it cannot be used any more."""

    def __init__(self, label: str) -> None:
        super().__init__(
            Text(
                "The balance of “%(label)s” has changed. Please check what is left to pay.",
                label=label,
            )
        )
        self.label = label


class GiftCardSpent(Conflict):
    """A gift card that was sold cannot be paid back: something of it was spent already."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "A gift card of this order was used already, so it cannot be cancelled or refunded."
            )
        )


class NoStoreCredit(Invalid):
    """Store credit belongs to an account, and this order has none."""

    def __init__(self) -> None:
        super().__init__(Text("This order was placed by a guest, who has no store credit."))


class CardSoldByOrder(Conflict):
    """A gift card that was bought is paid back with its order, not voided by itself."""

    def __init__(self) -> None:
        super().__init__(
            Text("This gift card was bought with an order. Refund it there: that voids the card.")
        )


class NotUnspent(Conflict):
    """Only a gift card of which nothing was spent, or is held, is voided."""

    def __init__(self) -> None:
        super().__init__(
            Text("Something of this gift card was spent or is held by an order. Nothing changed.")
        )


class KeyUsedOtherwise(Conflict):
    """The same form was sent with something else in it."""

    def __init__(self) -> None:
        super().__init__(Text("This form was sent before, with another amount."))
