"""What one promotion takes off a cart's lines: pure arithmetic in integer minor units.

Each works on what earlier promotions left of the lines, and never takes more than that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.promotions.apportioning import apportion, share_of
from app.promotions.kinds import BundleSet, BuyGet, FixedAmount, Percentage
from app.promotions.models import Item, Promotion
from app.promotions.scopes import fits, in_scope

Amounts = dict[str, int]


def amounts_off(
    promotion: Promotion, items: Sequence[Item], left: Mapping[str, int], market: str
) -> Amounts:
    """Minor units off by line, of what is ``left`` of each; empty if it takes nothing."""
    match promotion.benefit:
        case Percentage(basis_points=share):
            lines = _left_of(in_scope(promotion.scope, items), left)
            return apportion(share_of(sum(lines.values()), share), lines)
        case FixedAmount(amounts=amounts):
            lines = _left_of(in_scope(promotion.scope, items), left)
            return apportion(amounts.get(market, 0), lines)
        case BuyGet() as benefit:
            units = _units_that_get(benefit, promotion, items)
            lines = _worth(items, units, left)
            return apportion(share_of(sum(lines.values()), benefit.basis_points), lines)
        case BundleSet() as benefit:
            return _off_sets(benefit, items, left, market)
        case _:
            return {}  # shipping is not of the lines


def _left_of(items: Sequence[Item], left: Mapping[str, int]) -> Amounts:
    return {item.key: left[item.key] for item in items}


def _worth(items: Sequence[Item], units: Mapping[str, int], left: Mapping[str, int]) -> Amounts:
    """What is left of so many units of each line: all units together are all that is left."""
    return {
        item.key: left[item.key] * units[item.key] // item.quantity
        for item in items
        if units.get(item.key)
    }


# --- buy some, get some ---------------------------------------------------------------------------


def _units_that_get(benefit: BuyGet, promotion: Promotion, items: Sequence[Item]) -> Amounts:
    """How many units of each line get cheaper: the cheapest that may, as often as it works out."""
    of = benefit.get_scope or promotion.scope
    bought = [item for item in items if fits(promotion.scope, item)]
    getting = [item for item in items if fits(of, item)]
    both = sum(item.quantity for item in bought if fits(of, item))
    only_bought = sum(item.quantity for item in bought) - both
    only_getting = sum(item.quantity for item in getting) - both
    times = _times(benefit, _Units(only_bought, both, only_getting))
    # Units that could be either are first of all needed as bought ones.
    spare = both - max(times * benefit.buy - only_bought, 0)
    wanted = times * benefit.get
    units: Amounts = {}
    for item in sorted(getting, key=lambda item: (item.unit_price, item.sku, item.key)):
        shared = fits(promotion.scope, item)
        taken = min(item.quantity, wanted, spare) if shared else min(item.quantity, wanted)
        wanted -= taken
        spare -= taken if shared else 0
        units[item.key] = taken
    return units


@dataclass(frozen=True, slots=True)
class _Units:
    """Units that can only be bought, that can be either, and that can only get cheaper."""

    only_bought: int
    both: int
    only_getting: int


def _times(benefit: BuyGet, units: _Units) -> int:
    """How often enough units are there, each used once."""
    most = (units.only_bought + units.both) // benefit.buy
    if benefit.times:
        most = min(most, benefit.times)
    low, high = 0, most
    while low < high:  # what works out n times works out fewer times as well
        middle = (low + high + 1) // 2
        needed = max(middle * benefit.buy - units.only_bought, 0) + max(
            middle * benefit.get - units.only_getting, 0
        )
        low, high = (middle, high) if needed <= units.both else (low, middle - 1)
    return low


# --- sets -----------------------------------------------------------------------------------------


def _off_sets(
    benefit: BundleSet, items: Sequence[Item], left: Mapping[str, int], market: str
) -> Amounts:
    held: Counter[str] = Counter()
    for item in items:
        held[item.sku] += item.quantity
    sets = min(held[part.sku] // part.quantity for part in benefit.parts)
    if benefit.times:
        sets = min(sets, benefit.times)
    if not sets or (benefit.prices and market not in benefit.prices):
        return {}
    units: Amounts = {}
    wanted = {part.sku: sets * part.quantity for part in benefit.parts}
    for item in sorted(items, key=lambda item: (item.unit_price, item.sku, item.key)):
        units[item.key] = min(item.quantity, wanted.get(item.sku, 0))
        wanted[item.sku] = wanted.get(item.sku, 0) - units[item.key]
    worth = _worth(items, units, left)
    apart = sum(worth.values())
    if benefit.prices:
        return apportion(apart - sets * benefit.prices[market], worth)
    return apportion(share_of(apart, benefit.basis_points), worth)
