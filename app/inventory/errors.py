"""What stock rules can say."""

from __future__ import annotations

from collections.abc import Mapping

from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.ids import Sku
from app.shared.texts import Text


class OutOfStock(Invalid):
    """Some lines cannot be reserved. ``shortages`` maps a SKU to what is left of it."""

    def __init__(self, shortages: Mapping[Sku, int]) -> None:
        super().__init__(
            Text("Some things in your cart just sold out. Please check the quantities.")
        )
        self.shortages = dict(shortages)


class UnknownLocation(NotFound):
    """There is no such location, or it is closed."""

    def __init__(self, code: str) -> None:
        super().__init__(Text("There is no open location %(code)s.", code=code))


class LocationTaken(Conflict):
    """Another location has this code."""

    def __init__(self, code: str) -> None:
        super().__init__(Text("There is a location %(code)s already.", code=code))


class LocationInUse(Conflict):
    """A location cannot be closed while something lies there, or it is the last one."""


class NotEnoughThere(Conflict):
    """A location has fewer units than are to leave it."""

    def __init__(self, sku: Sku, location: str, there: int) -> None:
        super().__init__(
            Text(
                "Only %(there)s of %(sku)s can leave %(location)s.",
                there=there,
                sku=sku,
                location=location,
            )
        )
        self.there = there
