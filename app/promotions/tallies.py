"""Figures of promotions: how often each was used, and what it gave, in all and by day.

Orders of a rush would wait for each other at one count, so a use that is paid is only marked; one
job adds it to the figures, each use exactly once.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import date

from app.db.database import Database, Session
from app.promotions.models import UsedOn
from app.promotions.tally_repository import DueUse, TallyRepository
from app.shared.ids import PromotionId

_AT_ONCE = 200
_BUDGET = 0.5  # seconds of a round: the database belongs to the shoppers


class UsageTallies:
    """Counts uses of paid orders, and says how many there were."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tallies = TallyRepository(database)

    def run(self) -> int:
        """Count uses that were paid since, as far as the time of one round goes; how many."""
        deadline = time.monotonic() + _BUDGET
        done = 0
        for use in self._tallies.due(_AT_ONCE):
            if time.monotonic() > deadline:
                break
            done += self._count(use)
        return done

    def _count(self, use: DueUse) -> bool:
        def work(session: Session) -> bool:
            if not self._tallies.take(use, session):
                return False
            self._tallies.add(use, session)
            return True

        return self._database.in_transaction(work)

    def totals(self, ids: Iterable[PromotionId]) -> dict[PromotionId, UsedOn]:
        """All uses so far of each promotion that was used."""
        return self._tallies.totals(ids)

    def days(self, promotion_id: PromotionId, since: date) -> list[UsedOn]:
        """Uses by day from ``since`` on, the earliest first; days without any left out."""
        return self._tallies.days(promotion_id, since)
