"""Goods that go from one location to another: all lines of a transfer or none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.inventory.errors import NotEnoughThere, SentBefore
from app.inventory.ledger import Ledger
from app.inventory.location_repository import LocationRepository
from app.inventory.models import Cause, LocationCode, Shelf, Step, StockLevel, Transfer, Why
from app.inventory.rules import check_units, open_code
from app.inventory.transfer_repository import TransferRepository
from app.shared.clock import now
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku
from app.shared.texts import Text

MOST_LINES = 200
_NOTE = 200  # characters


class Transfers:
    """Transfers by hand. What the shop can sell stays as it is."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._locations = LocationRepository(database)
        self._transfers = TransferRepository(database)

    def move(
        self,
        key: str,
        units: Mapping[Sku, int],
        source: str,
        target: str,
        *,
        by: str,
        note: str = "",
    ) -> Transfer:
        """Move units that are not reserved, under a ``key`` of the caller's: repeating it is the
        same transfer.

        Raises ``Invalid`` beside ``quantity``, ``lines``, ``note`` or ``target``,
        ``UnknownLocation``, ``NotFound`` for a SKU that was never counted, ``NotEnoughThere``
        naming every line, and ``SentBefore`` for a key that was used for something else.
        """
        _check(units, note)

        def work(session: Session) -> Transfer:
            places = self._locations.every(session)
            transfer = Transfer(
                id=key,
                at=now(),
                by=by,
                source=open_code(source, places),
                target=open_code(target, places),
                units=dict(sorted(units.items())),
                note=note.strip(),
            )
            if known := self._transfers.find(key, session):
                return _same(known, transfer)
            if transfer.source == transfer.target:
                message = Text("These are the same location.")
                raise Invalid(message, {"target": message})
            self._book(transfer, session)
            self._transfers.insert(transfer, session)
            return transfer

        try:
            return self._database.in_transaction(work)
        except DuplicateKeyError:  # the same form twice at the same moment
            return self._database.in_transaction(work)

    def _book(self, transfer: Transfer, session: Session) -> None:
        levels = self._ledger.levels(transfer.units, session)
        _check_stock(transfer, levels)
        steps = [
            Step(id=f"{transfer.id}:{sku}:{way}", sku=sku, location=code, on_hand=sign * count)
            for sku, count in transfer.units.items()
            for way, code, sign in (("out", transfer.source, -1), ("in", transfer.target, 1))
        ]
        reason = f"{transfer.source} to {transfer.target}"
        if transfer.note:
            reason = f"{reason}: {transfer.note}"
        why = Why(cause=Cause.TRANSFER, by=transfer.by, reason=reason)
        self._ledger.book(levels, steps, why, session)

    def past(self, after: str, most: int) -> list[Transfer]:
        """Past transfers, the newest first, from the place ``after`` on."""
        return self._transfers.past(after, most)

    def find(self, transfer_id: str) -> Transfer | None:
        """A transfer, or None."""
        return self._transfers.find(transfer_id)

    def get(self, transfer_id: str) -> Transfer:
        """A transfer. Raises ``NotFound``."""
        found = self._transfers.find(transfer_id)
        if found is None:
            raise NotFound(Text("There is no such transfer."))
        return found


def _check(units: Mapping[Sku, int], note: str) -> None:
    if not 0 < len(units) <= MOST_LINES:
        message = Text("A transfer has 1 to %(most)s lines.", most=MOST_LINES)
        raise Invalid(message, {"lines": message})
    for count in units.values():
        check_units(count, least=1)
    if len(note) > _NOTE:
        message = Text("Please use at most %(max)s characters.", max=_NOTE)
        raise Invalid(message, {"note": message})


def _check_stock(transfer: Transfer, levels: Mapping[Sku, StockLevel]) -> None:
    for sku in transfer.units:
        if sku not in levels:
            raise NotFound(Text("No stock of %(sku)s was ever counted.", sku=sku))
    short = {
        sku: there
        for sku, wanted in transfer.units.items()
        if (there := _free(levels[sku], transfer.source)) < wanted
    }
    if short:
        raise NotEnoughThere(short, transfer.source)


def _free(level: StockLevel, code: LocationCode) -> int:
    return max(level.shelves.get(code, Shelf()).available, 0)


def _same(known: Transfer, wanted: Transfer) -> Transfer:
    """The transfer that was made before, if it is the one that is asked for."""
    if replace(wanted, at=known.at, by=known.by) != known:
        raise SentBefore
    return known
