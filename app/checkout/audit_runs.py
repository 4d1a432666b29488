"""Running the audit in the worker, and keeping what it found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.checkout.audit import SURE, Audit, Discrepancy
from app.checkout.audit_models import AuditRun, Finding, FindingState, MoneyDay
from app.checkout.audit_repository import AuditRepository
from app.checkout.refunding import Refunding
from app.db.database import Database
from app.payments.errors import GatewayRefused, GatewayUnknown, GatewayUnreachable
from app.payments.models import Capture, ListedPayment, RefundState
from app.payments.service import PaymentService
from app.shared.clock import now

SCHEDULE = "the schedule"
_LEASE = timedelta(minutes=2)  # without a word from its worker, another goes on
_BEAT_EVERY = 25  # payments
_Key = tuple[str, str, str]  # day, gateway, currency


class AuditRuns:
    """Asked for by anybody, carried out by one worker at a time."""

    def __init__(
        self, database: Database, audit: Audit, payments: PaymentService, refunding: Refunding
    ) -> None:
        self._runs = AuditRepository(database)
        self._audit = audit
        self._payments = payments
        self._refunding = refunding

    def ask(self, by: str = SCHEDULE) -> AuditRun:
        """Have the books compared soon; asking again meanwhile is the same run."""
        return self._runs.ask(by)

    def work(self) -> bool:
        """Carry out the run that is wanted, if one is."""
        run = self._runs.take(_LEASE)
        if run is None:
            return False
        watch = _Watch(self._runs, run.id)
        error, found = "", list[Discrepancy]()
        try:
            found = self._audit.run(watch=watch.note)
        except (GatewayUnknown, GatewayUnreachable, GatewayRefused) as silent:
            error = str(silent)[:300] or type(silent).__name__
        else:
            self._runs.store(run.id, found)
            self._store_days(watch.listed)
        self._runs.end(run.id, len(watch.listed), len(found), error)
        return True

    def latest(self, most: int = 5) -> list[AuditRun]:
        """The newest runs."""
        return self._runs.latest(most)

    def open_findings(self, most: int) -> list[Finding]:
        """Differences that wait for somebody, or for a repair to be confirmed."""
        waiting = (FindingState.OPEN, FindingState.REPAIRING, FindingState.REPAIRED)
        return self._runs.in_states(waiting, most)

    def closed_findings(self, most: int) -> list[Finding]:
        """Differences that are no more."""
        over = (FindingState.MENDED, FindingState.MARKED, FindingState.GONE)
        return self._runs.in_states(over, most)

    def days(self, first: str, last: str) -> list[MoneyDay]:
        """What days came to when they were compared last, the newest first."""
        return self._runs.days(first, last)

    def _store_days(self, listed: Sequence[Listed]) -> None:
        moment = now()
        since = moment - SURE
        captures = self._payments.captured_since(since.replace(hour=0, minute=0, second=0))
        days = days_of(captures, self._refunded, listed, moment)
        first = since.date().isoformat()
        self._runs.store_days([day for day in days if day.day > first], first)

    def _refunded(self, capture: Capture) -> int:
        """What of a capture went back through the gateway, by the books."""
        if capture.refundable == capture.amount:
            return 0
        return sum(
            refund.by_gateway.minor
            for refund in self._refunding.of_order(capture.order_id)
            if refund.state is RefundState.SUCCEEDED
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """What of a payment on a gateway's list counts for its day, in minor units: as little as can
    be, since there is one for each payment of six days."""

    gateway: str
    payment_id: str
    currency: str
    captured: int
    refunded: int


class _Watch:
    """Sees what an audit looks at, and says now and then that it goes on."""

    def __init__(self, runs: AuditRepository, run_id: str) -> None:
        self._runs = runs
        self._run_id = run_id
        self.listed: list[Listed] = []

    def note(self, gateway: str, listed: ListedPayment) -> None:
        payment = listed.payment
        self.listed.append(
            Listed(
                gateway=gateway,
                payment_id=payment.id,
                currency=payment.amount.currency,
                captured=payment.captured.minor,
                refunded=payment.refunded.minor,
            )
        )
        if len(self.listed) % _BEAT_EVERY == 1:
            self._runs.beat(self._run_id, len(self.listed))


def days_of(
    captures: Iterable[Capture],
    refunded: Callable[[Capture], int],
    listed: Iterable[Listed],
    moment: datetime,
) -> list[MoneyDay]:
    """Books and lists by day, gateway and currency. A payment that the books do not have counts on
    the day of the comparison, unless the gateway kept nothing of it."""
    sums: dict[_Key, Counter[str]] = {}
    places: dict[tuple[str, str], _Key] = {}
    for capture in captures:
        key = (capture.updated_at.date().isoformat(), capture.gateway, capture.amount.currency)
        places[capture.gateway, capture.payment_id] = key
        _add(sums, key, payments=1, captured=capture.amount.minor,
             refunded=refunded(capture))  # fmt: skip
    for each in listed:
        known = places.get((each.gateway, each.payment_id))
        if known or each.refunded < each.captured:
            key = known or (moment.date().isoformat(), each.gateway, each.currency)
            _add(sums, key, listed_captured=each.captured, listed_refunded=each.refunded)
    return [
        MoneyDay(day=day, gateway=gateway, currency=currency, compared_at=moment,
                 **{name: number[name] for name in _FIGURES})
        for (day, gateway, currency), number in sums.items()
    ]  # fmt: skip


_FIGURES = ("payments", "captured", "refunded", "listed_captured", "listed_refunded")


def _add(sums: dict[_Key, Counter[str]], key: _Key, **figures: int) -> None:
    sums.setdefault(key, Counter()).update(figures)
