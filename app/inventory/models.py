"""Stock in numbers: of a SKU, at a location, and of every step that changed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from app.shared.ids import Sku
from app.shared.places import place

LocationCode = NewType("LocationCode", str)

MANY = 6  # units, where nothing says otherwise
LOW = 5  # units, where the shop says nothing else


class Cause(StrEnum):
    """Why stock moved."""

    COUNT = "count"
    HOLD = "hold"
    RELEASE = "release"
    SALE = "sale"
    RETURN = "return"
    TRANSFER = "transfer"
    CORRECTION = "correction"
    DAMAGE = "damage"


@dataclass(frozen=True, kw_only=True, slots=True)
class Location:
    """A place where goods lie. Of open ones the lowest ``priority`` is the default, and sends
    first; ``country`` is an ISO code, "" where it does not matter.
    ``version`` counts its changes."""

    code: LocationCode
    name: str
    country: str = ""
    address: str = ""
    active: bool = True
    priority: int = 0
    version: int = 1


DEFAULT_LOCATION = Location(code=LocationCode("main"), name="Main warehouse")


@dataclass(frozen=True, kw_only=True, slots=True)
class Demand:
    """How much of a SKU an order needs. ``limited``: only of what is there; else as far below
    nothing as the SKU's policy allows."""

    sku: Sku
    quantity: int
    limited: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """A SKU at one location. ``available`` is below zero where units are promised that are yet to
    come there."""

    on_hand: int = 0
    reserved: int = 0

    @property
    def available(self) -> int:
        """Units that can be sold from here."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, kw_only=True, slots=True)
class StockLevel:
    """A SKU at all locations together: ``available`` = ``on_hand`` - ``reserved``.

    It may fall to ``-below``, None is any number. From ``many`` units on, pages only say that
    there are some. At ``low_at`` or less it ``is_low``, and staff know; ``low_own`` where that
    is not the shop's threshold. ``moves`` counts movements.
    """

    sku: Sku
    on_hand: int
    reserved: int
    available: int
    many: int = MANY
    below: int | None = 0
    low_at: int = LOW
    low_own: bool = False
    is_low: bool = False
    moves: int = 0
    shelves: Mapping[LocationCode, Shelf] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """Why stock moves, by whom, and for which order ("" for none)."""

    cause: Cause
    by: str
    reason: str = ""
    order_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A change at one location, to be booked under an id of its own."""

    id: str
    sku: Sku
    location: LocationCode
    on_hand: int = 0
    reserved: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """A change as it was booked. ``number`` counts a SKU's movements from 1; ``after`` is the
    shelf it was at, and ``total_after`` what was on hand at all locations."""

    id: str
    sku: Sku
    number: int
    location: LocationCode
    on_hand: int
    reserved: int
    why: Why
    after: Shelf
    total_after: int
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class HistoryPage:
    """Some of a SKU's movements, the newest first; ``before`` asks for the ones before them, None
    at the end."""

    movements: tuple[Movement, ...]
    before: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class LowStock:
    """A SKU of which little is left: ``low_at`` units or less."""

    sku: Sku
    available: int
    low_at: int


@dataclass(frozen=True, kw_only=True, slots=True)
class CountLine:
    """So many ``units`` of a SKU lie at a location ("" is the default one). ``read_at`` is the
    number of the SKU's last movement that whoever counted knew of, None if that does not matter."""

    sku: Sku
    location: str
    units: int
    read_at: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What became of a count: it was so many ``before``. A ``stale`` one changed nothing, since
    goods came or left after it was read."""

    line: CountLine
    before: int
    stale: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """Goods that went from one location to another: units by SKU."""

    id: str
    at: datetime
    by: str
    source: LocationCode
    target: LocationCode
    units: Mapping[Sku, int]
    note: str = ""

    @property
    def place(self) -> str:
        """Where a list of transfers goes on after it."""
        return place(self.at, self.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mismatch:
    """A number that is not what it should be. ``location`` is "" for all of them together."""

    sku: Sku
    location: str
    what: str
    stored: int
    expected: int

    @property
    def text(self) -> str:
        """The same in plain words."""
        where = f" at {self.location}" if self.location else ""
        return f"{self.sku}{where}: {self.what} is {self.stored}, should be {self.expected}"
