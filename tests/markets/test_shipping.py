"""Which zone an address is in, and what its methods cost."""

from __future__ import annotations

import pytest

from app.markets.shipping import Band, ShippingKind, ShippingMethod, ShippingZone, zone_for
from app.shared.money import Money
from tests.support.markets import JAPAN

_METHOD = ShippingMethod(code="m", name="M", min_days=1, max_days=1, price=Money(100, "USD"))


def _zone(code: str, **more: tuple[str, ...]) -> ShippingZone:
    return ShippingZone(**{"code": code, "name": code, "countries": ("US",), "methods": (_METHOD,), **more})  # fmt: skip


ZONES = (
    _zone("home"),
    _zone("west", regions=("CA", "WA")),
    _zone("city", postal_prefixes=("941", "9410")),
    _zone("block", postal_prefixes=("94103",)),
    _zone("north", countries=("CA",)),
)


@pytest.mark.parametrize(
    ("country", "region", "postal_code", "zone"),
    [
        ("US", "", "", "home"),
        ("US", "NY", "10001", "home"),
        ("US", "CA", "90001", "west"),
        ("US", "ca", "", "west"),
        ("US", "CA", "94110", "city"),  # a postal code goes before a region
        ("US", "CA", "94103-1234", "block"),  # the longer beginning before the shorter
        ("CA", "CA", "94103", "north"),
        ("FR", "", "75001", None),
    ],
)
def test_the_narrowest_zone_counts(
    country: str, region: str, postal_code: str, zone: str | None
) -> None:
    found = zone_for(ZONES, country, region, postal_code)
    assert (found.code if found else None) == zone


def test_letters_and_spaces_of_a_postal_code_do_not_matter() -> None:
    scotland = (_zone("isles", countries=("GB",), postal_prefixes=("HS", "ze")),)
    assert zone_for(scotland, "GB", "", "ze2 9ab") is not None
    assert zone_for(scotland, "GB", "", "EH1 1AA") is None


def test_before_an_address_is_known_the_home_zone_is_shown() -> None:
    assert JAPAN.shipping_to("") == JAPAN.shipping == JAPAN.zones[0].methods
    assert JAPAN.shipping_to("KR") == ()


def _yen(minor: int) -> Money:
    return Money(minor, "JPY")


@pytest.mark.parametrize(
    ("kind", "goods", "grams", "price"),
    [
        (ShippingKind.BY_WEIGHT, 100, 0, 10),
        (ShippingKind.BY_WEIGHT, 100, 500, 10),
        (ShippingKind.BY_WEIGHT, 100, 501, 20),
        (ShippingKind.BY_WEIGHT, 100, 1001, None),
        (ShippingKind.BY_SUBTOTAL, 500, 9999, 10),
        (ShippingKind.BY_SUBTOTAL, 1000, 0, 20),
        (ShippingKind.BY_SUBTOTAL, 1001, 0, None),
    ],
)
def test_a_band_has_its_price_and_beyond_the_last_there_is_none(
    kind: ShippingKind, goods: int, grams: int, price: int | None
) -> None:
    bands = (Band(up_to=500, price=_yen(10)), Band(up_to=1000, price=_yen(20)))
    method = ShippingMethod(code="b", name="B", min_days=1, max_days=1, kind=kind, bands=bands)
    found = method.price_for(_yen(goods), grams=grams)
    assert found == (None if price is None else _yen(price))


def test_what_is_too_heavy_is_not_free_either() -> None:
    method = ShippingMethod(
        code="b", name="B", min_days=1, max_days=1, kind=ShippingKind.BY_WEIGHT,
        bands=(Band(up_to=500, price=_yen(10)),), free_from=_yen(100),
    )  # fmt: skip
    assert method.price_for(_yen(100), grams=500) == _yen(0)
    assert method.price_for(_yen(100), grams=501) is None
