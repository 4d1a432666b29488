"""What promotions can say."""

from __future__ import annotations

from app.promotions.eligibility import UNKNOWN
from app.shared.errors import Invalid
from app.shared.texts import Text

FIELD = "code"


class CouponRefused(Invalid):
    """The code is known, and cannot be used for this cart, now, or by this customer."""

    def __init__(self, message: str) -> None:
        super().__init__(message, {FIELD: message})


class UnknownCode(CouponRefused):
    """There is no such code: a mistake, or a guess."""

    def __init__(self) -> None:
        super().__init__(UNKNOWN)


class PromotionUsedUp(Invalid):
    """Others used it up while the order was placed, or before a late payment arrived."""

    def __init__(self, name: str) -> None:
        super().__init__(
            Text(
                "“%(name)s” was used up just now. Please check the new total before you pay.",
                name=name,
            )
        )
        self.name = name


class PromotionChanged(Invalid):
    """The promotion is not what it was when the total was worked out."""

    def __init__(self, name: str) -> None:
        super().__init__(
            Text(
                "“%(name)s” has changed or ended. Please check the new total before you pay.",
                name=name,
            )
        )
        self.name = name
