"""Where an order's units are: what may be shipped, and what may come back.

Each change is one conditional update of the order's document, so that of two at once the database
lets one through: a shipment never takes a unit that was paid back, and the other way round.
"""

from __future__ import annotations

from datetime import datetime

from app.db.database import Database, Session
from app.orders.finding import RETURNED, word_of
from app.orders.models import Order, OrderState
from app.orders.unit_repository import UnitRepository, Units
from app.shared.clock import now
from app.shared.ids import OrderId

_SHIP = {"open": -1, "shipped": 1, "kept": 1}
_STOP = {"open": -1, "stopped": 1}
_REOPEN = {"stopped": -1, "open": 1}
_ASK_BACK = {"kept": -1, "returned": 1}
_KEEP = {"returned": -1, "kept": 1}
_PAID = {"state": OrderState.PAID.value, "withdrawn": False}


class OrderUnits:
    """The units of orders, by line position. Every method joins the caller's transaction."""

    def __init__(self, database: Database) -> None:
        self._units = UnitRepository(database)

    def ship(self, order_id: OrderId, units: Units, session: Session, *, tracking: str = "") -> int:
        """Hand units of a paid order to a carrier, who calls it ``tracking``. The shipment's
        number, counted from 1; 0 if the order is not to be shipped (any more) or has not that many
        open units."""
        moved = self._units.shift(
            order_id,
            units,
            _SHIP,
            session,
            only=_PAID,
            count={"shipments": 1},
            also={"handed_over_at": now()},
            word=word_of(tracking),
        )
        return int(moved["shipments"]) if moved else 0

    def arrive(self, order_id: OrderId, session: Session) -> None:
        """Count a shipment as delivered; the caller makes sure that it is counted once."""
        self._units.shift(
            order_id,
            {},
            {},
            session,
            count={"delivered": 1},
            also={"handed_over_at": now()},
        )

    def stop(self, order: Order, units: Units, session: Session) -> dict[int, int]:
        """Take units that are paid back out of what is still to be shipped, as far as they are
        not shipped yet; ``order`` was read in this transaction. What was taken, by position."""
        taken = {
            position: count
            for position, quantity in units.items()
            if (count := min(quantity, order.units[position - 1].open))
        }
        if taken:
            self._units.shift(order.id, taken, _STOP, session)
        return taken

    def reopen(self, order_id: OrderId, units: Units, session: Session) -> None:
        """Undo a ``stop``: the refund failed. Not for an order that its shopper cancelled."""
        if units:
            self._units.shift(order_id, units, _REOPEN, session, only={"withdrawn": False})

    def ask_back(
        self, order_id: OrderId, units: Units, handed_over_since: datetime, session: Session
    ) -> int:
        """Claim shipped units for a return. The return's number, counted from 1; 0 if there are
        not that many to claim, or the goods were handed over before ``handed_over_since``."""
        moved = self._units.shift(
            order_id,
            units,
            _ASK_BACK,
            session,
            only={**_PAID, "handed_over_at": {"$gte": handed_over_since}},
            count={"returns": 1},
            word=RETURNED,
        )
        return int(moved["returns"]) if moved else 0

    def keep(self, order_id: OrderId, units: Units, session: Session) -> None:
        """Undo an ``ask_back``: the return was refused."""
        self._units.shift(order_id, units, _KEEP, session)

    def withdraw(self, order: Order, paid_since: datetime, session: Session) -> bool:
        """Stop all of a paid order for its shopper; False if it was paid before ``paid_since``,
        something of it was shipped, or it is not paid (any more)."""
        quantities = {number: line.quantity for number, line in enumerate(order.lines, 1)}
        only = {"state": OrderState.PAID.value, "paid_at": {"$gte": paid_since}}
        return self._units.withdraw(order.id, quantities, only, session)
