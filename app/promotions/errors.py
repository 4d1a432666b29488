"""What promotions can say."""

from __future__ import annotations

from app.promotions.eligibility import UNKNOWN
from app.shared.errors import Conflict, Invalid
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


class PromotionMoved(Conflict):
    """Somebody else changed the promotion since it was read."""

    def __init__(self) -> None:
        super().__init__(Text("Somebody else has changed this promotion. Please look again."))


class PromotionInUse(Conflict):
    """A promotion that orders used, or that has many codes, is not deleted but switched off."""


class CodeTaken(Conflict):
    """There is such a code already."""

    def __init__(self, code: str) -> None:
        super().__init__(Text("There is a code %(code)s already.", code=code))


class BatchTaken(Conflict):
    """The promotion has a batch of this name already."""

    def __init__(self, name: str) -> None:
        super().__init__(Text("There is a batch “%(name)s” already.", name=name))


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
