"""Choosing a variant: pure functions over a product, its stock and the shopper's choice."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from app.catalog.models import Image, PolicyKind, Product, ProductStatus, Variant
from app.catalog.policies import (
    Promise,
    Standing,
    more_text,
    promise_of,
    promise_text,
    sellable_units,
    standing_of,
)
from app.catalog.views import BundleView, OptionChoice, OptionValue
from app.shared.clock import now
from app.shared.ids import Sku
from app.shared.money import Money
from app.shared.texts import Text

MOST_PER_ORDER = 99  # units of one variant in one order
FEW = 5  # from here on down a shopper is told how many are left


def is_sold(product: Product) -> bool:
    """Whether the product is in the shop now."""
    return (
        product.status is ProductStatus.PUBLISHED
        and product.published_at is not None
        and product.published_at <= now()
    )


def can_buy(variant: Variant, market: str, stock: Mapping[Sku, int]) -> bool:
    """Whether the variant is sold in the market and there is something to sell."""
    priced = variant.price_in(market) is not None
    return priced and standing_of(variant, stock) is not Standing.OUT


def choose_variant(
    product: Product, wanted: Mapping[str, str], market: str, stock: Mapping[Sku, int]
) -> Variant | None:
    """The variant for what was chosen so far: one that can be bought if there is one.

    None if no variant has all the chosen values. Choices that the product does not have are
    ignored.
    """
    known = {name: value for name, value in wanted.items() if name in _names(product)}
    fitting = [each for each in product.variants if known.items() <= each.options.items()]
    buyable = [each for each in fitting if can_buy(each, market, stock)]
    priced = [each for each in fitting if each.price_in(market) is not None]
    return next(iter(buyable or priced or fitting), None)


def _names(product: Product) -> set[str]:
    return {option.name for option in product.options}


def option_choices(
    product: Product, chosen: Mapping[str, str], market: str, stock: Mapping[Sku, int]
) -> tuple[OptionChoice, ...]:
    """Every option with its values, each a link that keeps the rest of the choice if it can."""
    return tuple(
        OptionChoice(
            name=option.name,
            values=tuple(
                _option_value(product, chosen, option.name, value, market, stock)
                for value in option.values
            ),
        )
        for option in product.options
    )


def _option_value(
    product: Product,
    chosen: Mapping[str, str],
    name: str,
    value: str,
    market: str,
    stock: Mapping[Sku, int],
) -> OptionValue:
    wanted = {**chosen, name: value}
    fitting = [each for each in product.variants if wanted.items() <= each.options.items()]
    kept = wanted if fitting else {name: value}
    return OptionValue(
        value=value,
        url=variant_url(product, kept),
        selected=chosen.get(name) == value,
        available=any(can_buy(each, market, stock) for each in fitting),
        image=value_image(product, name, value),
    )


def variant_url(product: Product, options: Mapping[str, str]) -> str:
    """The product's page with these options chosen."""
    order = [option.name for option in product.options]
    pairs = [(f"option.{name}", options[name]) for name in order if name in options]
    query = urlencode(pairs, quote_via=quote)
    return f"/products/{quote(product.slug)}" + (f"?{query}" if query else "")


def value_image(product: Product, name: str, value: str) -> Image | None:
    """A picture of this very value, for a swatch."""
    return next((each for each in product.images if each.option_values.get(name) == value), None)


def variant_images(product: Product, variant: Variant | None) -> tuple[Image, ...]:
    """The product's pictures, those of the chosen variant first and those of others last."""
    if variant is None:
        return product.images

    def place(image: Image) -> int:
        if variant.image_src and image.src == variant.image_src:
            return 0
        if not image.option_values:
            return 2
        return 1 if image.option_values.items() <= variant.options.items() else 3

    return tuple(sorted(product.images, key=place))


def saving_percent(amount: Money, compare_at: Money | None) -> int:
    """The saving against the former price, rounded down, in percent."""
    if compare_at is None or compare_at.minor <= 0:
        return 0
    return (compare_at.minor - amount.minor) * 100 // compare_at.minor


def stock_message(
    variant: Variant | None, market: str, stock: Mapping[Sku, int], locale: str
) -> str:
    """What the shopper is told of the stock, and of when it is sent if not at once."""
    if variant is None:
        return Text("Not available in this combination")
    if variant.price_in(market) is None:
        return Text("Not sold in your market")
    policy, there = variant.policy, stock.get(variant.sku, 0)
    standing = standing_of(variant, stock)
    if standing is Standing.IN_STOCK:
        more = policy.kind is PolicyKind.BACK_ORDER and there <= FEW
        text = left_message(None if policy.kind is PolicyKind.UNCOUNTED else there)
        if more and policy.promises:
            return _sentences(text, more_text(promise_of(policy), locale, now()))
        return text
    return waiting_message(
        standing, promise_of(policy), sellable_units(variant, stock), locale=locale
    )


def _sentences(first: str, second: str) -> Text:
    return Text("%(first)s. %(second)s", first=first, second=second)


def waiting_message(
    standing: Standing, promise: Promise, left: int | None, *, locale: str, sets: bool = False
) -> str:
    """What the shopper is told of what is not there, but can be had; ``left`` as
    ``left_message``."""
    if standing is Standing.OUT:
        return Text("Sold out")
    few = left if left is not None and left <= FEW else None
    if standing is Standing.BACK_ORDER and not (promise.days or promise.ships_on):
        if few is None:
            return Text("Available to order")
        return Text("%(left)s, available to order", left=left_message(few, sets=sets))
    head = Text("Pre-order") if standing is Standing.PRE_ORDER else Text("Back-order")
    if few is not None:
        head = Text("%(standing)s, %(left)s", standing=head, left=_left_clause(few, sets=sets))
    return _sentences(head, promise_text(promise, locale, now()))


def left_message(left: int | None, *, sets: bool = False) -> str:
    """The same of so many units, or ``sets`` of a bundle; None is any number."""
    if left is None or left > FEW:
        return Text("In stock")
    if left <= 0:
        return Text("Sold out")
    if sets:
        return Text.counted("Only %(num)s set left", "Only %(num)s sets left", left)
    return Text.counted("Only %(num)s left", "Only %(num)s left", left)


def _left_clause(left: int, *, sets: bool) -> Text:
    """The same within a sentence."""
    if sets:
        return Text.counted("only %(num)s set left", "only %(num)s sets left", left)
    return Text.counted("only %(num)s left", "only %(num)s left", left)


def bundle_message(bundle: BundleView, locale: str) -> str:
    """The same of a bundle in the choice that is shown."""
    if bundle.price is None:
        return Text("Not sold in your market")
    if bundle.promise is None:
        return left_message(bundle.left, sets=True)
    return waiting_message(bundle.standing, bundle.promise, bundle.left, locale=locale, sets=True)
