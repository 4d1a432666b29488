"""What staff do with stock: count it, correct it, move it, and read what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from app.db.database import Database, Session
from app.inventory.errors import NotEnoughThere, SentBefore, StockMoved
from app.inventory.ledger import Ledger
from app.inventory.location_repository import LocationRepository
from app.inventory.models import (
    Cause,
    Counted,
    CountLine,
    HistoryPage,
    Location,
    LocationCode,
    Movement,
    Shelf,
    Step,
    StockLevel,
    Why,
)
from app.inventory.repository import StockRepository
from app.inventory.rules import check_units, open_code
from app.inventory.transfers import Transfers
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku, new_id
from app.shared.texts import Text

_PAGE = 50
_AT_ONCE = 500  # movements
_SKUS_AT_ONCE = 50
_REASON = 200  # characters
_ADJUSTING = (Cause.CORRECTION, Cause.DAMAGE)


class Stocktaking:
    """Changes of stock by hand, each with who made it. A SKU must have been counted once before
    it can be corrected or moved."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._stock = StockRepository(database)
        self._locations = LocationRepository(database)
        self.transfers = Transfers(database, ledger)

    # --- reading --------------------------------------------------------------------------------

    def find(self, sku: Sku) -> StockLevel | None:
        """The stock of a SKU, or None for one that was never counted."""
        return self._stock.levels([sku]).get(sku)

    def level(self, sku: Sku) -> StockLevel:
        """The stock of a SKU. Raises ``NotFound`` for one that was never counted."""
        found = self.find(sku)
        if found is None:
            raise _never_counted(sku)
        return found

    def history(self, sku: Sku, before: int | None = None, most: int = _PAGE) -> HistoryPage:
        """A page of a SKU's movements. Raises ``NotFound`` for one that has none."""
        found = self._stock.movements(sku, before, most + 1)
        if not found and before is None:
            raise NotFound(Text("No stock of %(sku)s ever moved.", sku=sku))
        last = found[most - 1].number if len(found) > most else None
        return HistoryPage(movements=tuple(found[:most]), before=last)

    def movements(self) -> Iterator[Movement]:
        """Every movement there is, by SKU, the newest of each first; read as it is asked for."""
        skus = self._stock.skus()
        for start in range(0, len(skus), _SKUS_AT_ONCE):
            yield from self._stock.every_movement(skus[start : start + _SKUS_AT_ONCE])

    def movements_of(self, sku: Sku) -> Iterator[Movement]:
        """Every movement of a SKU, the newest first; read as it is asked for."""
        before: int | None = None
        while found := self._stock.movements(sku, before, _AT_ONCE):
            yield from found
            if len(found) < _AT_ONCE:
                break
            before = found[-1].number

    # --- counting -------------------------------------------------------------------------------

    def count(
        self, sku: Sku, units: int, location: str, *, by: str, read_at: int | None = None
    ) -> StockLevel:
        """Make what is on hand at a location what was counted there, reserved units included.

        ``read_at`` is the last movement that whoever counted knew of: if goods came or left the
        location after it, the count is refused, unless it says what is there anyway.
        Raises ``Invalid`` beside ``quantity``, ``UnknownLocation``, ``StockMoved``.
        """
        line = CountLine(sku=sku, location=location, units=units, read_at=read_at)
        (counted,) = self.count_all([line], by=by)
        if counted.stale:
            raise StockMoved(sku, counted.line.location, counted.before)
        return self.level(sku)

    def count_all(self, lines: Sequence[CountLine], *, by: str) -> list[Counted]:
        """The same of several in one transaction, in which stale ones change nothing. What became
        of each, its location spelt out. Raises ``Invalid`` and ``UnknownLocation`` as ``count``."""
        for line in lines:
            check_units(line.units, least=0)

        def work(session: Session) -> list[Counted]:
            places = self._locations.every(session)
            skus = list(dict.fromkeys(line.sku for line in lines))
            levels = self._stock.levels(skus, session)
            levels |= self._stock.begin_all([sku for sku in skus if sku not in levels], session)
            found = [self._look(line, places, levels, session) for line in lines]
            steps = [
                Step(
                    id=new_id("mov"),
                    sku=each.line.sku,
                    location=LocationCode(each.line.location),
                    on_hand=each.line.units - each.before,
                )
                for each in found
                if not each.stale and _says_something(each, levels)
            ]
            self._ledger.book(levels, steps, Why(cause=Cause.COUNT, by=by), session)
            return found

        return self._database.in_transaction(work)

    def _look(
        self,
        line: CountLine,
        places: Sequence[Location],
        levels: Mapping[Sku, StockLevel],
        session: Session,
    ) -> Counted:
        code = open_code(line.location, places)
        before = levels[line.sku].shelves.get(code, Shelf()).on_hand
        stale = (
            before != line.units
            and line.read_at is not None
            and self._stock.has_moved(line.sku, code, line.read_at, session)
        )
        placed = CountLine(sku=line.sku, location=code, units=line.units, read_at=line.read_at)
        return Counted(line=placed, before=before, stale=stale)

    # --- correcting and moving --------------------------------------------------------------------

    def adjust(
        self,
        sku: Sku,
        change: int,
        location: str,
        *,
        reason: str,
        by: str,
        cause: Cause = Cause.CORRECTION,
        key: str = "",
    ) -> StockLevel:
        """Add ``change`` units (either sign) to what is on hand at a location, for a reason.
        Repeating it under the same ``key`` changes nothing.

        Raises ``Invalid`` beside ``quantity`` or ``reason``, ``UnknownLocation``, ``NotFound``,
        ``NotEnoughThere`` if fewer are there, and ``SentBefore``.
        """
        reason = " ".join(reason.split())
        if cause not in _ADJUSTING:
            raise ValueError(f"stock is not adjusted for {cause}")
        if not 0 < len(reason) <= _REASON:
            message = Text("Please give a reason of at most %(max)s characters.", max=_REASON)
            raise Invalid(message, {"reason": message})
        check_units(abs(change), least=1)
        movement_id = key or new_id("mov")

        def work(session: Session) -> StockLevel:
            code = open_code(location, self._locations.every(session))
            known = self._stock.levels([sku], session).get(sku)
            if known is None:
                raise _never_counted(sku)
            step = Step(id=movement_id, sku=sku, location=code, on_hand=change)
            if booked := self._stock.find_movement(movement_id, session):
                _refuse_another(booked, step)
                return known
            there = known.shelves.get(code, Shelf()).on_hand
            if there + change < 0:
                raise NotEnoughThere({sku: there}, code)
            why = Why(cause=cause, by=by, reason=reason)
            return self._ledger.book({sku: known}, [step], why, session)[sku]

        return self._database.in_transaction(work)

    def transfer(self, sku: Sku, units: int, source: str, target: str, *, by: str) -> StockLevel:
        """Move units of one SKU, see ``Transfers``."""
        self.transfers.move(new_id("trf"), {sku: units}, source, target, by=by)
        return self.level(sku)


def _says_something(counted: Counted, levels: Mapping[Sku, StockLevel]) -> bool:
    """Whether a count changes a number, or is the first thing that is known of its SKU."""
    return counted.line.units != counted.before or not levels[counted.line.sku].moves


def _refuse_another(booked: Movement, step: Step) -> None:
    known = (booked.sku, booked.location, booked.on_hand)
    if known != (step.sku, step.location, step.on_hand):
        raise SentBefore


def _never_counted(sku: Sku) -> NotFound:
    return NotFound(Text("No stock of %(sku)s was ever counted.", sku=sku))
