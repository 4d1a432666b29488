"""The box in which a market is tried out."""

from __future__ import annotations

from dataclasses import dataclass

from werkzeug.datastructures import MultiDict

from app.checkout.rules import Destination, Quote
from app.checkout.trial import Parcel, try_market
from app.markets.countries import region_code
from app.markets.models import STANDARD, Market
from app.shared.money import Money
from app.shared.numbers import whole
from app.shared.texts import Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """What was typed, what is wrong with it by field, and what came of it."""

    country: str
    region: str
    postal_code: str
    grams: str
    value: str
    tax_class: str
    problems: dict[str, str]
    quotes: tuple[Quote, ...] = ()


def tried(market: Market, given: MultiDict[str, str]) -> Trial:
    """The trial that an address asks for; without one, nothing but its fields."""
    country = given.get("country", market.zones[0].countries[0]).strip().upper()
    region, grams = given.get("region", "").strip(), given.get("grams", "500").strip()
    value, tax_class = given.get("value", "50").strip(), given.get("tax_class", STANDARD)
    postal_code, problems = given.get("postal_code", "").strip(), dict[str, str]()
    goods = Money.zero(market.currency)
    try:
        goods = Money.from_major(value, market.currency)
    except ValueError:
        problems["value"] = Text("Please enter an amount in %(code)s.", code=market.currency)
    if goods.minor < 0:
        problems["value"] = Text("Please enter an amount of nothing or more.")
    weight = whole(grams, None)
    if weight is None:
        problems["grams"] = Text("Please enter whole grams.")
    quotes: tuple[Quote, ...] = ()
    if given and weight is not None and not problems:
        parcel = Parcel(value=goods, grams=weight, tax_class=tax_class)
        place = Destination(
            country=country, region=region_code(country, region), postal_code=postal_code
        )
        quotes = try_market(market, parcel, place)
    return Trial(
        country=country,
        region=region,
        postal_code=postal_code,
        grams=grams,
        value=value,
        tax_class=tax_class,
        problems=problems,
        quotes=quotes,
    )
