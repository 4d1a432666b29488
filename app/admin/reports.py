"""What each report shows, and where each of its rows leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.admin.charts import Point, bars, columns
from app.admin.periods import Choice
from app.analytics.models import Kind, Row, Step
from app.analytics.service import AnalyticsService
from app.catalog.service import CatalogService
from app.markets.context import format_money, format_scale
from app.promotions.service import PromotionService
from app.shared.money import Money
from app.shared.texts import Text
from app.web.registry import service

Value = Money | int | str
_MOST_ROWS = 200
_MOST_BARS = 10


class ReportName(StrEnum):
    """As reports are called in addresses."""

    SALES = "sales"
    PRODUCTS = "products"
    GATEWAYS = "gateways"
    COUPONS = "coupons"
    MARKETS = "markets"
    FUNNEL = "funnel"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of numbers."""

    label: Text
    read: Callable[[Row], Value]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """A row as it is shown; ``link`` is ``""`` where there is nothing deeper."""

    label: str
    link: str
    currency: str
    values: tuple[Value, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A report with everything its page needs. ``about`` names the one thing it is of, if it is."""

    name: ReportName
    title: Text
    about: str
    is_time: bool  # whether its lines are days or hours
    first: Text  # the heading of the lines
    columns: tuple[Column, ...]
    lines: Sequence[Line]
    charts: Sequence[str]


def _money(figure: str) -> Callable[[Row], Value]:
    return lambda row: row.money(figure)


def _count(figure: str) -> Callable[[Row], Value]:
    return lambda row: row.count(figure)


def _net(row: Row) -> Value:
    return row.net


def success_text(row: Row) -> str:
    """The share of a gateway's payments that were paid, ``–`` where none came to an end."""
    return "–" if row.success is None else f"{row.success / 10:.1f} %"


_SALES = (
    Column(Text("Placed"), _count("placed")),
    Column(Text("Paid"), _count("paid")),
    Column(Text("Units"), _count("units")),
    Column(Text("Revenue"), _money("revenue")),
    Column(Text("Of it paid by credit"), _money("by_credit")),
    Column(Text("Discounts"), _money("discount")),
    Column(Text("Refunds"), _money("refunded")),
    Column(Text("Net"), _net),
)
_COLUMNS: Mapping[ReportName, tuple[Column, ...]] = {
    ReportName.SALES: _SALES,
    ReportName.MARKETS: _SALES,
    ReportName.PRODUCTS: (
        Column(Text("Orders"), _count("orders")),
        Column(Text("Units"), _count("units")),
        Column(Text("Revenue"), _money("revenue")),
        Column(Text("Refunds"), _money("refunded")),
        Column(Text("Net"), _net),
    ),
    ReportName.GATEWAYS: (
        Column(Text("Attempts"), _count("attempts")),
        Column(Text("Paid"), _count("succeeded")),
        Column(Text("Failed"), _count("failed")),
        Column(Text("Abandoned"), _count("expired")),
        Column(Text("Lost to another"), _count("lost")),
        Column(Text("Success"), success_text),
        Column(Text("Captured"), _money("captured")),
        Column(Text("Sent back"), _money("sent_back")),
    ),
    ReportName.COUPONS: (
        Column(Text("Uses"), _count("uses")),
        Column(Text("Discount"), _money("discount")),
    ),
    ReportName.FUNNEL: tuple(
        Column(label, _count(step))
        for label, step in (
            (Text("Visitors"), Step.VISIT.value),
            (Text("Saw a product"), Step.PRODUCT.value),
            (Text("Filled a cart"), Step.CART.value),
            (Text("Began checkout"), Step.CHECKOUT.value),
            (Text("Paid orders"), "paid"),
        )
    ),
}
_TITLES: Mapping[ReportName, Text] = {
    ReportName.SALES: Text("Sales"),
    ReportName.PRODUCTS: Text("Products sold"),
    ReportName.GATEWAYS: Text("Payments by gateway"),
    ReportName.COUPONS: Text("Promotions and coupons"),
    ReportName.MARKETS: Text("Markets"),
    ReportName.FUNNEL: Text("From visit to order"),
}
_KINDS = {
    ReportName.PRODUCTS: Kind.PRODUCTS,
    ReportName.GATEWAYS: Kind.GATEWAYS,
    ReportName.COUPONS: Kind.COUPONS,
}
_SIZES = {
    ReportName.PRODUCTS: "revenue",
    ReportName.GATEWAYS: "captured",
    ReportName.COUPONS: "discount",
    ReportName.FUNNEL: Step.VISIT.value,
}


def title_of(name: ReportName) -> Text:
    """What a report is called."""
    return _TITLES[name]


def make_report(name: ReportName, choice: Choice, about: str = "") -> Report:
    """The report of the chosen days and market; day by day of one product, gateway or coupon if
    ``about`` names it."""
    rows, is_time = _rows(name, choice, about)
    shown = rows if is_time else rows[:_MOST_ROWS]
    labels = labels_of(name, [row.key for row in shown] if not is_time else [about])
    lines = [
        Line(
            label=_moment(row.key) if is_time else labels.get(row.key, row.key),
            link=_link(name, choice, row.key, is_time=is_time),
            currency=row.currency,
            values=tuple(column.read(row) for column in _COLUMNS[name]),
        )
        for row in shown
    ]
    return Report(
        name=name,
        title=_TITLES[name],
        about=labels.get(about, about) if about else "",
        is_time=is_time,
        first=_heading(name, choice) if is_time else _TITLES[name],
        columns=_COLUMNS[name],
        lines=lines,
        charts=_charts(name, _filled(shown, choice) if is_time else shown, labels, is_time=is_time),
    )


def _heading(name: ReportName, choice: Choice) -> Text:
    """What lines of time are."""
    return Text("Hour (UTC)") if _is_by_hour(name, choice) else Text("Day (UTC)")


def _is_by_hour(name: ReportName, choice: Choice) -> bool:
    """Only sales are counted by the hour."""
    return name is ReportName.SALES and choice.is_one_day


def _rows(name: ReportName, choice: Choice, about: str) -> tuple[list[Row], bool]:
    """The rows, and whether they are days or hours."""
    analytics, span, market = service(AnalyticsService), choice.span, choice.market
    if _is_by_hour(name, choice):
        return analytics.by_hour(span, market), True
    if name is ReportName.SALES:
        return analytics.by_day(Kind.SALES, span, market), True
    if name is ReportName.MARKETS:
        return analytics.by_market(Kind.SALES, span), False
    if name is ReportName.FUNNEL:
        return _funnel_rows(choice), True
    if about:
        return analytics.by_day(_KINDS[name], span, market, about), True
    return analytics.by_name(_KINDS[name], span, market), False


def _filled(rows: Sequence[Row], choice: Choice) -> list[Row]:
    """Rows for every day or hour of the choice, so that a picture shows the empty ones too."""
    periods = list(choice.span.days)
    if any("T" in row.key for row in rows):
        periods = [f"{day}T{hour:02}" for day in periods for hour in range(24)]
    known = {(row.currency, row.key): row for row in rows}
    return [
        known.get((currency, period), Row(key=period, currency=currency, figures={}))
        for currency in dict.fromkeys(row.currency for row in rows)
        for period in periods
    ]


def _funnel_rows(choice: Choice) -> list[Row]:
    analytics = service(AnalyticsService)
    days = analytics.funnel_by_day(choice.span, choice.market)
    paid: dict[str, int] = {}
    for row in analytics.by_day(Kind.SALES, choice.span, choice.market):
        paid[row.key] = paid.get(row.key, 0) + row.count("paid")
    return [
        Row(
            key=day,
            currency="",
            figures={
                **{step.value: number for step, number in days.get(day, {}).items()},
                "paid": paid.get(day, 0),
            },
        )
        for day in sorted({*days, *paid})
    ]


def labels_of(name: ReportName, keys: Sequence[str]) -> dict[str, str]:
    """What things are called; those that are gone keep their id."""
    if name is ReportName.PRODUCTS:
        return service(CatalogService).titles_of(keys)
    if name is ReportName.COUPONS:
        return {key: _coupon(key) for key in keys if key}
    if name is ReportName.GATEWAYS:
        return {key: key.capitalize() for key in keys}
    return {}


def _coupon(key: str) -> str:
    promotion_id, _, code = key.partition(":")
    promotion = service(PromotionService).find(promotion_id)
    title = promotion.name if promotion else promotion_id
    return f"{code} ({title})" if code else title


def _link(name: ReportName, choice: Choice, key: str, *, is_time: bool) -> str:
    if name is ReportName.MARKETS:
        return choice.link("/admin/reports/sales", market=key)
    if not is_time:
        return choice.link(name=key)
    if "T" in key:
        until = datetime.fromisoformat(key) + timedelta(hours=1)
        ends = {"from": key, "to": until.strftime("%Y-%m-%dT%H")}
        return choice.link("/admin/orders", **ends)
    if name is ReportName.SALES:
        return choice.link(**{"from": key, "to": key})
    return choice.link("/admin/reports/sales", **{"from": key, "to": key})


def _moment(period: str) -> str:
    """``2026-11-25``, or ``09:00`` for an hour."""
    day, _, hour = period.partition("T")
    return f"{hour}:00" if hour else day


def _short(period: str) -> str:
    day, _, hour = period.partition("T")
    return f"{hour}:00" if hour else day[5:]


def _charts(
    name: ReportName, rows: Sequence[Row], labels: Mapping[str, str], *, is_time: bool
) -> list[str]:
    """A chart for each currency: they share no scale."""
    size = _SIZES.get(name, "revenue")
    return [
        _chart(f"chart-{place}", name, [row for row in rows if row.currency == currency], size,
               labels, is_time=is_time)
        for place, currency in enumerate(dict.fromkeys(row.currency for row in rows))
    ]  # fmt: skip


def _chart(
    chart_id: str,
    name: ReportName,
    rows: Sequence[Row],
    size: str,
    labels: Mapping[str, str],
    *,
    is_time: bool,
) -> str:
    currency = rows[0].currency
    show = shower(currency)
    title = f"{_TITLES[name]} {currency}".strip()
    if is_time:
        points = [
            Point(label=_short(row.key), value=row.count(size), shown=show(row.count(size)))
            for row in rows
        ]
        return columns(chart_id, title, points, scaler(currency))
    points = [
        Point(
            label=labels.get(row.key, row.key), value=row.count(size), shown=show(row.count(size))
        )
        for row in rows[:_MOST_BARS]
    ]
    return bars(chart_id, title, points)


def shower(currency: str) -> Callable[[int], str]:
    """Writes minor units of a currency, or a plain number where there is none."""
    return lambda number: format_money(Money(number, currency)) if currency else f"{number:,}"


def scaler(currency: str) -> Callable[[int], str]:
    """The same for a chart's scale, as short as it can be."""
    return lambda number: format_scale(Money(number, currency)) if currency else f"{number:,}"
