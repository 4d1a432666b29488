"""Carts that nobody has, to see what promotions do with them."""

from __future__ import annotations

from collections.abc import Mapping

from app.catalog.service import CatalogService
from app.markets.models import Market
from app.promotions.models import Item
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.texts import Text


class TrialItems:
    """Lines of today's catalog."""

    def __init__(self, catalog: CatalogService) -> None:
        self._catalog = catalog

    def items(self, units: Mapping[Sku, int], market: Market) -> tuple[Item, ...]:
        """A line for each SKU at its price in the market. Raises ``Invalid`` beside
        ``trial_lines`` for what is not sold there, and for gift cards, which nothing makes
        cheaper."""
        found = self._catalog.get_variants(units)
        items, missing = [], []
        for sku, quantity in units.items():
            product, variant = found.get(sku, (None, None))
            price = variant.price_in(market.code) if variant else None
            if product is None or variant is None or price is None or product.is_gift_card:
                missing.append(sku)
                continue
            items.append(
                Item(
                    key=sku,
                    sku=sku,
                    product_id=product.id,
                    slug=product.slug,
                    quantity=quantity,
                    unit_price=price.amount.minor,
                    vendor=product.vendor,
                    type=product.type,
                    tags=product.tags,
                    weight_grams=variant.weight_grams,
                )
            )
        if missing:
            message = Text(
                "Not sold in %(market)s: %(skus)s.", market=market.name, skus=", ".join(missing)
            )
            raise Invalid(message, {"trial_lines": message})
        return tuple(items)
