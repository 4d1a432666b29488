"""What is counted, and the days it is counted for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from app.shared.money import Money

MOST_DAYS = 1100  # of a span: three years, and the page still answers at once


class Kind(StrEnum):
    """What a counter is about, and so what the names in it are."""

    SALES = "sales"  # one name, ALL
    HOURS = "hours"  # the same, by hour
    GATEWAYS = "gateways"  # gateways
    PRODUCTS = "products"  # product ids
    COUPONS = "coupons"  # promotion id and code
    PREVENTED = "prevented"  # kinds of a duplicate


ALL = "all"


class Prevented(StrEnum):
    """How a second charge was about to come, and did not."""

    DOUBLE_CLICK = "double_click"  # the same form again while the first was at work
    REPLAYED_KEY = "replayed_key"  # the same form again, later
    SECOND_TAB = "second_tab"  # another form for the same cart
    SECOND_GATEWAY = "second_gateway"  # a page closed because another gateway was chosen
    REPEATED_WEBHOOK = "repeated_webhook"  # a gateway told the same again
    VOIDED = "voided_authorisation"  # a payment that came second was released, never taken
    SENT_BACK = "second_payment_sent_back"  # one that the gateway had taken by itself


class Step(StrEnum):
    """How far a visitor came. Buying itself is counted with the orders."""

    VISIT = "visit"
    PRODUCT = "product"
    CART = "cart"
    CHECKOUT = "checkout"


class Cell(NamedTuple):
    """One number: ``figure`` of ``name``, in a ``period`` of UTC (``2026-11-25``, or
    ``2026-11-25T09`` for an hour). Amounts are minor units of ``currency``; what is not money has
    none."""

    kind: Kind
    period: str
    market: str
    currency: str
    name: str
    figure: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Whole days of UTC, both ends included."""

    first: date
    last: date

    @property
    def length(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    @property
    def before(self) -> Span:
        """As many days just before, to compare with."""
        last = self.first - timedelta(days=1)
        return Span(first=last - timedelta(days=self.length - 1), last=last)

    @property
    def days(self) -> Iterator[str]:
        """The periods of the days, in order."""
        return ((self.first + timedelta(days=each)).isoformat() for each in range(self.length))


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """Figures of one counter: by name, then by figure."""

    period: str
    market: str
    currency: str
    names: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A line of a report: ``key`` is a period, a market or a name."""

    key: str
    currency: str
    figures: Mapping[str, int]

    def count(self, figure: str) -> int:
        """A number of things."""
        return self.figures.get(figure, 0)

    def money(self, figure: str) -> Money:
        """An amount."""
        return Money(self.count(figure), self.currency)

    @property
    def net(self) -> Money:
        """What was sold less what was given back."""
        return self.money("revenue") - self.money("refunded")

    @property
    def average(self) -> Money:
        """Of an order, rounded down to the minor unit."""
        return Money(self.count("revenue") // max(self.count("paid"), 1), self.currency)

    @property
    def success(self) -> int | None:
        """Of payments that came to an end, how many of a thousand were paid; None without any."""
        ended = sum(map(self.count, ("succeeded", "failed", "expired", "lost")))
        return 1000 * self.count("succeeded") // ended if ended else None


def day_of(moment: datetime) -> str:
    """The period of a moment's day."""
    return moment.date().isoformat()


def hour_of(moment: datetime) -> str:
    """The period of a moment's hour."""
    return moment.strftime("%Y-%m-%dT%H")
