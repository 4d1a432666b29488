"""Markets for tests: those a shop starts with by code, and others."""

from __future__ import annotations

from dataclasses import replace

from app.markets.models import Market, ShippingTax, TaxMode, TaxRule
from app.markets.shipping import Band, ShippingKind, ShippingMethod, ShippingZone
from app.markets.starting import INDIA, STARTING, UNITED_STATES
from app.shared.money import Money

BY_CODE = {market.code: market for market in STARTING}


def find_market(code: str) -> Market | None:
    """The market a shop starts with that has this code, or None."""
    return BY_CODE.get(code)


def _flat(code: str, price: Money, **more: object) -> ShippingMethod:
    fields = {"code": code, "name": code.capitalize(), "min_days": 1, "max_days": 3, "price": price}
    return ShippingMethod(**{**fields, **more})


def _banded(code: str, kind: ShippingKind, *bands: Band) -> ShippingMethod:
    return ShippingMethod(
        code=code, name=code.capitalize(), min_days=1, max_days=3, kind=kind, bands=bands
    )


def _yen(minor: int) -> Money:
    return Money(minor, "JPY")


def _dinar(minor: int) -> Money:
    return Money(minor, "KWD")


JAPAN = Market(
    code="JP",
    name="Japan",
    currency="JPY",
    locale="ja_JP",
    countries=("JP",),
    tax=TaxRule(
        name="JCT", mode=TaxMode.INCLUSIVE, rates={"standard": 1000, "reduced": 800, "zero": 0}
    ),
    zones=(
        ShippingZone(
            code="home",
            name="Main islands",
            countries=("JP",),
            methods=(
                _flat("standard", _yen(500), free_from=_yen(5000), after_discounts=True),
                _banded(
                    "parcel",
                    ShippingKind.BY_WEIGHT,
                    Band(up_to=1000, price=_yen(800)),
                    Band(up_to=5000, price=_yen(1200)),
                ),
                ShippingMethod(
                    code="pickup", name="Pick-up", min_days=0, max_days=1, kind=ShippingKind.PICKUP
                ),
            ),
        ),
        ShippingZone(
            code="okinawa",
            name="Okinawa",
            countries=("JP",),
            regions=("47",),
            methods=(_flat("standard", _yen(1500)),),
        ),
    ),
    gateways=("stripe", "razorpay"),
    position=3,
)

KUWAIT = Market(
    code="KW",
    name="Kuwait",
    currency="KWD",
    locale="en",
    countries=("KW",),
    tax=TaxRule(
        name="VAT",
        mode=TaxMode.EXCLUSIVE,
        rates={"standard": 500, "zero": 0},
        shipping=ShippingTax.CLASS,
    ),
    zones=(
        ShippingZone(
            code="home",
            name="Kuwait",
            countries=("KW",),
            methods=(
                _flat("standard", _dinar(1500)),
                _banded(
                    "value",
                    ShippingKind.BY_SUBTOTAL,
                    Band(up_to=10_000, price=_dinar(2000)),
                    Band(up_to=None, price=_dinar(1000)),
                ),
            ),
        ),
    ),
    gateways=("stripe", "razorpay"),
    position=4,
)

KARNATAKA = replace(INDIA, tax=replace(INDIA.tax, seller_region="KA"))
TAXED_SHIPPING = replace(UNITED_STATES, tax=replace(UNITED_STATES.tax, shipping=ShippingTax.CLASS))
TRIED = {
    **BY_CODE,
    "JP": JAPAN,
    "KW": KUWAIT,
    "IN+KA": KARNATAKA,
    "US+": TAXED_SHIPPING,
}
