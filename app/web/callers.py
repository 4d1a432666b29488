"""What the cookies of an anonymous request say, as far as a page depends on it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from app.web.form_tokens import FormToken, FormTokens

_LONGEST = 1_000  # letters of cookies that are remembered, so that memory stays bounded


@dataclass(frozen=True, kw_only=True, slots=True)
class Cookies:
    """Names of the cookies that pages depend on, and how to read a market's."""

    market: str
    cart: str
    session: str
    market_code: Callable[[str], str]  # of what a client sent: a market's code, "" for the default


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """What a request's cookies say."""

    is_signed_in: bool
    market: str
    has_cart: bool
    token: FormToken | None


class Callers:
    """Reads cookies. A browser sends the same ones again and again, so they are read once."""

    def __init__(self, cookies: Cookies, tokens: FormTokens) -> None:
        find = r"(?:^|[;\s]){}=([^;]*)"
        self._find_market = re.compile(find.format(re.escape(cookies.market))).search
        self._find_cart = re.compile(find.format(re.escape(cookies.cart))).search
        self._find_session = re.compile(find.format(re.escape(cookies.session))).search
        self._market_code = cookies.market_code
        self._tokens = tokens
        self._remembered = lru_cache(maxsize=16_384)(self._read)

    def forget(self) -> None:
        """Read every cookie anew: they may name markets that there were not, or are no more."""
        self._remembered.cache_clear()

    def of(self, cookies: str) -> Caller:
        """Who sent a ``Cookie`` header."""
        return self._remembered(cookies) if len(cookies) <= _LONGEST else self._read(cookies)

    def _read(self, cookies: str) -> Caller:
        market = self._find_market(cookies)
        return Caller(
            is_signed_in=self._find_session(cookies) is not None,
            market=self._market_code(market[1]) if market else "",
            has_cart=self._find_cart(cookies) is not None,
            token=self._tokens.known(cookies),
        )
