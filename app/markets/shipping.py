"""Where a market delivers, in which ways, and what each costs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.shared.money import Money
from app.shared.texts import current_language


class ShippingKind(StrEnum):
    """What the price of a method depends on."""

    FLAT = "flat"
    BY_WEIGHT = "by_weight"
    BY_SUBTOTAL = "by_subtotal"
    PICKUP = "pickup"  # the shopper comes: no cost


@dataclass(frozen=True, kw_only=True, slots=True)
class Band:
    """A price up to a weight in grams or a subtotal in minor units, included; None: any."""

    up_to: int | None
    price: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippingMethod:
    """A way to send an order. Days are working days.

    ``price`` is a flat method's; ``bands`` are of one by weight or subtotal, the lowest first.
    Free from ``free_from`` of goods on. ``after_discounts`` says of which goods' value that and
    the bands by subtotal are: what discounts leave of it, else the value before them. ``names``
    are other names by language.
    """

    code: str
    name: str
    min_days: int
    max_days: int
    kind: ShippingKind = ShippingKind.FLAT
    price: Money | None = None
    bands: tuple[Band, ...] = ()
    free_from: Money | None = None
    after_discounts: bool = False
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown_name(self) -> str:
        """Its name for whoever reads now."""
        return self.names.get(current_language()) or self.name

    def price_for(self, goods: Money, *, left: Money | None = None, grams: int = 0) -> Money | None:
        """What this method costs for goods of this value and weight; None if it cannot take them.

        ``left`` is what discounts leave of the value.
        """
        value = left if self.after_discounts and left is not None else goods
        full = self._full_price(value, grams)
        if full is not None and self.free_from is not None and not value < self.free_from:
            return Money.zero(goods.currency)
        return full

    def _full_price(self, value: Money, grams: int) -> Money | None:
        match self.kind:
            case ShippingKind.FLAT:
                return self.price
            case ShippingKind.PICKUP:
                return Money.zero(value.currency)
            case ShippingKind.BY_WEIGHT:
                return self._of_band(grams)
            case ShippingKind.BY_SUBTOTAL:
                return self._of_band(value.minor)

    def _of_band(self, measure: int) -> Money | None:
        fitting = (each for each in self.bands if each.up_to is None or measure <= each.up_to)
        return next((each.price for each in fitting), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippingZone:
    """Addresses that are delivered to in the same ways: countries, in them perhaps only some
    ``regions`` (codes) or postal codes that begin in one of some ways."""

    code: str
    name: str
    countries: tuple[str, ...]
    methods: tuple[ShippingMethod, ...]
    regions: tuple[str, ...] = ()
    postal_prefixes: tuple[str, ...] = ()


def zone_for(
    zones: Iterable[ShippingZone], country: str, region: str, postal_code: str
) -> ShippingZone | None:
    """The zone of an address, None if it is in no zone.

    The longest postal prefix goes before a region, that before a whole country; among equals the
    first in order.
    """
    best: tuple[int, ShippingZone] | None = None
    for zone in zones:
        fit = _fit(zone, country, region.strip().upper(), _plain(postal_code))
        if fit is not None and (best is None or fit > best[0]):
            best = (fit, zone)
    return best[1] if best else None


def _plain(postal_code: str) -> str:
    return re.sub(r"[^0-9A-Z]", "", postal_code.upper())


def _fit(zone: ShippingZone, country: str, region: str, postal_code: str) -> int | None:
    if country not in zone.countries or (zone.regions and region not in zone.regions):
        return None
    fit = 1 if zone.regions else 0
    if zone.postal_prefixes:
        lengths = [
            len(plain) for each in zone.postal_prefixes
            if postal_code.startswith(plain := _plain(each))
        ]  # fmt: skip
        if not lengths:
            return None
        fit += 2 * max(lengths)
    return fit
