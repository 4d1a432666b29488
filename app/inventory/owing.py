"""Units that were sold before they were there: reserved until they are sent, or given up.

So what is on hand is never less than what lies there, whoever counts it and whenever.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from app.db.database import Database, Session
from app.inventory.hold_repository import Hold, HoldRepository, Places
from app.inventory.ledger import Ledger
from app.inventory.models import Cause, Step, Why
from app.inventory.rules import places_left, take
from app.shared.ids import Sku, new_id

_SHOP = "the shop"


def order_why(cause: Cause, owner: str) -> Why:
    """Why an order moves stock."""
    return Why(cause=cause, by=_SHOP, order_id=owner)


class Owed:
    """What sold orders are owed."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._holds = HoldRepository(database)
        self._ledger = ledger

    def of(self, owner: str) -> dict[Sku, Places]:
        """What an order is owed, by the location that expects it."""
        hold = self._holds.find(owner)
        return {line.demand.sku: line.owed for line in (hold.lines if hold else ()) if line.owed}

    def send(self, owner: str, left: Mapping[Sku, Places], session: Session) -> None:
        """Let units leave that are sent now: all that are not ``left`` to be sent, by location."""
        hold = self._holds.find(owner, session)
        keep = [
            {
                code: min(n, left.get(line.demand.sku, {}).get(code, 0))
                for code, n in line.owed.items()
            }
            for line in (hold.lines if hold else ())
        ]
        self._settle(hold, keep, Cause.SALE, session)

    def let_go(self, owner: str, to_send: Mapping[Sku, int], session: Session) -> None:
        """Owe nothing beyond what is still to be sent."""
        hold = self._holds.find(owner, session)
        keep = [
            take(to_send.get(line.demand.sku, 0), line.owed, list(line.owed))
            for line in (hold.lines if hold else ())
        ]
        self._settle(hold, keep, Cause.RELEASE, session)

    def give_up(
        self, owner: str, units: Mapping[str, tuple[Sku, int]], session: Session
    ) -> dict[str, tuple[Sku, int]]:
        """Owe so much less; of these units, by movement id, those that are there and so are to be
        put back."""
        hold = self._holds.find(owner, session)
        lines = hold.lines if hold and hold.state == "committed" else ()
        owed = Counter({line.demand.sku: sum(line.owed.values()) for line in lines})
        there = {}
        for movement, (sku, quantity) in units.items():
            given_up = min(quantity, owed[sku])
            owed[sku] -= given_up
            if quantity > given_up:
                there[movement] = (sku, quantity - given_up)
        self.let_go(owner, owed, session)
        return there

    def _settle(
        self, hold: Hold | None, keep: Sequence[Places], cause: Cause, session: Session
    ) -> None:
        """Reserve no longer what a sold order is owed beyond what each of its lines keeps."""
        if hold is None or hold.state != "committed" or not hold.owes:
            return
        steps: list[Step] = []
        for at, (line, kept) in enumerate(zip(hold.lines, keep, strict=True)):
            over = places_left(line.owed, kept)
            if over and cause is Cause.RELEASE:  # they are at these places no more
                self._holds.put_back(hold.owner, at, over, session)
            steps += [
                Step(
                    id=new_id("mov"),
                    sku=line.demand.sku,
                    location=code,
                    on_hand=-units if cause is Cause.SALE else 0,
                    reserved=-units,
                )
                for code, units in over.items()
            ]
        if steps:
            self._holds.set_owed(hold, [places_left(kept, {}) for kept in keep], session)
            levels = self._ledger.levels((step.sku for step in steps), session)
            self._ledger.book(levels, steps, order_why(cause, hold.owner), session)
