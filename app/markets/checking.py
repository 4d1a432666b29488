"""Whether a market can be traded in: every rule, with a message beside its field."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from app.markets.countries import is_country, region_codes
from app.markets.models import STANDARD, Market, ShippingTax, TaxRule
from app.markets.rounding import fits
from app.markets.shipping import ShippingKind, ShippingMethod, ShippingZone
from app.shared.errors import Invalid
from app.shared.languages import LANGUAGES
from app.shared.money import Money, payable_step
from app.shared.texts import Text

GATEWAYS = ("stripe", "razorpay")
_CODE = re.compile(r"[A-Z]{2,8}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_FULL = 10_000
_LONGEST = 80  # characters of a name that shoppers read
_MOST_DAYS = 365
_MOST = 10**12  # minor units, as of a price; or grams
_NO_NAME = Text("Please enter a name of up to 80 characters.")
_NO_REGION = Text("This region is in none of the market's countries.")
Problem = tuple[str, str]  # where, what


def check_market(market: Market, others: Sequence[Market] = ()) -> None:
    """Raise ``Invalid`` unless the market is sound beside the ``others``."""
    problems: dict[str, str] = {}
    for place, message in _problems(market, others):
        problems.setdefault(place, message)
    if problems:
        raise Invalid(Text("Please check the market's fields."), problems)


def _problems(market: Market, others: Sequence[Market]) -> Iterator[Problem]:
    if not _CODE.fullmatch(market.code):
        yield "code", Text("Please use 2 to 8 capital letters, such as JP.")
    if not 0 < len(market.name.strip()) <= _LONGEST:
        yield "name", _NO_NAME
    if any(each.name == market.name for each in others):
        yield "name", Text("Another market has this name; price lists go by it.")
    if market.currency not in list_currencies():
        yield "currency", Text("Please enter the code of a currency, such as JPY.")
        return
    if not _is_locale(market.locale):
        yield "locale", Text("Please enter a locale, such as ja_JP.")
    yield from _country_problems(market)
    if not fits(market.rounding, market.currency):
        yield "rounding", Text("This currency has no prices that end like this.")
    if not market.gateways:
        yield "gateways", Text("Please name at least one gateway.")
    for each in set(market.gateways) - set(GATEWAYS):
        yield "gateways", Text("There is no gateway “%(name)s”.", name=each)
    if not market.open and not any(each.open for each in others):
        yield "open", Text("At least one market must stay open.")
    yield from _tax_problems(market.tax, market.countries)
    yield from _zone_problems(market)


def _is_locale(text: str) -> bool:
    try:
        Locale.parse(text)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def _country_problems(market: Market) -> Iterator[Problem]:
    if not market.countries or len(set(market.countries)) != len(market.countries):
        yield "countries", Text("Please name at least one country, and each once.")
    for each in market.countries:
        if not is_country(each):
            yield "countries", Text("“%(code)s” is no country's code of two letters.", code=each)


# --- tax ------------------------------------------------------------------------------------------


def _tax_problems(tax: TaxRule, countries: Sequence[str]) -> Iterator[Problem]:
    yield from _tax_names(tax)
    if STANDARD not in tax.rates:
        yield "tax.rates", Text("The standard rate is missing.")
    yield from _rate_problems("tax.rates", tax.rates)
    known = {code for each in countries if is_country(each) for code in region_codes(each)}
    for region, rates in tax.regions.items():
        yield from _rate_problems(f"tax.regions.{region}", rates)
        if region not in known:
            yield f"tax.regions.{region}", _NO_REGION
    if tax.shipping is ShippingTax.CLASS and tax.shipping_class not in tax.rates:
        yield "tax.shipping_class", Text("There is no rate for this class.")
    if not tax.seller_region:
        return
    if tax.seller_region not in known:
        yield "tax.seller_region", _NO_REGION
    if not (tax.inside and tax.outside):
        yield "tax.inside", Text("Please name the taxes inside and outside the seller's region.")


def _tax_names(tax: TaxRule) -> Iterator[Problem]:
    if not tax.name.strip():
        yield "tax.name", Text("Please enter the tax's name.")
    for place, names in (("name", (tax.name,)), ("inside", tax.inside), ("outside", tax.outside)):
        if any(len(each) > _LONGEST for each in names):
            yield f"tax.{place}", _NO_NAME


def _rate_problems(place: str, rates: Mapping[str, int]) -> Iterator[Problem]:
    for name, rate in rates.items():
        if not _NAME.fullmatch(name):
            yield f"{place}.{name}", Text("A tax class is named in small letters.")
        if not 0 <= rate <= _FULL:
            yield f"{place}.{name}", Text("A rate is from 0 to 100 percent (10000 basis points).")


# --- shipping -------------------------------------------------------------------------------------


def _zone_problems(market: Market) -> Iterator[Problem]:
    if not market.zones:
        yield "zones", Text("Please describe at least the home zone.")
    codes = [each.code for each in market.zones]
    for at, zone in enumerate(market.zones):
        place = f"zones.{at}"
        if not _NAME.fullmatch(zone.code) or codes.count(zone.code) > 1:
            yield f"{place}.code", Text("Please use small letters, and each code once.")
        if len(zone.name) > _LONGEST:
            yield f"{place}.name", _NO_NAME
        yield from _reach_problems(market, zone, place)
        methods = [each.code for each in zone.methods]
        if not methods or len(set(methods)) != len(methods):
            yield (
                f"{place}.methods",
                Text("Please describe at least one method, and each code once."),
            )
        for number, method in enumerate(zone.methods):
            for name, message in _method_problems(method, market.currency):
                yield f"{place}.methods.{number}.{name}", message


def _reach_problems(market: Market, zone: ShippingZone, place: str) -> Iterator[Problem]:
    if not zone.countries or not set(zone.countries) <= set(market.countries):
        yield f"{place}.countries", Text("A zone is made of some of the market's countries.")
    known = {code for each in zone.countries if is_country(each) for code in region_codes(each)}
    for region in zone.regions:
        if region not in known:
            message = Text("“%(code)s” is no region of the zone's countries.", code=region)
            yield f"{place}.regions", message
    if any(not re.search(r"[0-9A-Za-z]", each) for each in zone.postal_prefixes):
        yield f"{place}.postal_prefixes", Text("A postal code begins with letters or digits.")


def _method_problems(method: ShippingMethod, currency: str) -> Iterator[Problem]:
    if not _NAME.fullmatch(method.code):
        yield "code", Text("Please use small letters, digits and hyphens.")
    yield from _name_problems(method)
    if not 0 <= method.min_days <= method.max_days:
        yield "max_days", Text("The days are from the fewest to the most.")
    if method.max_days > _MOST_DAYS:
        yield "max_days", Text("At most %(most)s days.", most=_MOST_DAYS)
    flat = method.kind is ShippingKind.FLAT
    if flat != (method.price is not None):
        yield "price", Text("A flat method has a price, another has none.")
    yield from _amount_problems(method, currency)
    yield from _band_problems(method, currency)


def _name_problems(method: ShippingMethod) -> Iterator[Problem]:
    if not 0 < len(method.name.strip()) <= _LONGEST:
        yield "name", _NO_NAME
    for language, name in method.names.items():
        if language not in LANGUAGES:
            yield f"names.{language}", Text("Please enter a name in a language of the shop.")
        elif not 0 < len(name.strip()) <= _LONGEST:
            yield f"names.{language}", _NO_NAME


def _band_problems(method: ShippingMethod, currency: str) -> Iterator[Problem]:
    banded = method.kind in {ShippingKind.BY_WEIGHT, ShippingKind.BY_SUBTOTAL}
    if banded != bool(method.bands):
        yield "bands", Text("A method by weight or subtotal has bands, another has none.")
    limits = [each.up_to for each in method.bands]
    known = [each for each in limits if each is not None]
    if None in limits[:-1] or sorted(set(known)) != known or any(each < 0 for each in known):
        yield "bands", Text("Bands go up; only the last one may be without an end.")
    for at, limit in enumerate(limits):
        if limit is not None and limit > _MOST:
            yield f"bands.{at}.up_to", _too_much(_limit(method.kind, currency))


def _amount_problems(method: ShippingMethod, currency: str) -> Iterator[Problem]:
    amounts = {"price": method.price, "free_from": method.free_from}
    amounts |= {f"bands.{at}.price": band.price for at, band in enumerate(method.bands)}
    for place, amount in amounts.items():
        if amount is not None and not 0 <= amount.minor <= _MOST:
            yield place, _too_much(Money(_MOST, currency).to_major())
        elif amount is not None and amount.minor % payable_step(currency):
            yield place, Text("The last of three decimals is 0: no card pays another.")


def _limit(kind: ShippingKind, currency: str) -> object:
    """The highest end of a band, as its field takes it."""
    return Money(_MOST, currency).to_major() if kind is ShippingKind.BY_SUBTOTAL else _MOST


def _too_much(most: object) -> str:
    return Text("Please enter something from 0 to %(most)s.", most=most)
