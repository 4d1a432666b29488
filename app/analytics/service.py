"""Reading the counters: what reports and the dashboard are made of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable

from app.analytics.models import Counted, Kind, Row, Span, Step
from app.analytics.repository import CounterRepository
from app.analytics.visit_repository import VisitRepository
from app.db.database import Database

Key = Callable[[Counted, str], str]


class AnalyticsService:
    """Sums over days. Amounts of different currencies are never added up: each row has one."""

    def __init__(self, database: Database) -> None:
        self._counters = CounterRepository(database)
        self._visits = VisitRepository(database)

    def revision(self) -> int:
        """Changes whenever a figure may have."""
        return self._counters.state()[1]

    def totals(self, kind: Kind, span: Span, market: str = "") -> list[Row]:
        """One row a currency, the largest first."""
        return _largest(_rows(self._counters.read_span(kind, span, market), lambda *_: ""))

    def by_name(self, kind: Kind, span: Span, market: str = "") -> list[Row]:
        """A row for each gateway, product, coupon or kind of duplicate, the largest first."""
        counters = self._counters.read_span(kind, span, market)
        return _largest(_rows(counters, lambda _, name: name))

    def by_day(self, kind: Kind, span: Span, market: str = "", name: str = "") -> list[Row]:
        """A row a day on which there is anything, in order; of one ``name`` alone if given."""
        counters = self._counters.read_span(kind, span, market)
        return _in_order(_rows(counters, lambda counted, _: counted.period, name))

    def by_market(self, kind: Kind, span: Span) -> list[Row]:
        """A row a market, the largest first."""
        counters = self._counters.read_span(kind, span)
        return _largest(_rows(counters, lambda counted, _: counted.market))

    def by_hour(self, span: Span, market: str = "") -> list[Row]:
        """A row for each hour in which anything was ordered or paid, in order."""
        first, last = f"{span.first.isoformat()}T00", f"{span.last.isoformat()}T23"
        counters = self._counters.read(Kind.HOURS, first, last, [market] if market else [])
        return _in_order(_rows(counters, lambda counted, _: counted.period))

    def funnel(self, span: Span, market: str = "") -> dict[Step, int]:
        """Visitors of each day that came so far, added up over the days."""
        counted: Counter[Step] = Counter(dict.fromkeys(Step, 0))
        for _, _, steps in self._visits.read(span, market):
            counted.update({Step(name): number for name, number in steps.items()})
        return dict(counted)

    def funnel_by_day(self, span: Span, market: str = "") -> dict[str, dict[Step, int]]:
        """The same for each day on which anybody came."""
        days: dict[str, Counter[Step]] = defaultdict(Counter)
        for day, _, steps in self._visits.read(span, market):
            days[day].update({Step(name): number for name, number in steps.items()})
        return {day: dict(days[day]) for day in sorted(days)}


def _rows(counters: Iterable[Counted], key: Key, only: str = "") -> list[Row]:
    """Add counters up by a key and by currency."""
    sums: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for counted in counters:
        for name, figures in counted.names.items():
            if not only or name == only:
                sums[key(counted, name), counted.currency].update(figures)
    return [
        Row(key=name, currency=currency, figures=figures)
        for (name, currency), figures in sums.items()
    ]


def _in_order(rows: Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (row.key, row.currency))


def _largest(rows: Iterable[Row]) -> list[Row]:
    """By what counts most in a row of its kind; within a tie by name."""
    weights = ("revenue", "captured", "discount", "times", "attempts", "paid", "placed")
    return sorted(rows, key=lambda row: (*(-row.count(each) for each in weights), row.key))
