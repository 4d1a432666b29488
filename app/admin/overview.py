"""The dashboard: what was sold, how it compares, and what waits for somebody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from app.admin.charts import Point, bars, columns
from app.admin.guard import allowed
from app.admin.periods import Choice
from app.admin.permissions import Permission
from app.admin.reports import ReportName, labels_of, scaler, shower
from app.analytics.models import Kind, Prevented, Row, Span, Step
from app.analytics.service import AnalyticsService
from app.checkout.audit_runs import AuditRuns
from app.db.outbox import Outbox
from app.fulfilment.returns import GoodsReturns
from app.inventory.models import LowStock
from app.inventory.thresholds import Thresholds
from app.orders.service import OrderService
from app.payments.disputes import DisputeService
from app.reviews.models import ReviewState
from app.reviews.service import ReviewService
from app.shared.money import Money
from app.shared.texts import Text
from app.web.metrics import latency
from app.web.registry import service

_TOP = 5
_MOST = 100  # of what waits; more is "more"
_TRIED = 2  # an event that failed so often is worth a look
_STEPS = (
    (Text("Visitors"), Step.VISIT),
    (Text("Saw a product"), Step.PRODUCT),
    (Text("Filled a cart"), Step.CART),
    (Text("Began checkout"), Step.CHECKOUT),
)
PREVENTED: Mapping[str, Text] = {
    Prevented.DOUBLE_CLICK: Text("Double click on “Pay”"),
    Prevented.REPLAYED_KEY: Text("The same form sent again"),
    Prevented.SECOND_TAB: Text("Second tab with the same cart"),
    Prevented.SECOND_GATEWAY: Text("First gateway closed before the second opened"),
    Prevented.REPEATED_WEBHOOK: Text("Webhook that came again"),
    Prevented.VOIDED: Text("Second payment released, never taken"),
    Prevented.SENT_BACK: Text("Second payment sent back"),
}


class Card(NamedTuple):
    """A figure with how much it is more (or less) than before, in percent; None without any
    before. ``rising_is_good`` says how to take that."""

    label: Text
    value: Money | int
    change: int | None
    link: str
    rising_is_good: bool = True


class Todo(NamedTuple):
    """Something that waits for somebody; a ``number`` above ``_MOST`` is not counted further."""

    label: Text
    number: int
    link: str

    @property
    def shown(self) -> str:
        """The number in words."""
        return f"{_MOST}+" if self.number > _MOST else str(self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sales:
    """What was sold in one currency."""

    currency: str
    cards: Sequence[Card]
    chart: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """All figures of the dashboard."""

    sales: Sequence[Sales]
    funnel: str
    visitors: int
    gateways: Sequence[Row]
    prevented: Sequence[Row]
    products: Sequence[Row]
    coupons: Sequence[Row]
    labels: Mapping[str, str]
    low: Sequence[LowStock]
    latency: tuple[float, ...]


def make_overview(choice: Choice) -> Overview:
    """The figures of the chosen days and market."""
    analytics, span, market = service(AnalyticsService), choice.span, choice.market
    products = analytics.by_name(Kind.PRODUCTS, span, market)[:_TOP]
    coupons = analytics.by_name(Kind.COUPONS, span, market)[:_TOP]
    totals = analytics.totals(Kind.SALES, span, market)
    funnel = analytics.funnel(span, market)
    return Overview(
        sales=_sales(choice, totals),
        funnel=_funnel(funnel, sum(row.count("paid") for row in totals)),
        visitors=funnel[Step.VISIT],
        gateways=analytics.by_name(Kind.GATEWAYS, span, market),
        prevented=analytics.by_name(Kind.PREVENTED, span, market),
        products=products,
        coupons=coupons,
        labels={
            **labels_of(ReportName.PRODUCTS, [row.key for row in products]),
            **labels_of(ReportName.COUPONS, [row.key for row in coupons]),
        },
        low=service(Thresholds).low(_TOP + 1),
        latency=latency(50, 99),
    )


def make_todo() -> list[Todo]:
    """What waits, as far as the role of whoever asks has to do with it."""
    todo = []
    if allowed(Permission.ORDERS_VIEW):
        to_ship = service(OrderService).count_to_ship(_MOST + 1)
        todo.append(Todo(Text("Orders to ship"), to_ship, "/admin/orders?fulfilment=unfulfilled"))
        waiting = len(service(GoodsReturns).waiting(_MOST + 1))
        todo.append(Todo(Text("Returns waiting"), waiting, "/admin/returns"))
    if allowed(Permission.REVIEWS_EDIT):
        unread = len(service(ReviewService).in_state(ReviewState.WAITING, _MOST + 1))
        todo.append(Todo(Text("Reviews to read"), unread, "/admin/reviews"))
    if allowed(Permission.REPORTS):
        found = len(service(AuditRuns).open_findings(_MOST + 1))
        todo.append(Todo(Text("Differences in the money report"), found, "/admin/money"))
        disputed = len(service(DisputeService).open_ones(_MOST + 1))
        todo.append(Todo(Text("Open disputes"), disputed, "/admin/money#disputes"))
        events = service(Outbox).waiting(_MOST + 1)
        failing = sum(each.tries >= _TRIED and bool(each.error) for each in events)
        todo.append(Todo(Text("Events that fail"), failing, "/admin/live"))
    return todo


def _sales(choice: Choice, totals: Sequence[Row]) -> list[Sales]:
    analytics = service(AnalyticsService)
    before = {
        row.currency: row for row in analytics.totals(Kind.SALES, choice.span.before, choice.market)
    }
    points = _over_time(choice, choice.span)
    earlier = _over_time(choice, choice.span.before)
    result = []
    for row in totals:
        known = before.get(row.currency, Row(key="", currency=row.currency, figures={}))
        show = shower(row.currency)
        now_, then = points[row.currency], earlier.get(row.currency, [])
        drawn = [
            Point(
                label=label,
                value=value,
                shown=show(value),
                before=then[place][1] if place < len(then) else None,
            )
            for place, (label, value) in enumerate(now_)
        ]
        title = (
            Text("Revenue in %(currency)s, by the hour (UTC)", currency=row.currency)
            if choice.span.length == 1
            else Text("Revenue in %(currency)s", currency=row.currency)
        )
        result.append(
            Sales(
                currency=row.currency,
                cards=_cards(row, known, choice),
                chart=columns(f"revenue-{row.currency}", title, drawn, scaler(row.currency)),
            )
        )
    return result


def _over_time(choice: Choice, span: Span) -> dict[str, list[tuple[str, int]]]:
    """Revenue by currency, for every day or hour there is: those without any are nothing."""
    analytics = service(AnalyticsService)
    if span.length == 1:
        rows = analytics.by_hour(span, choice.market)
        periods = [f"{span.first.isoformat()}T{hour:02}" for hour in range(24)]
    else:
        rows = analytics.by_day(Kind.SALES, span, choice.market)
        periods = list(span.days)
    found = {(row.currency, row.key): row.count("revenue") for row in rows}
    return {
        currency: [
            (f"{period[11:]}:00" if "T" in period else period[5:], found.get((currency, period), 0))
            for period in periods
        ]
        for currency in {row.currency for row in rows}
    }


def _cards(row: Row, before: Row, choice: Choice) -> list[Card]:
    def money(label: Text, figure: str, *, good: bool = True) -> Card:
        return Card(
            label,
            row.money(figure),
            _change(row.count(figure), before.count(figure)),
            link,
            rising_is_good=good,
        )

    link = choice.link("/admin/reports/sales")
    return [
        money(Text("Revenue"), "revenue"),
        Card(Text("Orders"), row.count("paid"), _change(row.count("paid"), before.count("paid")),
             link),
        Card(Text("Average order"), row.average, _change(row.average.minor, before.average.minor),
             link),
        money(Text("Refunds"), "refunded", good=False),
        Card(Text("Net"), row.net, _change(row.net.minor, before.net.minor), link),
    ]  # fmt: skip


def _change(new: int, old: int) -> int | None:
    """How much more, in whole percent."""
    return round(100 * (new - old) / old) if old > 0 else None


def _funnel(steps: Mapping[Step, int], paid: int) -> str:
    visitors = steps[Step.VISIT]
    numbers = [*((label, steps[step]) for label, step in _STEPS), (Text("Paid orders"), paid)]
    return bars(
        "funnel",
        Text("From visit to order"),
        [
            Point(
                label=label,
                value=number,
                shown=f"{number:,} ({100 * number / visitors:.1f} %)"
                if visitors
                else f"{number:,}",
            )
            for label, number in numbers
        ],
    )
