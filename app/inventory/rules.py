"""Pure rules over stock: what pages show of it, and which location it is taken from."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.inventory.errors import UnknownLocation
from app.inventory.models import (
    Demand,
    Location,
    LocationCode,
    Shelf,
    Step,
    StockLevel,
)
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.texts import Text

MOST = 10_000_000  # units of a SKU at a location
ANY_MARK = "any"
LONGEST_CODE = 32
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
Units = Mapping[LocationCode, int]


def band(available: int, many: int, below: int | None = 0) -> tuple[int, int | None]:
    """What a shopper is told of this many units: none, exactly how few, or that there are some;
    and the same of what can be ordered, None where that is any number."""
    there = min(max(available, 0), many)
    return there, None if below is None else min(max(available + below, 0), many)


def shown_band(level: StockLevel) -> tuple[int, int | None]:
    """The band of a SKU's stock."""
    return band(level.available, level.many, level.below)


def rebanded(before: Mapping[Sku, StockLevel], changes: Mapping[Sku, int]) -> list[Sku]:
    """The SKUs that are in another band after these changes of the units available."""
    found = []
    for sku, change in changes.items():
        known = before.get(sku) or unknown_level(sku)
        if shown_band(replace(known, available=known.available + change)) != shown_band(known):
            found.append(sku)
    return found


def unknown_level(sku: Sku) -> StockLevel:
    """The stock of what was never counted."""
    return StockLevel(sku=sku, on_hand=0, reserved=0, available=0)


def left_of(level: StockLevel, demand: Demand) -> int | None:
    """Units that this demand may take; None is any number."""
    if demand.limited:
        return level.available
    return None if level.below is None else level.available + level.below


def is_low(level: StockLevel) -> bool:
    """Whether staff should know; of what sells without limit there is always enough."""
    return level.below is not None and level.available <= level.low_at


def after_steps(level: StockLevel, steps: Sequence[Step]) -> StockLevel:
    """The stock once these steps of its SKU are done."""
    shelves = dict(level.shelves)
    for step in steps:
        known = shelves.get(step.location, Shelf())
        shelves[step.location] = Shelf(
            on_hand=known.on_hand + step.on_hand, reserved=known.reserved + step.reserved
        )
    on_hand = level.on_hand + sum(step.on_hand for step in steps)
    reserved = level.reserved + sum(step.reserved for step in steps)
    changed = replace(
        level,
        on_hand=on_hand,
        reserved=reserved,
        available=on_hand - reserved,
        moves=level.moves + len(steps),
        shelves=shelves,
    )
    return replace(changed, is_low=is_low(changed))


def marks_of(level: StockLevel) -> list[str]:
    """What lists narrow stock by: each location that has or owes something of it, as ``at:main``,
    ``out`` of what nothing can be sold from the shelf, ``owed`` of what is promised and yet to
    come, and ``any``."""
    shelves = sorted(level.shelves.items())
    places = [at_mark(code) for code, each in shelves if each.on_hand or each.reserved]
    out = ["out"] if level.available <= 0 else []
    owed = ["owed"] if any(shelf.available < 0 for _, shelf in shelves) else []
    return [*places, *out, *owed, ANY_MARK]


def at_mark(code: str) -> str:
    """The mark of what lies at a location."""
    return f"at:{code}"


# --- locations ------------------------------------------------------------------------------------


def check_code(code: str) -> LocationCode:
    """A location's code, which becomes a field's name. Raises ``Invalid`` beside ``code``."""
    cleaned = code.strip().lower()
    if not _CODE.fullmatch(cleaned):
        message = Text("A location's code has 1 to 32 of a-z, 0-9 and hyphens.")
        raise Invalid(message, {"code": message})
    return LocationCode(cleaned)


def check_units(units: int, *, least: int) -> None:
    """Refuse a number of units that cannot be meant. Raises ``Invalid`` beside ``quantity``."""
    if not least <= units <= MOST:
        message = Text(
            "The number of units must be from %(least)s to %(most)s.", least=least, most=MOST
        )
        raise Invalid(message, {"quantity": message})


def open_code(typed: str, locations: Sequence[Location]) -> LocationCode:
    """The code of an open location; "" is the default one. Raises ``UnknownLocation``."""
    order = sending_order(locations)
    if not typed.strip():
        return order[0]
    code = LocationCode(typed.strip().lower())
    if code not in order:
        raise UnknownLocation(typed.strip())
    return code


def sending_order(locations: Sequence[Location], country: str = "") -> list[LocationCode]:
    """Open locations as they are asked to send something: those in the country it goes to first,
    then by priority."""
    chosen = sorted(
        (each for each in locations if each.active),
        key=lambda each: (not country or each.country != country, each.priority, each.code),
    )
    return [each.code for each in chosen]


def allocate(
    needs: Mapping[Sku, int], free: Mapping[Sku, Units], order: Sequence[LocationCode]
) -> dict[Sku, dict[LocationCode, int]]:
    """Which location sends how many of each SKU.

    The first location that has everything sends everything. Else each SKU comes from the first that
    has all of it, else from several. What nobody has is expected at the first location.
    """
    for code in order:
        if all(free.get(sku, {}).get(code, 0) >= units for sku, units in needs.items()):
            return {sku: {code: units} for sku, units in needs.items()}
    return {sku: _split(units, free.get(sku, {}), order) for sku, units in needs.items()}


def _split(units: int, free: Units, order: Sequence[LocationCode]) -> dict[LocationCode, int]:
    closed = sorted(set(free) - set(order))
    places = [*order, *closed]
    for code in places:
        if free.get(code, 0) >= units:
            return {code: units}
    taken = take(units, free, places)
    missing = units - sum(taken.values())
    if missing:
        taken[places[0]] = taken.get(places[0], 0) + missing
    return taken


def owed_of(places: Units, free: Units) -> dict[LocationCode, int]:
    """Of units taken from places those that are not there yet."""
    missing = {code: units - max(free.get(code, 0), 0) for code, units in places.items()}
    return {code: units for code, units in missing.items() if units > 0}


def take(units: int, there: Units, order: Sequence[LocationCode]) -> dict[LocationCode, int]:
    """Up to so many of what is there, location by location."""
    taken: dict[LocationCode, int] = {}
    for code in order:
        count = min(units - sum(taken.values()), max(there.get(code, 0), 0))
        if count:
            taken[code] = count
    return taken


def count_steps(
    level: StockLevel, counted: int, order: Sequence[LocationCode]
) -> dict[LocationCode, int]:
    """How a count of a SKU at all locations together changes each: what is more is at the default
    one, which is first; what is missing is missing there first."""
    difference = counted - level.on_hand
    if difference >= 0:
        return {order[0]: difference}
    there = {code: shelf.on_hand for code, shelf in level.shelves.items()}
    places = [*order, *sorted(set(there) - set(order))]
    missing = take(-difference, there, places)
    left = -difference - sum(missing.values())
    if left:
        missing[places[0]] = missing.get(places[0], 0) + left
    return {code: -units for code, units in missing.items()}


def places_left(held: Units, gone: Units) -> dict[LocationCode, int]:
    """What remains of units at places once others were taken from them."""
    left = Counter(held)
    left.subtract(gone)
    return {code: units for code, units in left.items() if units > 0}
