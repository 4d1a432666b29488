"""What a new market of a country most likely is: a start that its owner changes as they like."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

from app.markets.countries import country, is_country
from app.markets.models import Market, ShippingTax, TaxMode, TaxRule
from app.markets.shipping import ShippingMethod, ShippingZone
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.money import Money, exponent
from app.shared.texts import Text

# A standard and a reduced rate in basis points; where nothing is taxed less, the standard one again
# or 0. European ones and TR as eu-vat-rates-data 2026.9.29 has them: members of the EU from the
# European Commission's database of taxes (TEDB), the others kept by hand there. AE, SA, ZA, KR, TH,
# AU, JP and IN agree with articles and tables of 2025 and 2026, no tax office was asked; Thailand's
# is prolonged year by year. MX, NZ and SG are those of 2025, compared with nothing newer.
_VAT = {
    "AT": (2000, 1000), "BE": (2100, 600), "BG": (2000, 900), "CY": (1900, 500),
    "CZ": (2100, 1200), "DE": (1900, 700), "DK": (2500, 2500), "EE": (2400, 900),
    "ES": (2100, 1000), "FI": (2550, 1350), "FR": (2000, 550), "GR": (2400, 1300),
    "HR": (2500, 1300), "HU": (2700, 500), "IE": (2300, 1350), "IT": (2200, 1000),
    "LT": (2100, 1200), "LU": (1700, 800), "LV": (2100, 1200), "MT": (1800, 500),
    "NL": (2100, 900), "PL": (2300, 800), "PT": (2300, 600), "RO": (2100, 1100),
    "SE": (2500, 1200), "SI": (2200, 950), "SK": (2300, 1900), "GB": (2000, 500),
    "CH": (810, 260), "NO": (2500, 1500), "IS": (2400, 1100), "AE": (500, 0), "SA": (1500, 0),
    "ZA": (1500, 0), "TR": (2000, 1000), "KR": (1000, 1000), "MX": (1600, 0), "TH": (700, 700),
}  # fmt: skip
_OTHER = {
    "AU": ("GST", 1000, 0), "NZ": ("GST", 1500, 1500), "SG": ("GST", 900, 900),
    "IN": ("GST", 1800, 500), "JP": ("Consumption tax", 1000, 800),
}  # fmt: skip
_ADDED_LATER = frozenset({"US", "CA"})  # shelf prices there are without the tax


def suggest_market(code: str, others: Sequence[Market]) -> Market:
    """A market of the country with this code, closed and not stored. Raises ``Invalid``."""
    wanted = code.strip().upper()
    if not is_country(wanted) or country(wanted) is None:
        raise Invalid(
            Text("Please choose a country."), {"country": Text("Please choose a country.")}
        )
    currency = _currency(wanted)
    name = str(Locale("en").territories.get(wanted, wanted))
    return Market(
        code=wanted,
        name=name,
        currency=currency,
        locale=_locale(wanted),
        countries=(wanted,),
        tax=_tax(wanted),
        zones=(
            ShippingZone(
                code="home", name=name, countries=(wanted,), methods=(_standard(currency),)
            ),
        ),
        gateways=("razorpay", "stripe") if currency == "INR" else ("stripe", "razorpay"),
        open=False,
        position=1 + max((each.position for each in others), default=-1),
        version=0,
    )


def _currency(code: str) -> str:
    today: date = now().date()
    found = get_territory_currencies(code, today, today)
    return str(found[0]) if found else "USD"


def _locale(code: str) -> str:
    """As the likeliest speaker there writes numbers and dates."""
    likely = str(get_global("likely_subtags").get(f"und_{code}", f"en_{code}"))
    language = likely.split("_", maxsplit=1)[0]
    known = f"{language}_{code}"
    return known if known in _locales() else "en"


def _locales() -> frozenset[str]:
    from babel.localedata import locale_identifiers

    return frozenset(locale_identifiers())


def _tax(code: str) -> TaxRule:
    name, standard, reduced = _OTHER.get(code) or ("VAT", *_VAT.get(code, (0, 0)))
    exclusive = code in _ADDED_LATER
    return TaxRule(
        name="Sales tax" if exclusive else name,
        mode=TaxMode.EXCLUSIVE if exclusive else TaxMode.INCLUSIVE,
        rates={"standard": standard, "reduced": reduced, "zero": 0},
        shipping=ShippingTax.NONE if exclusive else ShippingTax.PROPORTIONAL,
    )


def _standard(currency: str) -> ShippingMethod:
    return ShippingMethod(
        code="standard",
        name="Standard",
        price=Money(5 * 10 ** exponent(currency), currency),
        min_days=3,
        max_days=7,
    )
