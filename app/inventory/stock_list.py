"""Stock as staff look through it: searched, narrowed, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.catalog.service import CatalogService
from app.db.database import Database
from app.inventory.cuts import StockCuts
from app.inventory.level_listing import LevelListing
from app.inventory.models import StockLevel
from app.inventory.repository import StockRepository
from app.inventory.rules import at_mark, marks_of, unknown_level
from app.shared.ids import Sku
from app.shared.numbers import whole

_MOST_FOUND = 200  # SKUs of a search
_AT_ONCE = 200


class StockState(StrEnum):
    """What a list of stock is narrowed to."""

    LOW = "low"  # at its threshold or below
    OUT = "out"  # nothing left to sell from the shelf
    OWED = "owed"  # promised, and yet to come


class StockSort(StrEnum):
    """The order of a list of stock."""

    SKU = ""
    AVAILABLE = "available"  # the fewest first


@dataclass(frozen=True, kw_only=True, slots=True)
class StockQuery:
    """What to list; empty fields ask for nothing. ``after`` is the cursor of the last row."""

    q: str = ""
    state: StockState | None = None
    location: str = ""
    sort: StockSort = StockSort.SKU
    after: str = ""

    @property
    def marks(self) -> list[str]:
        """The marks that all of it has."""
        state = [self.state.value] if self.state in {StockState.OUT, StockState.OWED} else []
        return [*state, *([at_mark(self.location)] if self.location else [])]

    @property
    def is_low(self) -> bool:
        """Whether only what is low is wanted."""
        return self.state is StockState.LOW


@dataclass(frozen=True, kw_only=True, slots=True)
class StockRow:
    """A SKU with what it is."""

    level: StockLevel
    title: str = ""
    variant_title: str = ""

    @property
    def counted(self) -> bool:
        """Whether its stock was ever counted."""
        return self.level.moves > 0

    @property
    def cursor(self) -> str:
        """Where a list goes on after it."""
        return f"{self.level.available}:{self.level.sku}"


class StockList:
    """Lists of stock. What was never counted is found by a search alone."""

    def __init__(self, database: Database, catalog: CatalogService) -> None:
        self._catalog = catalog
        self._stock = StockRepository(database)
        self._listing = LevelListing(database)
        self._cuts = StockCuts(database)

    def rows(self, wanted: StockQuery, most: int) -> list[StockRow]:
        """At most so many rows, by SKU or with the fewest available first."""
        if wanted.q:
            return self._named(self._search(wanted)[:most])
        available, _, sku = wanted.after.partition(":")
        after = (int(available), Sku(sku)) if _is_number(available) else None
        find = self._listing.by_sku if wanted.sort is StockSort.SKU else self._listing.by_available
        return self._named(find(wanted.marks, after, most, is_low=wanted.is_low))

    def cut(self, every: int = 200) -> None:
        """Note where the lists can be cut, for pages to read a short stretch of them."""
        self._cuts.renew(every)

    def row(self, sku: Sku) -> StockRow | None:
        """One SKU, or None for what is neither counted nor in the range."""
        level = self._stock.levels([sku]).get(sku)
        (row,) = self._named([level or unknown_level(sku)])
        return row if level or row.title else None

    def every(self) -> Iterator[StockRow]:
        """All that was ever counted, by SKU; read as it is asked for."""
        skus = self._stock.skus()
        for start in range(0, len(skus), _AT_ONCE):
            levels = self._stock.levels(skus[start : start + _AT_ONCE])
            yield from self._named(levels[sku] for sku in sorted(levels))

    # --------------------------------------------------------------------------------------------

    def _search(self, wanted: StockQuery) -> list[StockLevel]:
        skus = {*self._catalog.search_skus(wanted.q, _MOST_FOUND)}
        starts = dict.fromkeys((wanted.q, wanted.q.upper()))
        skus |= {*self._listing.beginning_with(starts, _MOST_FOUND)}
        known = self._stock.levels(skus)
        found = [known.get(sku) or unknown_level(sku) for sku in skus]
        chosen = [each for each in found if _fits(each, wanted)]
        return _after(sorted(chosen, key=lambda each: _place(each, wanted.sort)), wanted)

    def _named(self, levels: Iterable[StockLevel]) -> list[StockRow]:
        held = list(levels)
        names: Mapping[Sku, tuple[str, str]] = self._catalog.names_of(each.sku for each in held)
        rows = []
        for each in held:
            title, variant = names.get(each.sku, ("", ""))
            rows.append(StockRow(level=each, title=title, variant_title=variant))
        return rows


def _fits(level: StockLevel, wanted: StockQuery) -> bool:
    return set(wanted.marks) <= set(marks_of(level)) and (level.is_low or not wanted.is_low)


def _place(level: StockLevel, sort: StockSort) -> tuple[int, str]:
    return (level.available if sort is StockSort.AVAILABLE else 0), level.sku


def _after(found: list[StockLevel], wanted: StockQuery) -> list[StockLevel]:
    available, _, sku = wanted.after.partition(":")
    if not _is_number(available):
        return found
    least = (int(available) if wanted.sort is StockSort.AVAILABLE else 0), sku
    return [each for each in found if _place(each, wanted.sort) > least]


def _is_number(text: str) -> bool:
    return whole(text.removeprefix("-"), None) is not None
