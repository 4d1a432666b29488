"""Which location each unit of a parcel leaves: a pure rule over what the order's hold says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from app.fulfilment.models import UnitPlace
from app.inventory.models import LocationCode
from app.inventory.rules import take
from app.orders.models import Order
from app.shared.ids import Sku

Places = Mapping[Sku, Mapping[LocationCode, int]]


def pick(
    order: Order, units: Mapping[int, int], places: Places, gone: Iterable[UnitPlace]
) -> tuple[UnitPlace, ...]:
    """Where units, by line position, are taken from: of the ``places`` the order's stock came
    from, without what is ``gone`` from there in earlier parcels.

    Units whose place is not known are left out.
    """
    left: dict[Sku, Counter[LocationCode]] = defaultdict(Counter)
    for sku, held in places.items():
        left[sku].update(held)
    for each in gone:
        left[sku_of(order, each)][each.location] -= each.quantity
    picked = []
    for at in sorted(units):
        for part, sku, quantity in order.lines[at - 1].on_shelf(units[at]):
            for code, count in take(quantity, left[sku], list(left[sku])).items():
                left[sku][code] -= count
                picked.append(UnitPlace(position=at, part=part, location=code, quantity=count))
    return tuple(picked)


def sku_of(order: Order, place: UnitPlace) -> Sku:
    """What lies there."""
    line = order.lines[place.position - 1]
    return next((sku for part, sku, _ in line.on_shelf(1) if part == place.part), line.sku)
