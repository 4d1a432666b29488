"""Which languages are read where, and how numbers and dates are written in them."""

from __future__ import annotations

from functools import cache

from babel import Locale, UnknownLocaleError
from babel.languages import get_official_languages

from app.markets.models import Market
from app.shared.languages import DEFAULT, LANGUAGES, known_language


def own_language(market: Market) -> str:
    """The language of the market's country, as far as the shop speaks it."""
    return known_language(Locale.parse(market.locale).language)


def read_in(market: Market) -> tuple[str, ...]:
    """The languages that are likely there: its own first, then official ones, and the default."""
    official = get_official_languages(market.code, de_facto=True)
    spoken = (code for code in (*official, DEFAULT) if code in LANGUAGES)
    return tuple(dict.fromkeys((own_language(market), *spoken)))


@cache
def reading_locale(language: str, locale: str) -> Locale:
    """How a reader of ``language`` in the country of ``locale`` writes numbers and dates.

    Where nobody does, as with German in the United States, as the language's own country does.
    """
    territory = Locale.parse(locale).territory
    try:
        return Locale(language, territory)
    except UnknownLocaleError:
        return Locale(language)
