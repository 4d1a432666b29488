"""Making the lists that pages read, for the products whose counts changed. Runs in the worker."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from itertools import islice

import numpy as np

from app.catalog.service import CatalogService
from app.db.database import Database, Session
from app.db.moments import has_passed
from app.recommendations.counting import REFRESH_PAUSE
from app.recommendations.models import Neighbour, Neighbourhood, Popular, Tally
from app.recommendations.repository import CompanionCounts, CompanionLists
from app.recommendations.rules import LEAST_ORDERS, MOST_POPULAR, nearest
from app.shared.clock import now
from app.shared.ids import ProductId

_MOST_PARTNERS = 1000  # of a product that was bought with everything, its most frequent ones
_AT_ONCE = 50
_BUDGET = 0.5  # seconds of a round: the database belongs to the shoppers
_SELDOM = 12  # the most popular of all are looked up so many times less often than neighbours
_TELL_EVERY = timedelta(minutes=1)  # a page is dropped from caches for its list at most so often
_GROWTH = 1.2  # what is chance depends on all orders: a fifth more, and every list is made anew
_TOLD = 8  # the first of a list, which a page may show


class ListRefresh:
    """Recomputes neighbours and the most popular products, a little at a time."""

    def __init__(
        self,
        database: Database,
        catalog: CatalogService,
        *,
        pause: timedelta = REFRESH_PAUSE,
        tell_every: timedelta = _TELL_EVERY,
    ) -> None:
        self._database = database
        self._catalog = catalog
        self._counts = CompanionCounts(database)
        self._lists = CompanionLists(database)
        self._pause = pause
        self._tell_every = tell_every

    def run(self) -> int:
        """Refresh what is due, as far as the time of one round goes; how many lists that were."""
        deadline = time.monotonic() + _BUDGET
        self._refresh_popular()
        done = 0
        for tally in self._counts.due(_AT_ONCE):
            if time.monotonic() > deadline:
                break
            self._refresh(tally)
            done += 1
        return done

    def _refresh_popular(self) -> None:
        totals = self._counts.totals()
        known = self._lists.popular()
        if known.changes == totals.touches:
            return
        at, by = known.computed_at, now() - _SELDOM * self._pause
        if at is not None and not has_passed(at, by):
            return
        most = self._counts.most_ordered(MOST_POPULAR)
        shares = tuple((name, orders / max(totals.orders, 1)) for name, orders in most)
        swept = known.swept
        if not swept / _GROWTH <= totals.orders <= swept * _GROWTH:
            self._counts.make_all_due(self._pause)
            swept = totals.orders
        self._lists.store_popular(Popular(shares=shares, changes=totals.touches, swept=swept))

    def _refresh(self, tally: Tally) -> None:
        """Make a list from what is counted now.

        What is counted meanwhile changes ``touches``, and the product stays due.
        """
        moment = now()
        old = self._lists.find(tally.product_id)
        new = replace(old, neighbours=self._neighbours(tally))
        is_news = _shown(new) != old.told
        due = max(moment, old.told_at + self._tell_every) if is_news and old.told_at else moment
        is_told = is_news and due == moment
        if is_told:
            new = replace(new, told=_shown(new), told_at=moment)

        def work(session: Session) -> None:
            self._lists.store(new, session)
            self._counts.settle(tally, moment + self._pause, session)
            if is_told:
                self._catalog.note_companions_change(session, [tally.product_id])
            elif is_news:
                self._counts.postpone(tally.product_id, due, session)

        self._database.in_transaction(work)

    def _neighbours(self, tally: Tally) -> tuple[Neighbour, ...]:
        partners = self._counts.partners(tally.product_id, _MOST_PARTNERS)
        known = self._counts.orders_of(name for name, _ in partners)
        together = np.array([orders for _, orders in partners], dtype=np.int64)
        own = np.array([known.get(name, orders) for name, orders in partners], dtype=np.int64)
        places, found = nearest(together, tally.orders, own, self._counts.totals().orders)
        return tuple(
            Neighbour(product_id=partners[place][0], score=score, orders=partners[place][1])
            for place, score in zip(places.tolist(), found.tolist(), strict=True)
        )


def _shown(neighbourhood: Neighbourhood) -> tuple[ProductId, ...]:
    """What the product's page may show of its list."""
    solid = (each for each in neighbourhood.neighbours if each.orders >= LEAST_ORDERS)
    return tuple(each.product_id for each in islice(solid, _TOLD))
