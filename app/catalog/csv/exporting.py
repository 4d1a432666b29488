"""Writing the catalog as a product CSV that imports back to the same catalog."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Protocol

from slugify import slugify

from app.catalog.csv import columns as c
from app.catalog.csv.bundles import write_bundle
from app.catalog.csv.policies import write_policy
from app.catalog.models import UNCOUNTED, Image, Product, ProductStatus, Variant
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.markets.models import STANDARD, Market
from app.markets.service import MarketService
from app.shared.cells import defuse
from app.shared.files import replaceable
from app.shared.ids import Sku
from app.shared.money import Money

_BASE = (
    c.HANDLE, c.TITLE, c.BODY, c.VENDOR, c.CATEGORY, c.TYPE, c.TAGS, c.PUBLISHED,
    *(name for n in c.OPTION_NUMBERS for name in (c.option_name(n), c.option_value(n))),
    c.SKU, c.GRAMS, c.TRACKER, c.QUANTITY, c.POLICY, c.FULFILMENT, c.PRICE, c.COMPARE_AT,
    c.SHIPPING, c.TAXABLE, c.BARCODE, c.IMAGE, c.IMAGE_POSITION, c.IMAGE_ALT, c.GIFT_CARD,
    c.SEO_TITLE, c.SEO_DESCRIPTION, c.VARIANT_IMAGE, c.WEIGHT_UNIT, c.STATUS, c.BUNDLE,
    c.STOCK_POLICY, c.TAX_CLASS, c.PUBLISHED_AT, c.STOCK_WAS,
)  # fmt: skip


_BATCH = 200  # products whose stock is read at once


class StockCounts(Protocol):
    """What the export asks of the inventory."""

    def on_hand(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units counted on the shelves."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ExportReport:
    """How much was written."""

    products: int
    variants: int


class CsvExport:
    """Writes files."""

    def __init__(self, database: Database, stock: StockCounts, markets: MarketService) -> None:
        self._catalog = CatalogRepository(database)
        self._stock = stock
        self._markets = markets

    def run(self, path: Path, market: Market, progress: Callable[[int, int], None]) -> ExportReport:
        """Write every product; plain prices are those of ``market``.

        The file appears whole or not at all. Raises ``OSError``.
        """
        path = replaceable(path)
        products = list(self._catalog.every_product())
        sheet = self._sheet(market, {name for each in products for name in each.attributes})
        unfinished = path.with_name(f".{path.name}.part")
        with unfinished.open("w", encoding="utf-8", newline="") as file:
            file.write(sheet.head())
            done = 0
            for batch in _batches(products):
                file.write(self._lines(sheet, batch))
                done += len(batch)
                progress(done, len(products))
        unfinished.replace(path)
        return ExportReport(
            products=len(products), variants=sum(len(each.variants) for each in products)
        )

    def stream(self, market: Market, *, status: str = "", category: str = "") -> Iterator[str]:
        """The same file piece by piece, never whole in memory: of all products, or of those with
        a status and in a category."""
        attributes = self._catalog.attribute_names()
        sheet = self._sheet(market, attributes)
        yield sheet.head()
        products = self._catalog.every_product(status=status, category=category)
        for batch in _batches(products):
            yield self._lines(sheet, batch)

    def _sheet(self, market: Market, attributes: Iterable[str]) -> _Sheet:
        return _Sheet(
            market=market,
            others=tuple(each for each in self._markets.every() if each.code != market.code),
            attributes=sorted(attributes),
            categories={each.slug: each.name for each in self._catalog.categories()},
        )

    def _lines(self, sheet: _Sheet, products: Sequence[Product]) -> str:
        return sheet.lines(
            products, self._stock.on_hand(v.sku for each in products for v in each.variants)
        )


class _Sheet:
    """The file's columns, and how its lines are written."""

    def __init__(
        self,
        *,
        market: Market,
        others: Sequence[Market],
        attributes: Sequence[str],
        categories: Mapping[str, str],
    ) -> None:
        self._market = market
        self._others = others
        self._categories = categories
        self._columns = [*_BASE, *_market_columns(others), *map(_attribute_column, attributes)]

    def head(self) -> str:
        """The line that names the columns."""
        return self._written([{name: name for name in self._columns}])

    def lines(self, products: Iterable[Product], stock: Mapping[Sku, int]) -> str:
        """The lines of some products."""
        return self._written(
            row
            for each in products
            for row in _rows(each, self._market, self._others, self._categories, stock)
        )

    def _written(self, rows: Iterable[Mapping[str, str]]) -> str:
        target = StringIO(newline="")
        # A lone carriage return is quoted only where it ends lines. An attribute that has come
        # since the head was written has no column.
        writer = csv.DictWriter(
            target, self._columns, restval="", extrasaction="ignore", lineterminator="\r\n"
        )
        writer.writerows({name: defuse(cell) for name, cell in row.items()} for row in rows)
        return target.getvalue()


def _batches(products: Iterable[Product]) -> Iterator[list[Product]]:
    waiting = iter(products)
    while batch := list(islice(waiting, _BATCH)):
        yield batch


def _market_columns(markets: Sequence[Market]) -> list[str]:
    return [
        column
        for market in markets
        for column in (c.market_price(market.name), c.market_compare_at(market.name))
    ]


def _attribute_column(name: str) -> str:
    return c.attribute_column(name, slugify(name, separator="_") or "x")


def _rows(
    product: Product,
    market: Market,
    others: Sequence[Market],
    categories: Mapping[str, str],
    stock: Mapping[Sku, int],
) -> Iterator[dict[str, str]]:
    """One row per variant, pictures alongside; further rows for further pictures."""
    variants = product.variants
    for place in range(max(len(variants), len(product.images))):
        row = {c.HANDLE: product.slug}
        if place == 0:
            row |= _head(product, categories)
        if place < len(variants):
            row |= _variant(product, variants[place], market, others, stock)
        if place < len(product.images):
            row |= _image(product.images[place], place + 1)
        yield row


def _head(product: Product, categories: Mapping[str, str]) -> dict[str, str]:
    published = product.status is ProductStatus.PUBLISHED
    return {
        c.TITLE: c.write_text(product.title),
        c.BODY: product.description_html,
        c.VENDOR: product.vendor,
        c.CATEGORY: categories.get(product.category, ""),
        c.TYPE: product.type,
        c.TAGS: ", ".join(product.tags),
        c.PUBLISHED: str(published).lower(),
        c.PUBLISHED_AT: product.published_at.isoformat() if product.published_at else "",
        c.GIFT_CARD: str(product.is_gift_card).lower(),
        c.SEO_TITLE: c.write_text(product.seo_title),
        c.SEO_DESCRIPTION: c.write_text(product.seo_description),
        c.BUNDLE: write_bundle(product),
        c.TAX_CLASS: "" if product.tax_class == STANDARD else product.tax_class,
        c.STATUS: {"published": "active"}.get(product.status.value, product.status.value),
        **{_attribute_column(name): value for name, value in product.attributes.items()},
        **_option_names(product),
    }


def _option_names(product: Product) -> dict[str, str]:
    if not product.options:
        return {c.option_name(1): "Title"}
    return {c.option_name(n): option.name for n, option in enumerate(product.options, start=1)}


def _variant(
    product: Product,
    variant: Variant,
    market: Market,
    others: Sequence[Market],
    stock: Mapping[Sku, int],
) -> dict[str, str]:
    values = [variant.options.get(option.name, "") for option in product.options]
    row = {c.option_value(n): value for n, value in enumerate(values or ["Default Title"], start=1)}
    row |= _prices(variant, market.code, c.PRICE, c.COMPARE_AT)
    for other in others:
        row |= _prices(
            variant, other.code, c.market_price(other.name), c.market_compare_at(other.name)
        )
    units = str(stock[variant.sku]) if variant.sku in stock else ""
    return row | {
        c.SKU: c.write_code(variant.sku),
        c.GRAMS: str(variant.weight_grams),
        c.TRACKER: "" if variant.policy == UNCOUNTED else "shopify",
        c.QUANTITY: units,
        c.STOCK_WAS: units,
        c.POLICY: "deny" if variant.policy.below == 0 else "continue",
        c.STOCK_POLICY: write_policy(variant.policy),
        c.FULFILMENT: "manual",
        c.SHIPPING: str(variant.requires_shipping).lower(),
        c.TAXABLE: str(variant.taxable).lower(),
        c.BARCODE: c.write_code(variant.barcode),
        c.VARIANT_IMAGE: variant.image_src,
        c.WEIGHT_UNIT: "g",
    }


def _prices(variant: Variant, market: str, column: str, compare_column: str) -> dict[str, str]:
    price = variant.price_in(market)
    if price is None:
        return {}
    return {
        column: _plain(price.amount),
        compare_column: _plain(price.compare_at) if price.compare_at else "",
    }


def _plain(amount: Money) -> str:
    return f"{amount.to_major():f}"


def _image(image: Image, position: int) -> dict[str, str]:
    return {
        c.IMAGE: image.src,
        c.IMAGE_POSITION: str(position),
        c.IMAGE_ALT: c.write_text(image.alt),
    }
