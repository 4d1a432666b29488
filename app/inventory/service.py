"""Reserving, selling and counting stock: all lines or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from app.db.database import Database, Session
from app.inventory.errors import OutOfStock
from app.inventory.models import Demand
from app.inventory.repository import InventoryRepository
from app.inventory.rules import rebanded
from app.shared.clock import now
from app.shared.ids import Sku, new_id

BandListener = Callable[[Session, list[Sku]], None]


class InventoryService:
    """The shop's stock. ``on_band_change`` is told, inside the transaction, when a SKU sells out
    or comes back, and while so few are left that pages say how many."""

    def __init__(self, database: Database, on_band_change: BandListener | None = None) -> None:
        self._database = database
        self._stock = InventoryRepository(database)
        self._on_band_change = on_band_change

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that can be sold now, 0 for a SKU without stock."""
        wanted = list(skus)
        levels = self._stock.levels(wanted)
        return {sku: levels[sku].available if sku in levels else 0 for sku in wanted}

    def held_by(self, owners: Iterable[str]) -> dict[Sku, int]:
        """Units that these owners hold now, together."""
        held: Counter[Sku] = Counter()
        for hold in self._stock.holds(owners):
            for line in hold["lines"] if hold["state"] == "held" else ():
                held[line["sku"]] += line["quantity"]
        return dict(held)

    def every_available(self) -> dict[Sku, int]:
        """Units that can be sold now, of every SKU that was ever counted."""
        return {sku: level.available for sku, level in self._stock.every_level().items()}

    def on_hand(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units counted on the shelves, reserved ones included."""
        return {sku: level.on_hand for sku, level in self._stock.levels(skus).items()}

    def set_on_hand(self, quantities: Mapping[Sku, int], cause: str) -> int:
        """Count stock: make ``on_hand`` what was counted. Returns how many SKUs changed."""

        def work(session: Session) -> int:
            levels = self._stock.levels(quantities, session)
            changed = {}
            for sku, quantity in quantities.items():
                known = levels.get(sku)
                difference = quantity - (known.on_hand if known else 0)
                if known is None or difference:
                    self._stock.move(new_id("mov"), sku, difference, 0, cause, session)
                    changed[sku] = difference
            self._tell(session, rebanded(levels, changed))
            return len(changed)

        return self._database.in_transaction(work)

    def tell_exactly(self, units: Mapping[Sku, int], session: Session) -> None:
        """Tell pages of every change below so many units: sets of several units run out sooner."""
        for sku in sorted(units):
            self._stock.count_as_many(sku, units[sku], session)

    def hold(
        self, owner: str, demands: Iterable[Demand], expires_at: datetime, session: Session
    ) -> None:
        """Reserve every demand for ``owner`` in this transaction.

        Repeating it while held only prolongs the hold. Raises ``OutOfStock`` naming each
        shortage; the caller's transaction must then roll back.
        """
        summed = _sum(demands)
        current = self._stock.hold(owner, session)
        if current and current["state"] != "released":
            if current["state"] == "held":
                self._stock.put_hold(owner, summed, expires_at, session)
            return
        changed = self._reserve_all(owner, (current or {}).get("round", 0) + 1, summed, session)
        self._stock.put_hold(owner, summed, expires_at, session)
        self._tell(session, changed)

    def _reserve_all(
        self, owner: str, round_: int, demands: list[Demand], session: Session
    ) -> list[Sku]:
        """Reserve each demand; the SKUs whose band changed by it."""
        before = self._stock.levels((demand.sku for demand in demands), session)
        short: dict[Sku, int] = {}
        for demand in demands:
            movement = f"{owner}:{round_}:hold:{demand.sku}"
            if not demand.limited:
                self._stock.move(movement, demand.sku, 0, demand.quantity, "hold", session)
            elif not self._stock.reserve(movement, demand, "hold", session):
                level = before.get(demand.sku)
                short[demand.sku] = max(level.available, 0) if level else 0
        if short:
            raise OutOfStock(short)
        return rebanded(before, {demand.sku: -demand.quantity for demand in demands})

    def hold_again(self, owner: str, expires_at: datetime, session: Session) -> None:
        """Make sure that ``owner`` holds what it once held, for a payment that came late.

        Raises ``OutOfStock`` if it was released and sold meanwhile.
        """
        current = self._stock.hold(owner, session)
        if current is None:
            raise OutOfStock({})
        demands = [
            Demand(sku=line["sku"], quantity=line["quantity"], limited=line["limited"])
            for line in current["lines"]
        ]
        self.hold(owner, demands, expires_at, session)

    def commit(self, owner: str, session: Session) -> None:
        """Turn the hold into a sale: the units leave. Repeating it changes nothing."""
        self._tell(session, self._end(owner, "committed", session))

    def release(self, owner: str, session: Session) -> None:
        """Give the held units back. Repeating it changes nothing."""
        self._tell(session, self._end(owner, "released", session))

    def take_back(self, units: Mapping[str, tuple[Sku, int]], session: Session) -> None:
        """Put returned units on the shelf again, by movement id; each id counts once."""
        before = self._stock.levels((sku for sku, _ in units.values()), session)
        returned: Counter[Sku] = Counter()
        for movement, (sku, quantity) in units.items():
            self._stock.move(movement, sku, quantity, 0, "return", session)
            returned[sku] += quantity
        self._tell(session, rebanded(before, returned))

    def _end(self, owner: str, state: str, session: Session) -> list[Sku]:
        hold = self._stock.end_hold(owner, state, session)
        if hold is None:
            return []
        before = self._stock.levels((line["sku"] for line in hold["lines"]), session)
        freed: Counter[Sku] = Counter()
        for line in hold["lines"]:
            sold = -line["quantity"] if state == "committed" else 0
            movement = f"{owner}:{hold['round']}:{state}:{line['sku']}"
            cause = "sale" if state == "committed" else "release"
            self._stock.move(movement, line["sku"], sold, -line["quantity"], cause, session)
            freed[line["sku"]] += sold + line["quantity"]
        return rebanded(before, freed)

    def owners_of_expired_holds(self, limit: int = 100) -> list[str]:
        """Orders whose reservation ran out."""
        return self._stock.expired_owners(now(), limit)

    def _tell(self, session: Session, skus: list[Sku]) -> None:
        if self._on_band_change and skus:
            self._on_band_change(session, skus)


def _sum(demands: Iterable[Demand]) -> list[Demand]:
    """Add up the demand for each SKU, in a fixed order so that transactions lock alike."""
    totals: Counter[Sku] = Counter()
    limited: dict[Sku, bool] = {}
    for demand in demands:
        totals[demand.sku] += demand.quantity
        limited[demand.sku] = demand.limited
    return [Demand(sku=sku, quantity=totals[sku], limited=limited[sku]) for sku in sorted(totals)]
