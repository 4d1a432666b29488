"""Booking changes of stock: each with its movement, and told to whoever shows or watches it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.db.database import Database, Session
from app.db.errors import moved_on
from app.inventory.models import LowStock, Movement, Step, StockLevel, Why
from app.inventory.repository import StockRepository
from app.inventory.rules import after_steps, rebanded
from app.shared.clock import now
from app.shared.ids import Sku

SkuListener = Callable[[Session, list[Sku]], None]
LowListener = Callable[[Session, list[LowStock]], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listeners:
    """Who is told inside the transaction: when pages show another number, or that something sold
    out or came back; when little is left of something, once until it rises again; and when goods
    came to a SKU that sells below nothing."""

    on_band_change: SkuListener | None = None
    on_low: LowListener | None = None
    on_arrival: SkuListener | None = None


class Ledger:
    """The one way by which stock changes."""

    def __init__(self, database: Database, listeners: Listeners) -> None:
        self._stock = StockRepository(database)
        self._listeners = listeners

    def levels(self, skus: Iterable[Sku], session: Session) -> dict[Sku, StockLevel]:
        """The stock to decide by, as it is booked upon in the same transaction."""
        return self._stock.levels(skus, session)

    def book(
        self, before: Mapping[Sku, StockLevel], steps: Sequence[Step], why: Why, session: Session
    ) -> dict[Sku, StockLevel]:
        """Book steps over the stock as it was read ``before`` in this transaction, and return what
        it is then. If a SKU moved on since, the transaction is tried again.

        SKUs are locked in their order, so that two transactions never wait for each other.
        """
        of_sku: dict[Sku, list[Step]] = defaultdict(list)
        for step in steps:
            of_sku[step.sku].append(step)
        after: dict[Sku, StockLevel] = {}
        movements: list[Movement] = []
        low: list[LowStock] = []
        for sku in sorted(of_sku):
            known = before.get(sku) or self._stock.begin(sku, session)
            changed = after_steps(known, of_sku[sku])
            if not self._stock.change(known, of_sku[sku], changed, session):
                raise moved_on(f"the stock of {sku}")
            movements += _movements(known, of_sku[sku], why)
            after[sku] = changed
            if changed.is_low and not known.is_low:
                low.append(LowStock(sku=sku, available=changed.available, low_at=known.low_at))
        if movements:
            self._stock.note(movements, session)
        self._tell(before, after, low, session)
        return after

    def _tell(
        self,
        before: Mapping[Sku, StockLevel],
        after: Mapping[Sku, StockLevel],
        low: list[LowStock],
        session: Session,
    ) -> None:
        changes = {
            sku: level.available - (before[sku].available if sku in before else 0)
            for sku, level in after.items()
        }
        self.tell_bands(rebanded(before, changes), session)
        arrived = [
            sku
            for sku, level in after.items()
            if level.below != 0 and level.on_hand > (before[sku].on_hand if sku in before else 0)
        ]
        if arrived and self._listeners.on_arrival:
            self._listeners.on_arrival(session, arrived)
        self.tell_low(low, session)

    def tell_bands(self, skus: list[Sku], session: Session) -> None:
        """Tell that pages show something else of these."""
        if skus and self._listeners.on_band_change:
            self._listeners.on_band_change(session, skus)

    def tell_low(self, low: list[LowStock], session: Session) -> None:
        """Tell that little is left of these."""
        if low and self._listeners.on_low:
            self._listeners.on_low(session, low)


def _movements(level: StockLevel, steps: Sequence[Step], why: Why) -> Iterable[Movement]:
    moment = now()
    for place, step in enumerate(steps, 1):
        then = after_steps(level, steps[:place])
        yield Movement(
            id=step.id,
            sku=step.sku,
            number=then.moves,
            location=step.location,
            on_hand=step.on_hand,
            reserved=step.reserved,
            why=why,
            after=then.shelves[step.location],
            total_after=then.on_hand,
            at=moment,
        )
