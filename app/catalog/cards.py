"""Products as cards of a grid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from app.catalog.models import Image, Price, Product
from app.catalog.readmodel.rows import Row
from app.catalog.views import ProductCard
from app.shared.ids import ProductId
from app.shared.money import Money


def make_cards(
    rows: Iterable[Row],
    products: Mapping[ProductId, Product],
    market: str,
    wanted: Sequence[tuple[str, str]] = (),
) -> tuple[ProductCard, ...]:
    """A card for each row whose product is sold in the market.

    ``wanted`` are the options filtered for: a card shows the picture of such a variant first.
    """
    pairs = ((row, products.get(row.id)) for row in rows)
    cards = (make_card(product, row, market, wanted) for row, product in pairs if product)
    return tuple(card for card in cards if card)


def make_card(
    product: Product, row: Row, market: str, wanted: Sequence[tuple[str, str]] = ()
) -> ProductCard | None:
    """The card, or None where the product has no price."""
    prices = [price for each in product.variants if (price := each.price_in(market))]
    if not prices:
        return None
    lowest = min(prices, key=lambda price: price.amount.minor)
    single = product.variants[0].sku if len(product.variants) == 1 and not row.is_bundle else ""
    return ProductCard(
        product_id=product.id,
        slug=product.slug,
        title=product.title,
        vendor=product.vendor,
        image=_fitting_image(product, wanted),
        price=lowest.amount,
        compare_at=shown_compare_at(lowest),
        price_varies=len({price.amount.minor for price in prices}) > 1,
        in_stock=row.in_stock,
        is_new=row.is_new,
        is_bundle=row.is_bundle,
        option_count=len(product.variants),
        single_sku=single,
    )


def _fitting_image(product: Product, wanted: Sequence[tuple[str, str]]) -> Image | None:
    for image in product.images:
        if any(image.option_values.get(name) == value for name, value in wanted):
            return image
    return product.images[0] if product.images else None


def shown_compare_at(price: Price) -> Money | None:
    """The former price if it was higher, which alone makes an offer."""
    if price.compare_at is not None and price.amount < price.compare_at:
        return price.compare_at
    return None
