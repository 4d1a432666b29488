"""A stored cart seen with today's products, prices and stock."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from app.cart.models import Cart, CartLine, PricedCart, PricedLine, SavedLine
from app.cart.rules import MAX_QUANTITY
from app.catalog.models import Image, Product, Variant
from app.catalog.rules import can_buy, stock_message
from app.markets.models import Market
from app.shared.ids import Sku
from app.shared.money import Money, total

Catalogue = Mapping[Sku, tuple[Product, Variant]]
MoneyText = Callable[[Money, str], str]


def price_cart(
    cart: Cart | None,
    market: Market,
    catalogue: Catalogue,
    stock: Mapping[Sku, int],
    money_text: MoneyText,
) -> PricedCart:
    """Price every line in ``market``. A line that cannot be sold stays, with the reason."""
    lines = tuple(
        _price_line(line, market, catalogue.get(line.sku), stock.get(line.sku, 0), money_text)
        for line in (cart.lines if cart else ())
    )
    return PricedCart(
        id=cart.id if cart else None,
        version=cart.version if cart else 0,
        market=market.code,
        currency=market.currency,
        lines=lines,
        subtotal=total((line.total for line in lines if line.sellable), market.currency),
        count=sum(line.quantity for line in lines),
        saved=tuple(
            _price_saved(line, market, catalogue.get(line.sku), stock)
            for line in (cart.saved if cart else ())
        ),
    )


def _price_line(
    line: CartLine,
    market: Market,
    found: tuple[Product, Variant] | None,
    available: int,
    money_text: MoneyText,
) -> PricedLine:
    if found is None:
        return _gone(line, market)
    product, variant = found
    price = variant.price_in(market.code)
    limit = MAX_QUANTITY if variant.sells_when_out else max(min(available, MAX_QUANTITY), 0)
    amount = price.amount if price else Money.zero(market.currency)
    problem = _problem(line, price is not None, limit)
    return PricedLine(
        id=line.id,
        sku=line.sku,
        product_id=line.product_id,
        slug=product.slug,
        title=product.title,
        variant_title=variant.title,
        image=_image(product, variant),
        quantity=line.quantity,
        unit_price=amount,
        compare_at=price.compare_at if price else None,
        total=amount * line.quantity,
        max_quantity=limit,
        stock_limited=not variant.sells_when_out,
        weight_grams=variant.weight_grams,
        taxable=variant.taxable,
        notice=problem or _price_change(line, market, amount, money_text),
        sellable=not problem,
        vendor=product.vendor,
        type=product.type,
        tags=product.tags,
    )


def _price_saved(
    line: CartLine,
    market: Market,
    found: tuple[Product, Variant] | None,
    stock: Mapping[Sku, int],
) -> SavedLine:
    product, variant = found or (None, None)
    price = variant.price_in(market.code) if variant else None
    return SavedLine(
        id=line.id,
        slug=product.slug if product else "",
        title=product.title if product else "No longer available",
        variant_title=variant.title if variant else line.sku,
        image=_image(product, variant) if product and variant else None,
        quantity=line.quantity,
        unit_price=price.amount if price else None,
        stock_text=(
            stock_message(variant, market.code, stock) if variant else "This has left our range."
        ),
        can_move=variant is not None and can_buy(variant, market.code, stock),
    )


def _problem(line: CartLine, priced: bool, limit: int) -> str:
    if not priced:
        return "This is not sold in your market."
    if limit == 0:
        return "Sold out since you added it. Please remove it to check out."
    if line.quantity > limit:
        return f"Only {limit} left. Please lower the quantity."
    return ""


def _price_change(line: CartLine, market: Market, amount: Money, money_text: MoneyText) -> str:
    seen = line.seen_prices.get(market.code)
    if seen is None or seen == amount.minor:
        return ""
    before = money_text(Money(seen, market.currency), market.locale)
    after = money_text(amount, market.locale)
    return f"The price changed from {before} to {after} since you added it."


def _gone(line: CartLine, market: Market) -> PricedLine:
    zero = Money.zero(market.currency)
    return PricedLine(
        id=line.id,
        sku=line.sku,
        product_id=line.product_id,
        slug="",
        title="No longer available",
        variant_title=line.sku,
        image=None,
        quantity=line.quantity,
        unit_price=zero,
        compare_at=None,
        total=zero,
        max_quantity=0,
        stock_limited=True,
        weight_grams=0,
        taxable=False,
        notice="This has left our range. Please remove it to check out.",
        sellable=False,
    )


def _image(product: Product, variant: Variant) -> Image | None:
    by_source = {image.src: image for image in product.images}
    if variant.image_src in by_source:
        return by_source[variant.image_src]
    for image in product.images:
        if image.option_values and image.option_values.items() <= variant.options.items():
            return image
    return product.images[0] if product.images else None
