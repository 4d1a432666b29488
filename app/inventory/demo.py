"""The demo store's second location, with a share of the stock."""

from __future__ import annotations

from app.inventory.errors import LocationTaken
from app.inventory.locations import Locations
from app.inventory.stocktaking import Stocktaking
from app.shared.ids import Sku

_BY = "demo"
_CODE = "hamburg"
_SHARES = {
    "DUNE-MUG-MOSS-SMALL-250-ML": 20,
    "DUNE-MUG-OAT-SMALL-250-ML": 30,
    "FJORD-SERVING-OAT": 25,
    "HERON-TEAPOT-CHARCOAL": 30,
    "MUSHROOM-LAMP-RUST": 15,
    "BRAMS-BOARD-ASH": 30,
    "LINEN-NAPKINS-NATURAL": 12,
    "PANTRY-JAR-OCHRE": 20,
}  # units


def make_demo_locations(locations: Locations, stock: Stocktaking) -> None:
    """Open it and move the shares there, unless it is there already."""
    try:
        locations.add(
            _CODE,
            "Hamburg store",
            country="DE",
            address="Speicherstadt 4, 20457 Hamburg",
            priority=10,
        )
    except LocationTaken:
        return
    for sku, units in _SHARES.items():
        stock.transfer(Sku(sku), units, "main", _CODE, by=_BY)
