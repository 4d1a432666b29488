"""What the shop offers of the things in a cart, read once for pure rules to decide by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from app.cart.models import Cart, PricedCart
from app.cart.pricing import MoneyText, price_cart
from app.catalog.service import CatalogService
from app.markets.models import Market
from app.shared.errors import Invalid
from app.shared.ids import OrderId, ProductId, Sku


class Stock(Protocol):
    """What the cart asks of the inventory."""

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that can be sold now."""

    def held_by(self, owners: Iterable[str]) -> dict[Sku, int]:
        """Units that these orders hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A variant as far as a cart minds.

    ``prices`` are minor units by market, empty for what has left the range. ``limit`` None is
    unlimited stock.
    """

    sku: Sku
    product_id: ProductId
    title: str
    variant_title: str
    prices: Mapping[str, int]
    limit: int | None

    @property
    def in_range(self) -> bool:
        """Whether it is still sold anywhere."""
        return bool(self.prices)

    def check_sold(self, market: Market) -> None:
        """Raise ``Invalid`` beside ``sku`` unless it is sold in the market."""
        if not self.in_range:
            message = "We do not sell this item (any more)."
        elif market.code not in self.prices:
            message = f"This is not sold in {market.name}."
        else:
            return
        raise Invalid(message, {"sku": message})


class Shelf:
    """Reads catalog and stock for carts. Stock that a cart's own orders hold counts as free."""

    def __init__(self, catalog: CatalogService, stock: Stock, money_text: MoneyText) -> None:
        self._catalog = catalog
        self._stock = stock
        self._money_text = money_text

    def price(self, cart: Cart | None, market: Market) -> PricedCart:
        """The cart with today's prices and stock."""
        skus = [line.sku for line in (*cart.lines, *cart.saved)] if cart else []
        catalogue = self._catalog.get_variants(skus) if skus else {}
        stock = self._stock_for(skus, cart.holders if cart else ())
        return price_cart(cart, market, catalogue, stock, self._money_text)

    def offers(self, skus: Iterable[Sku], holders: Collection[OrderId]) -> dict[Sku, Offer]:
        """Every SKU's offer to a cart with these orders; what is not sold has one as well."""
        wanted = list(dict.fromkeys(skus))
        found = self._catalog.get_variants(wanted) if wanted else {}
        gone = [sku for sku in wanted if sku not in found]
        names = self._catalog.names_of(gone) if gone else {}
        stock = self._stock_for(list(found), holders)
        offers = {sku: _gone(sku, *names.get(sku, ("", ""))) for sku in gone}
        for sku, (product, variant) in found.items():
            offers[sku] = Offer(
                sku=sku,
                product_id=product.id,
                title=product.title,
                variant_title=variant.title,
                prices={code: price.amount.minor for code, price in variant.prices.items()},
                limit=None if variant.sells_when_out else max(stock[sku], 0),
            )
        return offers

    def _stock_for(self, skus: list[Sku], holders: Collection[OrderId]) -> dict[Sku, int]:
        stock = self._stock.available(skus) if skus else {}
        held = self._stock.held_by(holders) if skus and holders else {}
        return {sku: units + held.get(sku, 0) for sku, units in stock.items()}


def _gone(sku: Sku, title: str, variant_title: str) -> Offer:
    return Offer(
        sku=sku,
        product_id=ProductId(""),
        title=title or sku,
        variant_title=variant_title,
        prices={},
        limit=0,
    )
