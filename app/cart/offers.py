"""What the shop offers of the things in a cart, read once for pure rules to decide by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from app.cart.allotting import room_beside, units_in
from app.cart.models import Cart, CartLine, Goods, PricedCart
from app.cart.pricing import MoneyText, price_cart
from app.cart.rules import check_stock
from app.catalog.bundles import (
    Catalogue,
    RoundingOf,
    choice_title,
    choose,
    is_choice,
    limited_stock,
    markets_of,
    price_of,
)
from app.catalog.models import Choice, Product, Variant
from app.catalog.service import CatalogService
from app.markets.models import Market
from app.shared.errors import Invalid
from app.shared.ids import OrderId, ProductId, Sku
from app.shared.texts import Text


class Stock(Protocol):
    """What the cart asks of the inventory."""

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that can be sold now."""

    def held_by(self, owners: Iterable[str]) -> dict[Sku, int]:
        """Units that these orders hold."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """A variant, or a bundle in one choice, as far as a cart minds.

    ``prices`` are minor units by market, empty for what has left the range. ``stock`` has the
    units of each SKU in it that are limited.
    """

    sku: Sku
    product_id: ProductId
    title: str
    variant_title: str
    prices: Mapping[str, int]
    stock: Mapping[Sku, int] = field(default_factory=dict)
    parts: Choice = ()

    @property
    def goods(self) -> Goods:
        """What is offered."""
        return self.sku, self.parts

    @property
    def in_range(self) -> bool:
        """Whether it is still sold anywhere."""
        return bool(self.prices)

    @property
    def limit(self) -> int | None:
        """How many there could be in an order of nothing else; None is any number."""
        return self.limit_beside(())

    def limit_beside(self, others: Iterable[CartLine]) -> int | None:
        """How many there can be beside other lines, which may need the same stock."""
        return room_beside(units_in(self.goods), self.stock, others)

    def check_room(self, more: int, already: int, others: Iterable[CartLine]) -> None:
        """Raise ``Invalid`` beside ``quantity`` unless so many more can be beside other lines."""
        limit = self.limit_beside(others)
        sets, elsewhere = bool(self.parts), bool(self.limit)
        check_stock(more, already, limit, sets=sets, elsewhere=elsewhere)

    def check_sold(self, market: Market) -> None:
        """Raise ``Invalid`` beside ``sku`` unless it is sold in the market."""
        if not self.in_range:
            message = Text("We do not sell this item (any more).")
        elif market.code not in self.prices:
            message = Text("This is not sold in %(market)s.", market=market.name)
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
        skus = [sku for line in (*cart.lines, *cart.saved) for sku in line.skus] if cart else []
        found = self._catalog.get_variants(skus) if skus else {}
        stock = self._stock_of(found, cart.holders if cart else ())
        return price_cart(cart, market, found, stock, self._money_text)

    def offers(self, goods: Iterable[Goods], holders: Collection[OrderId]) -> dict[Goods, Offer]:
        """All goods' offers to a cart with these orders; what is not sold has one as well."""
        wanted = list(dict.fromkeys(goods))
        skus = [each for sku, parts in wanted for each in (sku, *(part.sku for part in parts))]
        found = self._catalog.get_variants(skus) if skus else {}
        return self._make(wanted, found, holders)

    def offer(self, sku: Sku, chosen: Mapping[int, str], holders: Collection[OrderId]) -> Offer:
        """A SKU's offer; of a bundle with the parts ``chosen`` by position, see ``choose``.

        Raises ``Invalid`` beside ``part.<position>``.
        """
        found = dict(self._catalog.get_variants([sku]))
        parts: Choice = ()
        if sku in found:
            parts = choose(found[sku][0], chosen)
            if parts:
                found |= self._catalog.get_variants(part.sku for part in parts)
        return self._make([(sku, parts)], found, holders)[sku, parts]

    def _make(
        self, wanted: list[Goods], found: Catalogue, holders: Collection[OrderId]
    ) -> dict[Goods, Offer]:
        gone = [sku for sku, _ in wanted if sku not in found]
        names = self._catalog.names_of(gone) if gone else {}
        stock = limited_stock(self._stock_of(found, holders), found)
        offers = {}
        for sku, parts in wanted:
            if sku in found:
                offers[sku, parts] = _offer(
                    *found[sku], parts, found, stock, self._catalog.rounding_of
                )
            else:
                offers[sku, parts] = _gone(sku, parts, *names.get(sku, ("", "")))
        return offers

    def _stock_of(self, found: Catalogue, holders: Collection[OrderId]) -> dict[Sku, int]:
        """Units of everything that has stock of its own, which bundles have not."""
        skus = [sku for sku, (product, _) in found.items() if not product.is_bundle]
        stock = self._stock.available(skus) if skus else {}
        held = self._stock.held_by(holders) if skus and holders else {}
        return {sku: units + held.get(sku, 0) for sku, units in stock.items()}


def _offer(
    product: Product,
    variant: Variant,
    parts: Choice,
    found: Catalogue,
    stock: Mapping[Sku, int],
    rounding_of: RoundingOf,
) -> Offer:
    prices = {}
    if is_choice(product, parts):
        codes = variant.prices if not parts else markets_of(parts, found)
        for code in codes:
            price = (
                price_of(product, parts, found, code, rounding_of(code))
                if parts
                else variant.prices[code]
            )
            if price is not None:
                prices[code] = price.amount.minor
    return Offer(
        sku=variant.sku,
        product_id=product.id,
        title=product.title,
        variant_title=choice_title(parts, found) if parts else variant.title,
        prices=prices,
        stock={sku: stock[sku] for sku in units_in((variant.sku, parts)) if sku in stock},
        parts=parts,
    )


def _gone(sku: Sku, parts: Choice, title: str, variant_title: str) -> Offer:
    return Offer(
        sku=sku,
        product_id=ProductId(""),
        title=title or sku,
        variant_title=variant_title,
        prices={},
        stock=dict.fromkeys(units_in((sku, parts)), 0),
        parts=parts,
    )
