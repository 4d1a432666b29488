"""What a market is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.shared.money import Money


class TaxMode(StrEnum):
    """Whether shelf prices contain the tax."""

    INCLUSIVE = "inclusive"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, kw_only=True, slots=True)
class TaxRule:
    """A tax with its ``rate`` in basis points (1900 = 19 %), by region where there is one."""

    name: str
    mode: TaxMode
    rate: int
    regions: tuple[tuple[str, int], ...] = ()

    def rate_in(self, region: str) -> int:
        """The rate for a region code (a US state, say), in basis points."""
        return dict(self.regions).get(region.strip().upper(), self.rate)


@dataclass(frozen=True, kw_only=True, slots=True)
class ShippingMethod:
    """A way to send an order. Free from ``free_from`` of goods on; days are working days."""

    code: str
    name: str
    price: Money
    min_days: int
    max_days: int
    free_from: Money | None = None

    def price_for(self, goods: Money) -> Money:
        """What this method costs for goods of this value."""
        if self.free_from is not None and not goods < self.free_from:
            return Money.zero(goods.currency)
        return self.price


@dataclass(frozen=True, kw_only=True, slots=True)
class Market:
    """A place to sell: ISO country code as ``code``, Babel ``locale``, gateways in order."""

    code: str
    name: str
    currency: str
    locale: str
    countries: tuple[str, ...]
    tax: TaxRule
    shipping: tuple[ShippingMethod, ...]
    gateways: tuple[str, ...]

    def shipping_method(self, code: str) -> ShippingMethod | None:
        """The shipping method with this code, or None."""
        return next((method for method in self.shipping if method.code == code), None)
