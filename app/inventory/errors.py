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


class LocationMoved(Conflict):
    """Somebody else changed the location since it was read."""

    def __init__(self) -> None:
        super().__init__(Text("Somebody else has changed this location. Please look again."))


class ThresholdMoved(Conflict):
    """Somebody else set the threshold since it was read. ``now`` is what it is, None for the
    shop's."""

    def __init__(self, now: int | None) -> None:
        super().__init__(Text("Somebody else has set this threshold. Please look again."))
        self.now = now


class StockMoved(Conflict):
    """Goods came or left after the count was read. ``there`` are on hand now."""

    def __init__(self, sku: Sku, location: str, there: int) -> None:
        super().__init__(
            Text(
                "Stock of %(sku)s at %(location)s moved since you looked: %(there)s on hand now.",
                sku=sku,
                location=location,
                there=there,
            )
        )
        self.there = there


class SentBefore(Conflict):
    """A form's key was used for something else."""

    def __init__(self) -> None:
        super().__init__(Text("This form was sent before with other entries. Please reload it."))


class LocationInUse(Conflict):
    """A location cannot be closed while something lies there, or it is the last one."""


class NotEnoughThere(Conflict):
    """A location has fewer units than are to leave it; ``there`` says of each SKU how many."""

    def __init__(self, there: Mapping[Sku, int], location: str) -> None:
        lines = [
            Text(
                "Only %(there)s of %(sku)s can leave %(location)s.",
                there=units,
                sku=sku,
                location=location,
            )
            for sku, units in there.items()
        ]
        super().__init__(" ".join(lines) if len(lines) > 1 else lines[0])
        self.there = dict(there)
