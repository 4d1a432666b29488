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
