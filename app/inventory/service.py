"""Reserving, selling and taking back stock: all lines or none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from app.db.database import Database, Session
from app.inventory.errors import OutOfStock, UnknownLocation
from app.inventory.hold_repository import HeldLine, Hold, HoldRepository, Places
from app.inventory.ledger import Ledger, Listeners
from app.inventory.location_repository import LocationRepository
from app.inventory.models import Cause, Demand, LocationCode, Step, StockLevel, Why
from app.inventory.owing import Owed, order_why
from app.inventory.repository import StockRepository
from app.inventory.rules import (
    allocate,
    count_steps,
    is_low,
    left_of,
    owed_of,
    places_left,
    sending_order,
    shown_band,
    take,
)
from app.shared.clock import now
from app.shared.ids import Sku, new_id


class InventoryService:
    """The shop's stock. The shop sells what all its locations have together; each unit that is
    reserved is reserved at a location, which sends it."""

    def __init__(self, database: Database, listeners: Listeners | None = None) -> None:
        self._database = database
        self._stock = StockRepository(database)
        self._holds = HoldRepository(database)
        self._locations = LocationRepository(database)
        self.ledger = Ledger(database, listeners or Listeners())
        self.owed = Owed(database, self.ledger)

    # --- reading --------------------------------------------------------------------------------

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that are there and not reserved, 0 for a SKU without stock; below zero where more
        is promised."""
        wanted = list(skus)
        levels = self._stock.levels(wanted)
        return {sku: levels[sku].available if sku in levels else 0 for sku in wanted}

    def held_by(self, owners: Iterable[str]) -> dict[Sku, int]:
        """Units that these owners hold now, together."""
        held: Counter[Sku] = Counter()
        for hold in self._holds.of_owners(owners):
            for line in hold.lines if hold.state == "held" else ():
                held[line.demand.sku] += line.demand.quantity
        return dict(held)

    def every_available(self) -> dict[Sku, int]:
        """The same as ``available`` of every SKU that was ever counted."""
        return self._stock.every_available()

    def on_hand(self, skus: Iterable[Sku], session: Session | None = None) -> dict[Sku, int]:
        """Units counted on the shelves, reserved ones included."""
        return {sku: level.on_hand for sku, level in self._stock.levels(skus, session).items()}

    def waited_for(self, skus: Iterable[Sku], session: Session | None = None) -> list[Sku]:
        """Those of these SKUs that orders hold units of; a hold of another that is made while the
        ``session``'s transaction lasts conflicts with it."""
        levels = self._stock.levels(skus, session)
        if session is not None:
            self._stock.bar(levels, session)
        return sorted(sku for sku, level in levels.items() if level.reserved)

    def places_of(self, owner: str, session: Session | None = None) -> dict[Sku, Places]:
        """Where an order's units come from, without those that were put back."""
        hold = self._holds.find(owner, session)
        return {
            line.demand.sku: places_left(line.places, line.back)
            for line in (hold.lines if hold else ())
        }

    # --- counting -------------------------------------------------------------------------------

    def set_on_hand(self, quantities: Mapping[Sku, int], by: str) -> int:
        """The same as ``count``, in a transaction of its own."""
        return self._database.in_transaction(lambda session: self.count(quantities, by, session))

    def count(self, quantities: Mapping[Sku, int], by: str, session: Session) -> int:
        """Count stock at all locations together; how many SKUs changed. What is more lies at the
        default location, and what is missing is missing there first."""
        levels = self._stock.levels(quantities, session)
        changed = [sku for sku in quantities if not _is_counted(levels.get(sku), quantities[sku])]
        levels |= self._stock.begin_all([sku for sku in changed if sku not in levels], session)
        order = sending_order(self._locations.every(session))
        steps = [
            Step(id=new_id("mov"), sku=sku, location=code, on_hand=units)
            for sku in changed
            for code, units in count_steps(levels[sku], quantities[sku], order).items()
        ]
        self.ledger.book(levels, steps, Why(cause=Cause.COUNT, by=by), session)
        return len(changed)

    # --- what the catalog says of a SKU -----------------------------------------------------------

    def tell_exactly(self, units: Mapping[Sku, int], session: Session) -> None:
        """Tell pages of every change below so many units: sets of several units run out sooner."""
        levels = self._stock.levels(units, session)
        for sku in sorted(units):
            known = levels.get(sku) or self._stock.begin(sku, session)
            if units[sku] > known.many:
                self._stock.set_rules(known, replace(known, many=units[sku]), session)

    def allow_below(self, units: Mapping[Sku, int | None], session: Session) -> None:
        """Say how far below nothing each SKU may be sold: 0 for not at all, None for any number."""
        levels = self._stock.levels(units, session)
        told = []
        for sku in sorted(units):
            below = units[sku]
            known = levels.get(sku)
            if below == (known.below if known else 0):
                continue
            known = known or self._stock.begin(sku, session)
            changed = replace(known, below=below)
            changed = replace(changed, is_low=is_low(changed))
            self._stock.set_rules(known, changed, session)
            if shown_band(changed) != shown_band(known):
                told.append(sku)
        self.ledger.tell_bands(told, session)

    # --- holds ----------------------------------------------------------------------------------

    def hold(
        self,
        owner: str,
        demands: Iterable[Demand],
        expires_at: datetime,
        session: Session,
        country: str = "",
    ) -> None:
        """Reserve every demand for ``owner`` in this transaction, at locations in the ``country``
        it goes to first.

        Repeating it while held only prolongs the hold. Raises ``OutOfStock`` naming each
        shortage; the caller's transaction must then roll back.
        """
        current = self._holds.find(owner, session)
        if current is None or current.state == "released":
            self._reserve(owner, current, _sum(demands), expires_at, session, country)
        elif current.state == "held":
            self._holds.prolong(owner, expires_at, session)

    def _reserve(
        self,
        owner: str,
        current: Hold | None,
        demands: Sequence[Demand],
        expires_at: datetime,
        session: Session,
        country: str,
    ) -> None:
        levels = self._stock.levels((demand.sku for demand in demands), session)
        _check(demands, levels)
        free = {
            sku: {code: shelf.available for code, shelf in level.shelves.items()}
            for sku, level in levels.items()
        }
        order = sending_order(self._locations.every(session), country)
        places = allocate({each.sku: each.quantity for each in demands}, free, order)
        round_ = (current.rounds if current else 0) + 1
        steps = [
            Step(id=f"{owner}:{round_}:hold:{sku}@{code}", sku=sku, location=code, reserved=units)
            for sku, taken in places.items()
            for code, units in taken.items()
        ]
        self.ledger.book(levels, steps, order_why(Cause.HOLD, owner), session)
        lines = [
            HeldLine(
                demand=each,
                places=places[each.sku],
                back={},
                owed=owed_of(places[each.sku], free.get(each.sku, {})),
            )
            for each in demands
        ]
        self._holds.put(owner, lines, expires_at, session)

    def hold_again(self, owner: str, expires_at: datetime, session: Session) -> None:
        """Make sure that ``owner`` holds what it once held, for a payment that came late.

        Raises ``OutOfStock`` if it was released and sold meanwhile.
        """
        current = self._holds.find(owner, session)
        if current is None:
            raise OutOfStock({})
        self.hold(owner, [line.demand for line in current.lines], expires_at, session)

    def commit(self, owner: str, session: Session) -> None:
        """Turn the hold into a sale: the units leave, those that are yet to come stay reserved
        until they are sent, see ``Owed``. Repeating it changes nothing."""
        self._end(owner, "committed", session)

    def release(self, owner: str, session: Session) -> None:
        """Give the held units back. Repeating it changes nothing."""
        self._end(owner, "released", session)

    def _end(self, owner: str, state: str, session: Session) -> None:
        hold = self._holds.end(owner, state, session)
        if hold is None:
            return
        sold = state == "committed"
        steps = [
            Step(
                id=f"{owner}:{hold.rounds}:{state}:{line.demand.sku}@{code}",
                sku=line.demand.sku,
                location=code,
                on_hand=-units if sold else 0,
                reserved=-units,
            )
            for line in hold.lines
            for code, units in places_left(line.places, line.owed if sold else {}).items()
        ]
        levels = self._stock.levels((line.demand.sku for line in hold.lines), session)
        cause = Cause.SALE if sold else Cause.RELEASE
        self.ledger.book(levels, steps, order_why(cause, owner), session)

    def take_back(
        self,
        owner: str,
        units: Mapping[str, tuple[Sku, int]],
        session: Session,
        location: LocationCode | None = None,
        *,
        sent: bool = False,
    ) -> None:
        """Put units that an order sold on the shelf again, by movement id; each id counts once, and
        of a SKU no more come back than were sold, whoever says so how often.

        They go to the location they left, or the default one if that is closed, unless another is
        named. Unless they were ``sent``, what is still owed of them is given up first. Raises
        ``UnknownLocation``.
        """
        if not sent:
            units = self.owed.give_up(owner, units, session)
        hold = self._holds.find(owner, session)
        order = sending_order(self._locations.every(session))
        if location is not None and location not in order:
            raise UnknownLocation(location)
        left: dict[Sku, dict[LocationCode, int]] = {}
        away = {line.demand.sku: line.away for line in (hold.lines if hold else ())}
        returned: dict[Sku, Counter[LocationCode]] = defaultdict(Counter)
        for line in hold.lines if hold else ():
            left[line.demand.sku] = places_left(line.places, line.back)
        steps = []
        for movement, (sku, asked) in units.items():
            quantity = min(asked, max(away.get(sku, asked), 0))
            away[sku] = away.get(sku, asked) - quantity
            origin = left.get(sku, {})
            came = take(quantity, origin, list(origin))
            rest = quantity - sum(came.values())
            came |= {order[0]: came.get(order[0], 0) + rest} if rest else {}
            for code, count in came.items():
                origin[code] = origin.get(code, 0) - count
                returned[sku][code] += count
            shelves: Counter[LocationCode] = Counter()
            for code, count in came.items():
                shelves[location or (code if code in order else order[0])] += count
            steps += [
                Step(id=f"{movement}@{code}", sku=sku, location=code, on_hand=count)
                for code, count in shelves.items()
            ]
        for place, line in enumerate(hold.lines if hold else ()):
            if line.demand.sku in returned:
                self._holds.put_back(owner, place, returned[line.demand.sku], session)
        levels = self._stock.levels((sku for sku, _ in units.values()), session)
        self.ledger.book(levels, steps, order_why(Cause.RETURN, owner), session)

    def owners_of_expired_holds(self, limit: int = 100) -> list[str]:
        """Orders whose reservation ran out."""
        return self._holds.expired_owners(now(), limit)


def _is_counted(level: StockLevel | None, units: int) -> bool:
    return level is not None and level.on_hand == units


def _check(demands: Iterable[Demand], levels: Mapping[Sku, StockLevel]) -> None:
    """Raise ``OutOfStock`` unless the stock, as it was read, has everything; booking upon it
    fails if it moved on."""
    short = {}
    for demand in demands:
        level = levels.get(demand.sku)
        left = left_of(level, demand) if level else 0
        if left is not None and left < demand.quantity:
            short[demand.sku] = max(left, 0)
    if short:
        raise OutOfStock(short)


def _sum(demands: Iterable[Demand]) -> list[Demand]:
    """Add up the demand for each SKU, in a fixed order so that transactions lock alike. A line
    that may wait lets the whole of its SKU wait: lines take what is there in their order."""
    totals: Counter[Sku] = Counter()
    limited: dict[Sku, bool] = {}
    for demand in demands:
        totals[demand.sku] += demand.quantity
        limited[demand.sku] = demand.limited and limited.get(demand.sku, True)
    return [Demand(sku=sku, quantity=totals[sku], limited=limited[sku]) for sku in sorted(totals)]
