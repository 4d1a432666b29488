"""Which days and which market a page of figures is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from urllib.parse import urlencode

from flask import request

from app.analytics.models import MOST_DAYS, Span
from app.markets.context import find_market
from app.shared.clock import now
from app.shared.texts import Text

RANGES: Mapping[str, tuple[int, Text]] = {
    "today": (1, Text("Today")),
    "7": (7, Text("7 days")),
    "30": (30, Text("30 days")),
    "90": (90, Text("90 days")),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """What somebody chose. ``errors`` are beside the fields ``from`` and ``to``; the days are the
    default then, and ``typed`` is what was typed."""

    path: str
    span: Span
    name: str  # of RANGES, "" for days of one's own
    market: str
    typed: Mapping[str, str]
    errors: Mapping[str, str]

    def link(self, path: str = "", **changes: str) -> str:
        """The address of this page, or of another one, about the same, with something changed."""
        own = {"from": self.span.first.isoformat(), "to": self.span.last.isoformat()}
        days = {"range": self.name} if self.name else own
        if "range" in changes or "from" in changes:
            days = {}
        chosen = {**days, "market": self.market, **changes}
        return f"{path or self.path}?{urlencode({k: v for k, v in chosen.items() if v})}"

    @property
    def is_one_day(self) -> bool:
        """Whether its hours are of interest."""
        return self.span.length == 1


def chosen_period(default: str) -> Choice:
    """What the address says, ``default`` (of ``RANGES``) where it says nothing that can be."""
    market = find_market(request.args.get("market", ""))
    typed = {name: request.args.get(name, "").strip() for name in ("from", "to")}
    span, errors = _own_span(typed) if any(typed.values()) else (None, {})
    name = ""
    if span is None:
        wanted = request.args.get("range", default)
        name = wanted if wanted in RANGES else default
        last = now().date()
        span = Span(first=last - timedelta(days=RANGES[name][0] - 1), last=last)
    return Choice(
        path=request.path,
        span=span,
        name=name,
        market=market.code if market else "",
        typed=typed,
        errors=errors,
    )


def _own_span(typed: Mapping[str, str]) -> tuple[Span | None, dict[str, str]]:
    days: dict[str, date] = {}
    errors: dict[str, str] = {}
    for name, text in typed.items():
        try:
            days[name] = date.fromisoformat(text) if text else now().date()
        except ValueError:
            errors[name] = Text("Please enter a day such as 2026-01-31.")
    if errors:
        return None, errors
    first, last = days["from"], days["to"]
    if last < first:
        errors["to"] = Text("The last day is before the first.")
        return None, errors
    if (last - first).days >= MOST_DAYS or first.year < 2000:
        errors["from"] = Text("Please choose at most three years.")
        return None, errors
    return Span(first=first, last=last), {}
