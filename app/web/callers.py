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
    """Names of the cookies that pages depend on, and how to read a market's and a language's."""

    market: str
    language: str
    cart: str
    session: str
    market_code: Callable[[str], str]  # of what a client sent: a market's code, "" for the default
    language_code: Callable[[str], str]  # the same of a language

    def edition(self, market: str, language: str) -> str:
        """The cookies that ask for a market and a language and nothing else; the least there can
        be, so that each edition of a page has one name. Takes what a client sent."""
        code, spoken = self.market_code(market), self.language_code(language)
        named = ((self.market, code), (self.language, spoken))
        return "; ".join(f"{name}={value}" for name, value in named if value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """What a request's cookies say."""

    is_signed_in: bool
    edition: str  # market and language, as ``Cookies.edition`` names them
    has_cart: bool
    token: FormToken | None


class Callers:
    """Reads cookies. A browser sends the same ones again and again, so they are read once."""

    def __init__(self, cookies: Cookies, tokens: FormTokens) -> None:
        find = r"(?:^|[;\s]){}=([^;]*)"
        self._find_market = re.compile(find.format(re.escape(cookies.market))).search
        self._find_language = re.compile(find.format(re.escape(cookies.language))).search
        self._find_cart = re.compile(find.format(re.escape(cookies.cart))).search
        self._find_session = re.compile(find.format(re.escape(cookies.session))).search
        self._edition = cookies.edition
        self._tokens = tokens
        self._remembered = lru_cache(maxsize=16_384)(self._read)

    def forget(self) -> None:
        """Read every cookie anew: they may name markets that there were not, or are no more."""
        self._remembered.cache_clear()

    def of(self, cookies: str) -> Caller:
        """Who sent a ``Cookie`` header."""
        return self._remembered(cookies) if len(cookies) <= _LONGEST else self._read(cookies)

    def _read(self, cookies: str) -> Caller:
        market, language = self._find_market(cookies), self._find_language(cookies)
        return Caller(
            is_signed_in=self._find_session(cookies) is not None,
            edition=self._edition(market[1] if market else "", language[1] if language else ""),
            has_cart=self._find_cart(cookies) is not None,
            token=self._tokens.known(cookies),
        )
