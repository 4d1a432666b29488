"""Products as cards of a grid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pyroaring import BitMap

from app.catalog.models import Image, PolicyKind, Price, Product
from app.catalog.readmodel.rows import Row
from app.catalog.views import CardRef, ProductCard
from app.shared.money import Money


def refer(
    rows: Iterable[Row], buyable: BitMap, wanted: Sequence[tuple[str, str]] = ()
) -> tuple[CardRef, ...]:
    """Cards for these rows, not made yet; ``buyable`` are those that the market can buy."""
    return tuple(
        CardRef(
            product_id=row.id,
            slug=row.slug,
            revision=row.revision,
            in_stock=row.number in buyable,
            is_new=row.is_new,
            is_bundle=row.is_bundle,
            wanted=tuple(wanted),
        )
        for row in rows
    )


def make_card(product: Product, ref: CardRef, market: str) -> ProductCard | None:
    """The card, or None where the product has no price."""
    prices = [price for each in product.variants if (price := each.price_in(market))]
    if not prices:
        return None
    lowest = min(prices, key=lambda price: price.amount.minor)
    return ProductCard(
        product_id=product.id,
        slug=product.slug,
        title=product.title,
        vendor=product.vendor,
        image=_fitting_image(product, ref.wanted),
        price=lowest.amount,
        compare_at=shown_compare_at(lowest),
        price_varies=len({price.amount.minor for price in prices}) > 1,
        in_stock=ref.in_stock,
        is_new=ref.is_new,
        is_bundle=ref.is_bundle,
        option_count=len(product.variants),
        is_pre_order=all(
            each.policy.kind is PolicyKind.PRE_ORDER
            for each in product.variants
            if each.price_in(market)
        ),
        ratings=product.ratings,
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
