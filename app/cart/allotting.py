"""How many of each line the stock allows: pure rules over the demand of all lines together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from app.cart.models import CartLine, Goods
from app.catalog.bundles import Catalogue, sets_left, units_of
from app.catalog.policies import waiting_units
from app.shared.ids import LineId, Sku


def units_in(goods: Goods) -> Counter[Sku]:
    """Units of each SKU that one of these goods takes from stock."""
    sku, parts = goods
    return units_of(parts) if parts else Counter({sku: 1})


def demand_of(lines: Iterable[CartLine]) -> Counter[Sku]:
    """Units of each SKU that lines need together."""
    demand: Counter[Sku] = Counter()
    for line in lines:
        for sku, count in units_in(line.goods).items():
            demand[sku] += count * line.quantity
    return demand


def room_beside(
    units: Mapping[Sku, int], stock: Mapping[Sku, int], others: Iterable[CartLine]
) -> int | None:
    """How many sets of ``units`` the stock makes once other lines have what they need.

    ``stock`` names what is limited alone; None if nothing of the set is.
    """
    demand = demand_of(others)
    left = sets_left(units, {sku: count - demand[sku] for sku, count in stock.items()})
    return None if left is None else max(left, 0)


def allot(lines: Iterable[CartLine], stock: Mapping[Sku, int]) -> dict[LineId, int | None]:
    """Each line's limit, the lines being served in their order; None where there is none.

    A line gets what it wants up to its limit, and leaves the rest to those behind it.
    """
    left = dict(stock)
    limits = {}
    for line in lines:
        units = units_in(line.goods)
        limit = sets_left(units, left)
        limits[line.id] = limit if limit is None else max(limit, 0)
        got = line.quantity if limit is None else min(line.quantity, max(limit, 0))
        for sku, count in units.items():
            if sku in left:
                left[sku] -= got * count
    return limits


def waits_of(
    lines: Iterable[CartLine], found: Catalogue, stock: Mapping[Sku, int]
) -> dict[LineId, dict[Sku, int]]:
    """Units of each line that wait until they are there, the lines being served in their order
    from what ``stock`` has."""
    left = Counter(stock)
    waits: dict[LineId, dict[Sku, int]] = {}
    for line in lines:
        waits[line.id] = {}
        for sku, count in units_in(line.goods).items():
            units, policy = count * line.quantity, found[sku][1].policy
            waiting = waiting_units(policy, units, left[sku])
            if waiting and policy.below != 0:
                waits[line.id][sku] = waiting
            left[sku] -= units
    return waits
