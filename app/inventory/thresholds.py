"""From how few units on staff are told: once, until there are more again."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.inventory.errors import ThresholdMoved
from app.inventory.events import STOCK_LOW
from app.inventory.ledger import Ledger
from app.inventory.models import LowStock
from app.inventory.repository import StockRepository
from app.inventory.rules import MOST, is_low
from app.shared.errors import Invalid, NotFound
from app.shared.ids import Sku
from app.shared.texts import Text

_BATCH = 50


def tell_staff(outbox: Outbox, session: Session, low: list[LowStock]) -> None:
    """Have staff told, if this transaction commits; whether a SKU was low before is kept with its
    stock, so of several who take the last units one tells."""
    outbox.publish(STOCK_LOW, {"stock": [asdict(each) for each in low]}, session)


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """The threshold that whoever sets another one has read; None is that of the shop."""

    units: int | None


class Thresholds:
    """A threshold of the shop, and one of its own for each SKU that has another."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._stock = StockRepository(database)

    def low(self, most: int = 500) -> list[LowStock]:
        """SKUs at their threshold or below, those first that were the last to come there."""
        return self._stock.low(most)

    def of_shop(self) -> int:
        """Units at which staff are told, where a SKU says nothing else."""
        return self._stock.shop_low_at()

    def set_own(self, sku: Sku, units: int | None, *, over: Read | None = None) -> None:
        """Give a SKU a threshold of its own, or with None the shop's again, ``over`` the one that
        was read.

        Raises ``Invalid`` beside ``threshold``, ``NotFound`` for a SKU that was never counted, and
        ``ThresholdMoved`` if it is another one by now, unless that is the very same.
        """
        _check(units or 0)

        def work(session: Session) -> None:
            known = self._stock.levels([sku], session).get(sku)
            if known is None:
                raise NotFound(Text("No stock of %(sku)s was ever counted.", sku=sku))
            own = known.low_at if known.low_own else None
            if over and own not in {over.units, units}:
                raise ThresholdMoved(own)
            low_at = self._stock.shop_low_at(session) if units is None else units
            self._set([sku], low_at, session, own=units is not None)

        self._database.in_transaction(work)

    def set_shop(self, units: int, *, over: Read | None = None) -> None:
        """Change the shop's threshold. Raises ``Invalid`` beside ``threshold``, ``ThresholdMoved``.

        Many SKUs follow in steps; one that is cut short is finished by doing it again.
        """
        _check(units)

        def work(session: Session) -> None:
            known = self._stock.shop_low_at(session)
            if over and known not in {over.units, units}:
                raise ThresholdMoved(known)
            self._stock.set_shop_low_at(units, session)

        self._database.in_transaction(work)
        while skus := self._stock.without_own_threshold(units, _BATCH):
            self._follow(skus, units)

    def _follow(self, skus: list[Sku], units: int) -> None:
        self._database.in_transaction(lambda session: self._set(skus, units, session, own=False))

    def _set(self, skus: list[Sku], units: int, session: Session, *, own: bool) -> None:
        low = []
        for sku, known in sorted(self._stock.levels(skus, session).items()):
            changed = replace(known, low_at=units, low_own=own)
            changed = replace(changed, is_low=is_low(changed))
            self._stock.set_rules(known, changed, session)
            if changed.is_low and not known.is_low:
                low.append(LowStock(sku=sku, available=known.available, low_at=units))
        self._ledger.tell_low(low, session)


def _check(units: int) -> None:
    if not 0 <= units <= MOST:
        message = Text("A threshold is from 0 to %(most)s units.", most=MOST)
        raise Invalid(message, {"threshold": message})
