"""The markets a shop starts with, until it says otherwise."""

from __future__ import annotations

from app.markets.models import Market, ShippingTax, TaxMode, TaxRule
from app.markets.shipping import ShippingMethod, ShippingZone
from app.shared.money import Money
from app.shared.texts import Text


def _zone(country: str, name: str, *methods: ShippingMethod) -> ShippingZone:
    return ShippingZone(code="home", name=name, countries=(country,), methods=methods)


def _standard(price: Money, free_from: Money, days: tuple[int, int]) -> ShippingMethod:
    return ShippingMethod(
        code="standard",
        name="Standard",
        price=price,
        min_days=days[0],
        max_days=days[1],
        free_from=free_from,
    )


def _express(price: Money, days: tuple[int, int]) -> ShippingMethod:
    return ShippingMethod(
        code="express", name="Express", price=price, min_days=days[0], max_days=days[1]
    )


UNITED_STATES = Market(
    code="US",
    name=Text("United States"),
    currency="USD",
    locale="en_US",
    countries=("US",),
    # Combined state rates are the shop's own choice where it has nexus; other states are not
    # taxed, and these four tax no groceries, which is what the reduced class is of.
    tax=TaxRule(
        name=Text("Sales tax"),
        mode=TaxMode.EXCLUSIVE,
        rates={"standard": 0, "reduced": 0, "zero": 0},
        regions={
            "CA": {"standard": 725},
            "NY": {"standard": 400},
            "TX": {"standard": 625},
            "WA": {"standard": 650},
        },
        shipping=ShippingTax.NONE,
    ),
    zones=(
        _zone(
            "US",
            "United States",
            _standard(Money(600, "USD"), Money(7500, "USD"), (3, 5)),
            _express(Money(1500, "USD"), (1, 2)),
        ),
    ),
    gateways=("stripe", "razorpay"),
    position=0,
)

INDIA = Market(
    code="IN",
    name=Text("India"),
    currency="INR",
    locale="en_IN",
    countries=("IN",),
    tax=TaxRule(
        name=Text("GST"),
        mode=TaxMode.INCLUSIVE,
        rates={"standard": 1800, "reduced": 500, "zero": 0},
        inside=("CGST", "SGST"),
        outside=("IGST",),
    ),
    zones=(
        _zone(
            "IN",
            "India",
            _standard(Money(9900, "INR"), Money(199900, "INR"), (3, 6)),
            _express(Money(24900, "INR"), (1, 2)),
        ),
    ),
    gateways=("razorpay", "stripe"),
    position=1,
)

GERMANY = Market(
    code="DE",
    name=Text("Germany"),
    currency="EUR",
    locale="de_DE",
    countries=("DE",),
    tax=TaxRule(
        name=Text("VAT"),
        mode=TaxMode.INCLUSIVE,
        rates={"standard": 1900, "reduced": 700, "zero": 0},
    ),
    zones=(
        _zone(
            "DE",
            "Germany",
            _standard(Money(490, "EUR"), Money(5900, "EUR"), (2, 4)),
            _express(Money(1290, "EUR"), (1, 1)),
        ),
    ),
    gateways=("stripe", "razorpay"),
    position=2,
)

STARTING = (UNITED_STATES, INDIA, GERMANY)
