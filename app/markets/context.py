"""The market of the current request, and what templates need of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency
from flask import Flask, g, request

from app.markets.countries import address_lines
from app.markets.models import Market
from app.markets.service import MarketService
from app.markets.tax_rows import tax_rows
from app.shared.money import Money
from app.web.registry import service

COOKIE = "mossx_market"


def all_markets() -> tuple[Market, ...]:
    """Every market the shop sells in, the default first."""
    return service(MarketService).open()


def find_market(code: str) -> Market | None:
    """The market with this code, whatever its case, or None."""
    return service(MarketService).find(code)


def current_market() -> Market:
    """The market the shopper chose, or the default. Never trusts the cookie beyond its code."""
    if "market" not in g:
        chosen = find_market(request.cookies.get(COOKIE, ""))
        g.market = chosen or service(MarketService).default
    market: Market = g.market
    return market


def code_in(cookie: str, markets: MarketService | None = None) -> str:
    """The code of the market that a cookie names, "" for the default one. Outside an application
    the ``markets`` have to be given."""
    known = markets or service(MarketService)
    market = known.find(cookie)
    return market.code if market and market != known.default else ""


def format_money(amount: Money, locale: str | None = None) -> str:
    """Show money as readers of ``locale`` write it; the market's locale if none is named."""
    code = locale or current_market().locale
    return format_currency(amount.to_major(), amount.currency, locale=Locale.parse(code))


def format_day(moment: datetime, locale: str | None = None) -> str:
    """Show a day as readers of ``locale`` write it; the market's locale if none is named."""
    return format_date(moment, "long", locale=Locale.parse(locale or current_market().locale))


def _template_globals() -> dict[str, Any]:
    return {"market": current_market(), "markets": all_markets()}


def init_app(app: Flask) -> None:
    """Offer ``market``, ``markets`` and filters for money, dates and addresses."""
    app.context_processor(_template_globals)
    app.jinja_env.filters["money"] = format_money
    app.jinja_env.filters["date"] = format_day
    app.jinja_env.filters["address_lines"] = address_lines
    app.jinja_env.globals["tax_rows"] = tax_rows
    app.jinja_env.filters["datetime"] = lambda moment: format_datetime(
        moment, "medium", locale=current_market().locale
    )
