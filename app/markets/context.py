"""The market of the current request, and what templates need of it."""

from __future__ import annotations

from copy import copy
from datetime import datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal
from flask import Flask, g, request

from app.markets.countries import address_lines
from app.markets.languages import own_language, reading_locale
from app.markets.models import Market
from app.markets.service import MarketService
from app.markets.tax_rows import tax_rows
from app.shared.money import Money
from app.shared.texts import current_language
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


def current_locale() -> str:
    """The Babel locale of the current request: its language as the market's country writes it."""
    return str(reading_locale(current_language(), current_market().locale))


def format_money(amount: Money, locale: str | None = None) -> str:
    """Show money to the reader, as the country of ``locale`` writes it; the market's if none is
    named."""
    shown = reading_locale(current_language(), locale or current_market().locale)
    written: str = format_currency(amount.to_major(), amount.currency, locale=shown)
    return f"\N{MINUS SIGN}{written[1:]}" if written.startswith("-") else written


def format_scale(amount: Money) -> str:
    """The same for the scale of a chart: an amount without cents is written without them."""
    major = amount.to_major()
    if major != major.to_integral_value():
        return format_money(amount)
    shown = reading_locale(current_language(), current_market().locale)
    pattern = copy(shown.currency_formats["standard"])
    pattern.frac_prec = (0, 0)
    return str(pattern.apply(major, shown, currency=amount.currency, currency_digits=False))


def format_day(moment: datetime, locale: str | None = None) -> str:
    """Show a day to the reader, as the country of ``locale`` writes it; the market's if none is
    named."""
    shown = reading_locale(current_language(), locale or current_market().locale)
    return format_date(moment, "long", locale=shown)


def _format_moment(moment: datetime) -> str:
    shown = reading_locale(current_language(), current_market().locale)
    return format_datetime(moment, "medium", locale=shown)


def _format_number(value: Decimal, *, grouped: bool = True) -> str:
    """As many decimals as the value has: an average of 5.0 keeps its zero. What is to be typed is
    not ``grouped``."""
    shown = reading_locale(current_language(), current_market().locale)
    decimals = max(-int(Decimal(value).as_tuple().exponent), 0)
    shape = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return format_decimal(value, format=shape, locale=shown, group_separator=grouped)


def _template_globals() -> dict[str, Any]:
    return {
        "market": current_market(),
        "markets": all_markets(),
        "own_language": own_language(current_market()),
    }


def init_app(app: Flask) -> None:
    """Offer the markets to templates, and filters that write amounts, dates and addresses."""
    app.context_processor(_template_globals)
    app.jinja_env.filters["money"] = format_money
    app.jinja_env.filters["number"] = _format_number
    app.jinja_env.filters["date"] = format_day
    app.jinja_env.filters["address_lines"] = address_lines
    app.jinja_env.globals["tax_rows"] = tax_rows
    app.jinja_env.filters["datetime"] = _format_moment
