"""One change of many products: all of it or nothing for each, and each tells how it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

from app.catalog.bundles import RoundingOf
from app.catalog.editing import Edit, ProductEditing, Saved
from app.catalog.models import Price, Product, ProductStatus, Variant
from app.markets.models import Market
from app.markets.rounding import round_price
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid, ShopError
from app.shared.ids import ProductId, Sku
from app.shared.money import Money
from app.shared.texts import Text

_MOST_MINOR = 10**12  # as in the form of a product's variants


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """What became of one product: changed, or why not; neither if there was nothing to do."""

    product_id: ProductId
    title: str
    saved: Saved | None = None
    problem: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceStep:
    """A change of prices in one market: by a share of them, or by an amount (minor units)."""

    market: Market
    percent: Decimal | None = None
    amount: Money | None = None


class BulkEditing:
    """Changes products one by one, each in a transaction of its own."""

    def __init__(self, editing: ProductEditing, rounding_of: RoundingOf) -> None:
        self._editing = editing
        self._rounding_of = rounding_of

    def apply(self, ids: Iterable[ProductId], edit: Edit) -> list[Result]:
        """Change each product; in the order given."""
        known = {each.id: each.title for each in self._editing.several(ids)}
        return [self._apply(product_id, title, edit) for product_id, title in known.items()]

    def _apply(self, product_id: ProductId, title: str, edit: Edit) -> Result:
        try:
            saved = self._editing.change(product_id, edit)
        except ShopError as refusal:
            return Result(product_id=product_id, title=title, problem=refusal.message)
        return Result(product_id=product_id, title=title, saved=saved if saved.is_changed else None)

    def preview(self, ids: Iterable[ProductId], step: PriceStep) -> list[tuple[Product, Prices]]:
        """What each product's variants would cost instead. ``Prices`` says why where they cannot
        be changed."""
        return [(each, self._new_prices(each, step)) for each in self._editing.several(ids)]

    def change_prices(self, revisions: Mapping[ProductId, int], step: PriceStep) -> list[Result]:
        """Change prices of products that are still as they were when the change was previewed."""

        def edit(product: Product) -> Product:
            if revisions[product.id] != product.revision:
                raise Conflict(Text("It was changed since you looked at it."))
            prices = self._new_prices(product, step)
            if prices.problem:
                raise Invalid(prices.problem)
            return with_prices_in(product, step.market.code, prices.after)

        return self.apply(revisions, edit)

    def _new_prices(self, product: Product, step: PriceStep) -> Prices:
        code = step.market.code
        before = {
            each.sku: price.amount
            for each in product.variants
            if (price := each.price_in(code)) is not None
        }
        if product.is_bundle:
            return Prices(before=before, problem=Text("A set costs what its own pricing says."))
        if not before:
            return Prices(before=before, problem=Text("It is not sold in this market."))
        after = {sku: self._stepped(amount, step) for sku, amount in before.items()}
        if any(amount.minor <= 0 for amount in after.values()):
            return Prices(before=before, problem=Text("It would cost nothing, or less."))
        if any(amount.minor >= _MOST_MINOR for amount in after.values()):
            message = Text("A price is not below nothing, nor that high.")
            return Prices(before=before, problem=message)
        return Prices(before=before, after=after)

    def _stepped(self, amount: Money, step: PriceStep) -> Money:
        if step.amount is not None:
            return amount + step.amount
        share = 100 + (step.percent or Decimal(0))
        exact = (Decimal(amount.minor) * share / 100).quantize(Decimal(1), ROUND_HALF_UP)
        return round_price(Money(int(exact), amount.currency), self._rounding_of(step.market.code))


@dataclass(frozen=True, kw_only=True, slots=True)
class Prices:
    """Prices by SKU, before and after a change that may be impossible."""

    before: Mapping[Sku, Money]
    after: Mapping[Sku, Money] | None = None
    problem: str = ""


def with_prices_in(product: Product, market: str, prices: Mapping[Sku, Money] | None) -> Product:
    """The product with other prices in a market; what it cost formerly stays."""

    def changed(variant: Variant) -> Variant:
        known = variant.price_in(market)
        if known is None or not prices or variant.sku not in prices:
            return variant
        price = Price(amount=prices[variant.sku], compare_at=known.compare_at)
        return replace(variant, prices={**variant.prices, market: price})

    return replace(product, variants=tuple(map(changed, product.variants)))


def with_status(status: ProductStatus) -> Edit:
    """Publish, archive, or take back to the drawing board; what waits for its day and is
    published comes now."""

    def edit(product: Product) -> Product:
        moment = product.published_at
        if status is ProductStatus.PUBLISHED and (moment is None or moment > now()):
            moment = now()
        return replace(product, status=status, published_at=moment)

    return edit


def with_tag(tag: str) -> Edit:
    """Add a tag."""
    return lambda product: replace(product, tags=tuple(dict.fromkeys((*product.tags, tag))))


def without_tag(tag: str) -> Edit:
    """Take a tag away, whatever its case."""
    return lambda product: replace(
        product, tags=tuple(each for each in product.tags if each.casefold() != tag.casefold())
    )


def in_category(slug: str) -> Edit:
    """Put on another shelf."""
    return lambda product: replace(product, category=slug)


def by_vendor(vendor: str) -> Edit:
    """Have another vendor."""
    return lambda product: replace(product, vendor=vendor)


def problems_of(results: Sequence[Result]) -> list[Result]:
    """Those that could not be changed."""
    return [each for each in results if each.problem]
