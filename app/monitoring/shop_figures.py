"""Figures of the whole shop, read from the database; every server and worker shows the same."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.checkout.audit_runs import AuditRuns
from app.db.cache import Cache
from app.db.database import Database
from app.db.errors import PyMongoError
from app.db.outbox import Outbox
from app.db.schedules import Schedules
from app.payments.refunds import RefundService
from app.payments.service import PaymentService
from app.shared.clock import now

_KEPT = 15.0  # seconds; whoever asks again meanwhile gets the same
_MOST = 1_000  # of a kind are counted


class ShopFigures(Collector):
    """Gauges, so that several servers can show them: add nothing up, take the highest."""

    def __init__(
        self,
        database: Database,
        cache: Cache,
        outbox: Outbox,
        schedules: Schedules,
        payments: PaymentService,
        refunds: RefundService,
        runs: AuditRuns,
    ) -> None:
        self._database = database
        self._cache = cache
        self._outbox = outbox
        self._schedules = schedules
        self._payments = payments
        self._refunds = refunds
        self._runs = runs
        self._lock = threading.Lock()
        self._kept: tuple[Metric, ...] = ()
        self._read_at = 0.0

    def collect(self) -> Iterable[Metric]:
        """The figures, at most a quarter of a minute old. Those of a database that is away are
        left out, and one says that it is."""
        with self._lock:
            if not self._kept or time.monotonic() - self._read_at > _KEPT:
                self._kept = tuple(self._read())
                self._read_at = time.monotonic()
            return self._kept

    def forget(self) -> None:
        """Read everything anew the next time."""
        with self._lock:
            self._kept = ()

    def _read(self) -> Iterator[Metric]:
        yield _gauge("mossx_redis_up", "1 if Redis answers.", self._cache.ping())
        answers, figures = self._database.answers(), list[Metric]()
        if answers:
            try:
                figures = [*self._backlog(), self._jobs(), *self._money()]
            except PyMongoError:
                answers = False
        yield _gauge("mossx_mongodb_up", "1 if MongoDB answers.", answers)
        yield from figures if answers else ()

    def _backlog(self) -> Iterator[Metric]:
        backlog = self._outbox.backlog(_MOST)
        yield _gauge("mossx_outbox_waiting", "Events that wait, at most 1000.", backlog.waiting)
        yield _gauge(
            "mossx_outbox_failing", "Events among them that failed before.", backlog.failing
        )
        yield _gauge(
            "mossx_outbox_oldest_seconds",
            "For how long the oldest event that is due has been so.",
            max(backlog.oldest, 0.0),
        )

    def _jobs(self) -> Metric:
        moment = now()
        late = GaugeMetricFamily(
            "mossx_job_late_seconds",
            "Time since a periodic job was due that nobody began.",
            labels=["task"],  # "job" is Prometheus' own word
        )
        for job, due in self._schedules.due().items():
            late.add_metric([job], max((moment - due).total_seconds(), 0.0))
        return late

    def _money(self) -> Iterator[Metric]:
        attempts = GaugeMetricFamily(
            "mossx_payment_attempts_open",
            "Payment attempts that are not at their end, at most 1000.",
            labels=["gateway", "state"],
        )
        found = self._payments.open_attempts()
        counted = Counter((each.gateway, each.state.value) for each in found)
        for labels, number in sorted(counted.items()):
            attempts.add_metric(labels, number)
        yield attempts
        yield _gauge(
            "mossx_captures_unfinished",
            "Claims on an order's money whose end no gateway has shown yet.",
            len(self._payments.unfinished_claims()),
        )
        yield _gauge(
            "mossx_refunds_unfinished",
            "Refunds that no gateway has said its last word about.",
            len(self._refunds.unfinished(timedelta(0), _MOST)),
        )
        yield _gauge(
            "mossx_money_differences",
            "Differences between the books and the gateways that wait for somebody.",
            len(self._runs.open_findings(_MOST)),
        )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))
