"""Handing goods to carriers: what staff do with a paid order."""

from __future__ import annotations

from collections.abc import Mapping

from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.db.outbox import Outbox
from app.fulfilment.carriers import carrier_name, clean_carrier, clean_tracking
from app.fulfilment.errors import NotShippable, ShippedMeanwhile
from app.fulfilment.events import DELIVERED, SHIPPED
from app.fulfilment.models import Shipment, UnitLine, UnitPlace
from app.fulfilment.picking import pick, sku_of
from app.fulfilment.repository import ShipmentRepository
from app.fulfilment.rules import open_units
from app.inventory.models import LocationCode
from app.inventory.service import InventoryService
from app.orders.models import Order
from app.orders.service import OrderService
from app.orders.units import OrderUnits
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import OrderId, Sku
from app.shared.texts import Text


class Shipping:
    """Shipments of orders: whole or in part, never more than is paid for and not paid back."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        orders: OrderService,
        units: OrderUnits,
        inventory: InventoryService,
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = orders
        self._units = units
        self._inventory = inventory
        self._shipments = ShipmentRepository(database)

    def of_order(self, order_id: OrderId) -> list[Shipment]:
        """The order's shipments, the first one first."""
        return self._shipments.of_order(order_id)

    def places_to_pick(self, order: Order) -> tuple[UnitPlace, ...]:
        """Where all that is open of an order lies."""
        return self._pick(order, open_units(order))

    def owed(self, order: Order) -> dict[Sku, int]:
        """What of an order was sold before it was there, and has not been sent."""
        owed = self._inventory.owed.of(order.id)
        return {sku: sum(places.values()) for sku, places in owed.items()}

    def _pick(
        self, order: Order, units: Mapping[int, int], session: Session | None = None
    ) -> tuple[UnitPlace, ...]:
        earlier = self._shipments.of_order(order.id, session)
        gone = [place for shipment in earlier for place in shipment.places]
        return pick(order, units, self._inventory.places_of(order.id, session), gone)

    def _left(
        self, order: Order, shipment: Shipment, session: Session
    ) -> dict[Sku, dict[LocationCode, int]]:
        """Where the units lie that are still to be sent once a shipment left."""
        rest = open_units(order)
        for line in shipment.lines:
            rest[line.position] -= line.quantity
        left: dict[Sku, dict[LocationCode, int]] = {}
        for place in self._pick(order, {at: n for at, n in rest.items() if n}, session):
            known = left.setdefault(sku_of(order, place), {})
            known[place.location] = known.get(place.location, 0) + place.quantity
        return left

    def get(self, shipment_id: str) -> Shipment:
        """The shipment. Raises ``NotFound``."""
        shipment = self._shipments.find(shipment_id)
        if shipment is None:
            raise NotFound(Text("This shipment does not exist."))
        return shipment

    def ship(
        self,
        order_id: OrderId,
        units: Mapping[int, int] | None,
        *,
        key: str,
        carrier: str = "",
        tracking: str = "",
        by: str = "staff",
        seen: int | None = None,
    ) -> Shipment:
        """Ship units by line position (counted from 1), or with None all that is open; the same
        ``key`` again is the same shipment. ``seen`` is how many there were when it was decided.

        Raises ``NotShippable``, ``ShippedMeanwhile`` if there are more by now, and ``Invalid`` for
        a tracking number that is none.
        """
        carrier, tracking = clean_carrier(carrier), clean_tracking(tracking)

        def work(session: Session) -> Shipment:
            known = self._shipments.find_requested(order_id, key, session)
            if known is not None:
                return known
            order = self._orders.get(order_id, session)
            if seen is not None and order.shipments != seen:
                raise ShippedMeanwhile
            wanted = _wanted(order, units)
            number = self._units.ship(order_id, wanted, session, tracking=tracking)
            if not number:
                raise NotShippable
            shipment = Shipment(
                id=f"{order_id}:{number}",
                order_id=order_id,
                number=number,
                request_key=key,
                lines=_lines(wanted),
                carrier=carrier,
                tracking=tracking,
                shipped_at=now(),
                places=self._pick(order, wanted, session),
            )
            self._shipments.insert(shipment, session)
            self._inventory.owed.send(order_id, self._left(order, shipment, session), session)
            self._tell(order, shipment, by, session)
            return shipment

        try:
            return self._database.in_transaction(work)
        except DuplicateKeyError:  # the same request at the same moment was faster
            return self._database.in_transaction(work)

    def _tell(self, order: Order, shipment: Shipment, by: str, session: Session) -> None:
        count = sum(line.quantity for line in shipment.lines)
        what = _told(count, carrier_name(shipment.carrier), shipment.tracking)
        key = f"shipped:{shipment.number}"
        self._orders.note(order.id, "shipped", what, public=True, session=session, key=key, by=by)
        self._orders.note(
            order.id,
            "shipped_by",
            f"Shipment {shipment.number} entered by {by}",
            session=session,
            key=f"shipped-by:{shipment.number}",
        )
        rest = sum(each.open for each in order.units) - count
        payload = {"order_id": order.id, "shipment_id": shipment.id, "rest": rest}
        self._outbox.publish(SHIPPED, payload, session, key=f"{SHIPPED}:{shipment.id}")

    def deliver(self, shipment_id: str, *, by: str = "") -> Shipment:
        """Note that a shipment arrived; repeating it changes nothing. Raises ``NotFound``."""
        shipment = self.get(shipment_id)

        def work(session: Session) -> None:
            if not self._shipments.deliver(shipment_id, session):
                return
            self._units.arrive(shipment.order_id, session)
            self._orders.note(
                shipment.order_id,
                "delivered",
                Text("Shipment %(number)s delivered", number=shipment.number),
                public=True,
                session=session,
                key=f"delivered:{shipment.number}",
                by=by,
            )
            payload = {"order_id": shipment.order_id, "shipment_id": shipment_id}
            self._outbox.publish(DELIVERED, payload, session, key=f"{DELIVERED}:{shipment_id}")

        self._database.in_transaction(work)
        return self.get(shipment_id)


def _told(count: int, carrier: str, tracking: str) -> Text:
    """What the timeline says of a shipment."""
    if carrier and tracking:
        return Text.counted(
            "%(num)s item shipped with %(carrier)s, tracking number %(tracking)s",
            "%(num)s items shipped with %(carrier)s, tracking number %(tracking)s",
            count,
            carrier=carrier,
            tracking=tracking,
        )
    if carrier:
        return Text.counted(
            "%(num)s item shipped with %(carrier)s",
            "%(num)s items shipped with %(carrier)s",
            count,
            carrier=carrier,
        )
    if tracking:
        return Text.counted(
            "%(num)s item shipped, tracking number %(tracking)s",
            "%(num)s items shipped, tracking number %(tracking)s",
            count,
            tracking=tracking,
        )
    return Text.counted("%(num)s item shipped", "%(num)s items shipped", count)


def _lines(wanted: Mapping[int, int]) -> tuple[UnitLine, ...]:
    return tuple(UnitLine(position=at, quantity=each) for at, each in sorted(wanted.items()))


def _wanted(order: Order, units: Mapping[int, int] | None) -> dict[int, int]:
    """What to ship. Raises ``NotShippable`` for nothing, and for lines there are not."""
    wanted = (
        open_units(order) if units is None else {at: each for at, each in units.items() if each}
    )
    if not wanted or any(
        each < 0 or not 1 <= at <= len(order.lines) for at, each in wanted.items()
    ):
        raise NotShippable
    return wanted
