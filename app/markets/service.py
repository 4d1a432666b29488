"""The markets the shop sells in."""

from __future__ import annotations

from app.markets.models import Market, ShippingMethod, TaxMode, TaxRule
from app.shared.money import Money
from app.shared.texts import Text

# Combined state rates are the shop's own choice where it has nexus; other states are not taxed.
_US_STATES = (("CA", 725), ("NY", 400), ("TX", 625), ("WA", 650))

UNITED_STATES = Market(
    code="US",
    name=Text("United States"),
    currency="USD",
    locale="en_US",
    countries=("US",),
    tax=TaxRule(name=Text("Sales tax"), mode=TaxMode.EXCLUSIVE, rate=0, regions=_US_STATES),
    shipping=(
        ShippingMethod(
            code="standard",
            name="Standard",
            price=Money(600, "USD"),
            min_days=3,
            max_days=5,
            free_from=Money(7500, "USD"),
        ),
        ShippingMethod(
            code="express", name="Express", price=Money(1500, "USD"), min_days=1, max_days=2
        ),
    ),
    gateways=("stripe", "razorpay"),
)

INDIA = Market(
    code="IN",
    name=Text("India"),
    currency="INR",
    locale="en_IN",
    countries=("IN",),
    tax=TaxRule(name=Text("GST"), mode=TaxMode.INCLUSIVE, rate=1800),
    shipping=(
        ShippingMethod(
            code="standard",
            name="Standard",
            price=Money(9900, "INR"),
            min_days=3,
            max_days=6,
            free_from=Money(199900, "INR"),
        ),
        ShippingMethod(
            code="express", name="Express", price=Money(24900, "INR"), min_days=1, max_days=2
        ),
    ),
    gateways=("razorpay", "stripe"),
)

GERMANY = Market(
    code="DE",
    name=Text("Germany"),
    currency="EUR",
    locale="de_DE",
    countries=("DE",),
    tax=TaxRule(name=Text("VAT"), mode=TaxMode.INCLUSIVE, rate=1900),
    shipping=(
        ShippingMethod(
            code="standard",
            name="Standard",
            price=Money(490, "EUR"),
            min_days=2,
            max_days=4,
            free_from=Money(5900, "EUR"),
        ),
        ShippingMethod(
            code="express", name="Express", price=Money(1290, "EUR"), min_days=1, max_days=1
        ),
    ),
    gateways=("stripe", "razorpay"),
)

DEFAULT = UNITED_STATES
_MARKETS = {market.code: market for market in (UNITED_STATES, INDIA, GERMANY)}


def all_markets() -> tuple[Market, ...]:
    """Every market, the default first."""
    return tuple(_MARKETS.values())


def find_market(code: str) -> Market | None:
    """The market with this code, whatever its case, or None."""
    return _MARKETS.get(code.strip().upper())
