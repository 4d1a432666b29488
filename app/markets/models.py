"""What a market is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.markets.shipping import ShippingMethod, ShippingZone, zone_for
from app.shared.money import Money

STANDARD = "standard"  # the tax class of what names none, and the fallback of those a market omits


class TaxMode(StrEnum):
    """Whether shelf prices contain the tax."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


class ShippingTax(StrEnum):
    """How shipping is taxed."""

    NONE = "none"
    PROPORTIONAL = "proportional"  # at the rates of the goods, in proportion to their value
    CLASS = "class"  # at the rate of a class of its own


class PriceRounding(StrEnum):
    """How a price that is computed rather than stored is made a price of this market."""

    NONE = "none"
    WHOLE = "whole"
    POINT_95 = ".95"
    POINT_99 = ".99"


@dataclass(frozen=True, kw_only=True, slots=True)
class TaxRule:
    """A tax with its rates in basis points (1900 = 19 %) by tax class, and by region within.

    ``seller_region`` is where the shop is registered: a sale inside it is made of the taxes
    ``inside``, one into another region of those ``outside`` (India: CGST and SGST, or IGST).
    """

    name: str
    mode: TaxMode
    rates: Mapping[str, int]
    regions: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    shipping: ShippingTax = ShippingTax.PROPORTIONAL
    shipping_class: str = STANDARD
    seller_region: str = ""
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()

    @property
    def is_inclusive(self) -> bool:
        """Whether prices contain the tax."""
        return self.mode is TaxMode.INCLUSIVE

    def rate_in(self, region: str, tax_class: str = STANDARD) -> int:
        """The rate of a class in a region (a US state, say), in basis points.

        What a region says goes before what the market says of the class; a class that neither
        names is taxed as the standard one.
        """
        local = self.regions.get(region.strip().upper(), {})
        if tax_class in local:
            return local[tax_class]
        if tax_class != STANDARD and tax_class in self.rates:
            return self.rates[tax_class]
        return local.get(STANDARD, self.rates.get(STANDARD, 0))

    def parts_in(self, region: str) -> tuple[str, ...]:
        """The names of the taxes that a sale into this region is made of; empty for one tax."""
        if not self.seller_region:
            return ()
        return self.inside if region.strip().upper() == self.seller_region else self.outside


@dataclass(frozen=True, kw_only=True, slots=True)
class Market:
    """A place to sell: ISO country code as ``code``, Babel ``locale``, gateways in order.

    The first of ``zones`` is the home zone, whose shipping is offered before an address is known.
    ``version`` counts its changes; a market that is not ``open`` is offered nowhere.
    """

    code: str
    name: str
    currency: str
    locale: str
    countries: tuple[str, ...]
    tax: TaxRule
    zones: tuple[ShippingZone, ...]
    gateways: tuple[str, ...]
    rounding: PriceRounding = PriceRounding.NONE
    open: bool = True
    position: int = 0
    version: int = 1

    @property
    def key(self) -> str:
        """Names the market as it is now: whatever is kept of it goes by this."""
        return f"{self.code}.{self.version}"

    @property
    def shipping(self) -> tuple[ShippingMethod, ...]:
        """The shipping methods of the home zone."""
        return self.zones[0].methods

    def shipping_to(
        self, country: str, region: str = "", postal_code: str = ""
    ) -> tuple[ShippingMethod, ...]:
        """The shipping methods for an address; those of the home zone as long as no country is
        known, none where the market does not deliver."""
        if not country:
            return self.shipping
        zone = zone_for(self.zones, country, region, postal_code)
        return zone.methods if zone else ()

    def shipping_estimate(self, goods: Money, grams: int = 0) -> Money:
        """What shipping costs before anything is chosen: the first method that takes it."""
        prices = (each.price_for(goods, grams=grams) for each in self.shipping)
        return next((each for each in prices if each is not None), Money.zero(self.currency))
