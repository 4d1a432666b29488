"""What staff do with stock: count it, correct it, move it, and read what became of it."""

from __future__ import annotations

from app.db.database import Database, Session
from app.inventory.errors import NotEnoughThere, UnknownLocation
from app.inventory.ledger import Ledger
from app.inventory.location_repository import LocationRepository
from app.inventory.models import Cause, HistoryPage, LocationCode, Shelf, Step, StockLevel, Why
from app.inventory.repository import StockRepository
from app.inventory.rules import MOST, sending_order
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku, new_id
from app.shared.texts import Text

_PAGE = 50
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

    def level(self, sku: Sku) -> StockLevel:
        """The stock of a SKU. Raises ``NotFound`` for one that was never counted."""
        found = self._stock.levels([sku]).get(sku)
        if found is None:
            raise NotFound(Text("No stock of %(sku)s was ever counted.", sku=sku))
        return found

    def history(self, sku: Sku, before: int | None = None, most: int = _PAGE) -> HistoryPage:
        """A page of a SKU's movements. Raises ``NotFound`` for one that has none."""
        found = self._stock.movements(sku, before, most + 1)
        if not found and before is None:
            raise NotFound(Text("No stock of %(sku)s ever moved.", sku=sku))
        last = found[most - 1].number if len(found) > most else None
        return HistoryPage(movements=tuple(found[:most]), before=last)

    def count(self, sku: Sku, units: int, location: str, *, by: str) -> StockLevel:
        """Make what is on hand at a location what was counted there, reserved units included.

        Raises ``Invalid`` beside ``quantity``, ``UnknownLocation``.
        """
        _check_units(units, least=0)

        def work(session: Session) -> StockLevel:
            code = self._open(location, session)
            known = self._stock.levels([sku], session).get(sku) or self._stock.begin(sku, session)
            difference = units - known.shelves.get(code, Shelf()).on_hand
            if not difference and known.moves:
                return known
            step = Step(id=new_id("mov"), sku=sku, location=code, on_hand=difference)
            why = Why(cause=Cause.COUNT, by=by)
            return self._ledger.book({sku: known}, [step], why, session)[sku]

        return self._database.in_transaction(work)

    def adjust(
        self,
        sku: Sku,
        change: int,
        location: str,
        *,
        reason: str,
        by: str,
        cause: Cause = Cause.CORRECTION,
    ) -> StockLevel:
        """Add ``change`` units (either sign) to what is on hand at a location, for a reason.

        Raises ``Invalid`` beside ``quantity`` or ``reason``, ``UnknownLocation``, ``NotFound`` and
        ``NotEnoughThere`` if fewer are there.
        """
        reason = " ".join(reason.split())
        if cause not in _ADJUSTING:
            raise ValueError(f"stock is not adjusted for {cause}")
        if not 0 < len(reason) <= _REASON:
            message = Text("Please give a reason of at most %(max)s characters.", max=_REASON)
            raise Invalid(message, {"reason": message})
        _check_units(abs(change), least=1)

        def work(session: Session) -> StockLevel:
            code = self._open(location, session)
            known = self._counted(sku, session)
            there = known.shelves.get(code, Shelf()).on_hand
            if there + change < 0:
                raise NotEnoughThere(sku, code, there)
            step = Step(id=new_id("mov"), sku=sku, location=code, on_hand=change)
            why = Why(cause=cause, by=by, reason=reason)
            return self._ledger.book({sku: known}, [step], why, session)[sku]

        return self._database.in_transaction(work)

    def transfer(self, sku: Sku, units: int, source: str, target: str, *, by: str) -> StockLevel:
        """Move units that are not reserved from one location to another: two movements, both or
        neither; what the shop can sell stays as it is.

        Raises ``Invalid`` beside ``quantity`` or ``target``, ``UnknownLocation``, ``NotFound`` and
        ``NotEnoughThere``.
        """
        _check_units(units, least=1)

        def work(session: Session) -> StockLevel:
            origin, aim = self._open(source, session), self._open(target, session)
            if origin == aim:
                message = Text("These are the same location.")
                raise Invalid(message, {"target": message})
            known = self._counted(sku, session)
            there = known.shelves.get(origin, Shelf()).available
            if there < units:
                raise NotEnoughThere(sku, origin, max(there, 0))
            name = new_id("mov")
            steps = [
                Step(id=f"{name}:out", sku=sku, location=origin, on_hand=-units),
                Step(id=f"{name}:in", sku=sku, location=aim, on_hand=units),
            ]
            why = Why(cause=Cause.TRANSFER, by=by, reason=f"{origin} to {aim}")
            return self._ledger.book({sku: known}, steps, why, session)[sku]

        return self._database.in_transaction(work)

    def _open(self, typed: str, session: Session) -> LocationCode:
        """The code of an open location; "" is the default one."""
        order = sending_order(self._locations.every(session))
        if not typed.strip():
            return order[0]
        code = LocationCode(typed.strip().lower())
        if code not in order:
            raise UnknownLocation(typed.strip())
        return code

    def _counted(self, sku: Sku, session: Session) -> StockLevel:
        found = self._stock.levels([sku], session).get(sku)
        if found is None:
            raise NotFound(Text("No stock of %(sku)s was ever counted.", sku=sku))
        return found


def _check_units(units: int, *, least: int) -> None:
    if not least <= units <= MOST:
        message = Text(
            "The number of units must be from %(least)s to %(most)s.", least=least, most=MOST
        )
        raise Invalid(message, {"quantity": message})
