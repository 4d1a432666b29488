"""Counting orders: each exactly as it stands now, however often it is told about."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable

from app.analytics.repository import CounterRepository
from app.analytics.rules import Cells, Facts, cells_of
from app.db.database import Database, Session
from app.orders.service import OrderService
from app.payments.refunds import RefundService
from app.payments.service import PaymentService
from app.shared.errors import NotFound
from app.shared.ids import OrderId

_ORDER = "order:"
_AT_ONCE = 25  # orders of a transaction: they share counters, so together they write each once
_BUDGET = 1.0  # seconds of a round: the database belongs to the shoppers
_FLAGS = 200


class SalesCounting:
    """Brings the counters in line with the books.

    What an order counts for is worked out from the books as they are, and the counters get the
    difference to what it counted for before; both in one transaction with the mark of that. So it
    matters neither how often nor in which order events come.
    """

    def __init__(
        self,
        database: Database,
        orders: OrderService,
        payments: PaymentService,
        refunds: RefundService,
    ) -> None:
        self._database = database
        self._orders = orders
        self._payments = payments
        self._refunds = refunds
        self._counters = CounterRepository(database)
        self._busy = threading.Lock()

    def ask(self, order_id: OrderId) -> None:
        """Have an order looked at soon: at once, unless this process is counting just now."""
        self._counters.ask(f"{_ORDER}{order_id}")
        self._count_if_idle()

    def note(self, subject: str, cells: Cells) -> None:
        """Count a fact, once for each ``subject``."""
        self._counters.ask_once(subject, cells)
        self._count_if_idle()

    def run(self) -> int:
        """Look at orders whose payments moved and at all that was asked for, as far as the time of
        one round goes; how many that were."""
        for attempt_id, order_id, state in self._payments.uncounted(_FLAGS):
            self._counters.ask(f"{_ORDER}{order_id}")
            self._payments.note_counted(attempt_id, state)
        with self._busy:
            return self._count(_BUDGET)

    def rebuild(self, progress: Callable[[int, int], None]) -> int:
        """Make all counters anew from orders, captures and refunds; how many orders that were.

        Figures grow while it runs. Cut short it is to be done again.
        """
        self._counters.begin_anew()
        self._counters.ask_facts()
        orders = self._orders.every_id()
        with self._busy:
            for start in range(0, len(orders), _AT_ONCE):
                batch = [f"{_ORDER}{each}" for each in orders[start : start + _AT_ONCE]]
                self._follow(batch)
                progress(start + len(batch), len(orders))
            while self._count(_BUDGET):
                pass
        return len(orders)

    def _count_if_idle(self) -> None:
        """Whoever counts just now may miss what was asked for; the next round will not."""
        if self._busy.acquire(blocking=False):
            try:
                self._count(_BUDGET)
            finally:
                self._busy.release()

    def _count(self, budget: float) -> int:
        deadline = time.monotonic() + budget
        done = 0
        while time.monotonic() < deadline and (asked := self._counters.asked(_AT_ONCE)):
            self._follow(asked)
            done += len(asked)
        return done

    def _follow(self, subjects: list[str]) -> None:
        gone = self._database.in_transaction(lambda session: self._look(subjects, session))
        for subject in gone:
            self._counters.forget(subject)

    def _look(self, subjects: list[str], session: Session) -> list[str]:
        """Count subjects; those that are not there (any more)."""
        generation = self._counters.touch(session)
        difference: Cells = Counter()
        gone = []
        for subject in subjects:
            known, fact = self._counters.known(subject, generation, session)
            try:
                cells = self._cells(subject, session) if fact is None else fact
            except NotFound:
                gone.append(subject)
                continue
            difference.update(cells)
            difference.subtract(known)
            self._counters.store(subject, generation, cells, session)
        changes = Counter({cell: number for cell, number in difference.items() if number})
        self._counters.add(generation, changes, session)
        return gone

    def _cells(self, subject: str, session: Session) -> Cells:
        order_id = OrderId(subject.removeprefix(_ORDER))
        return cells_of(
            Facts(
                order=self._orders.get(order_id, session),
                attempts=self._payments.attempts_of(order_id, session),
                capture=self._payments.find_capture(order_id, session),
                refunds=self._refunds.of_order(order_id, session),
                authorisations=self._payments.authorisations_of(order_id, session),
            )
        )
