"""From rows to a product: exact prices, clean HTML, a message for every bad row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from slugify import slugify

from app.catalog.csv import columns as c
from app.catalog.csv import values
from app.catalog.csv.bundles import Composition, read_bundle
from app.catalog.csv.categories import category_names
from app.catalog.csv.parsed import BadRow, ManyBadRows, ParsedProduct
from app.catalog.csv.reading import RawProduct, RawRow
from app.catalog.models import Price, Variant
from app.markets.models import Market
from app.shared.ids import Sku
from app.shared.markup import clean_html

_HANDLE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST = {c.TITLE: 255, c.VENDOR: 255, c.TYPE: 255, c.SKU: 120, c.HANDLE: 255}
_MOST_VARIANTS = 2048  # of a product, as at Shopify
_DEFAULT = "Default Title"  # Shopify's name for "nothing to choose"


class Parser:
    """Parses products whose plain prices are those of ``market``; other markets by column."""

    def __init__(self, market: Market, others: Sequence[Market], columns: Sequence[str]) -> None:
        self._market = market
        self._columns = frozenset(columns)
        self._currencies = {each.code: each.currency for each in (market, *others)}
        self._others = [each for each in others if c.market_price(each.name) in columns]
        self._attributes = {
            name: attribute for name in columns if (attribute := c.attribute_of(name))
        }

    def parse(self, raw: RawProduct) -> ParsedProduct:
        """The product. Raises ``BadRow`` if nothing of it can be used."""
        first = raw.rows[0]
        self._check_head(raw.handle, first)
        _check_length(first)
        if sum(map(_has_variant, raw.rows)) > _MOST_VARIANTS:
            raise BadRow(first.line, f"{raw.handle} has more than {_MOST_VARIANTS} variants")
        names = _option_names(raw.rows)
        problems: list[BadRow] = []
        made_up: set[Sku] = set()
        stock_was: dict[Sku, int] = {}
        variants, stock, lines = self._variants(raw, names, problems, made_up, stock_was)
        lacks_variants = bool(problems)
        if not variants:
            raise ManyBadRows(problems)
        return ParsedProduct(
            line=first.line,
            slug=raw.handle,
            title=c.read_text(first[c.TITLE]),
            vendor=first[c.VENDOR],
            type=first[c.TYPE],
            categories=category_names(first[c.CATEGORY], first[c.TYPE]),
            says_category=bool(first[c.CATEGORY]),
            status=values.status(first),
            description_html=clean_html(first[c.BODY]),
            tags=tuple(
                dict.fromkeys(tag.strip() for tag in first[c.TAGS].split(",") if tag.strip())
            ),
            variants=tuple(variants),
            pictures=_pictures(raw.rows, problems),
            attributes={
                attribute: first[column]
                for column, attribute in self._attributes.items()
                if first[column]
            },
            seo_title=c.read_text(first[c.SEO_TITLE]),
            seo_description=c.read_text(first[c.SEO_DESCRIPTION]),
            stock=stock,
            stock_was=stock_was,
            lines=lines,
            columns=self._columns,
            made_up=made_up,
            problems=tuple(problems),
            lacks_variants=lacks_variants,
            bundle=self._bundle(first),
            tax_class=values.tax_class(first),
            gift_card=first[c.GIFT_CARD].lower() == "true",
            published_at=values.published_at(first),
        )

    def _bundle(self, first: RawRow) -> Composition | None:
        try:
            return read_bundle(first[c.BUNDLE], self._currencies)
        except ValueError as error:
            raise BadRow(first.line, str(error)) from error

    def _check_head(self, handle: str, first: RawRow) -> None:
        if not handle:
            raise BadRow(first.line, "the handle is missing")
        if not _HANDLE.fullmatch(handle):
            raise BadRow(first.line, f"{handle[:60]!r} is no handle: use a-z, 0-9 and hyphens")
        if not first[c.TITLE]:
            raise BadRow(first.line, "the title is missing in the product's first row")
        for column, longest in _LONGEST.items():
            if len(first[column]) > longest:
                raise BadRow(first.line, f"{column} is longer than {longest} characters")

    def _variants(
        self,
        raw: RawProduct,
        names: list[str],
        problems: list[BadRow],
        made_up: set[Sku],
        stock_was: dict[Sku, int],
    ) -> tuple[list[Variant], dict[Sku, int], dict[Sku, int]]:
        variants: list[Variant] = []
        stock: dict[Sku, int] = {}
        lines: dict[Sku, int] = {}
        taken: set[frozenset[tuple[str, str]]] = set()
        for row in raw.rows:
            if not _has_variant(row):
                continue
            try:
                _check_length(row)
                variant = self._variant(raw.handle, row, names)
                if variant.sku in lines:
                    raise BadRow(
                        row.line, f"SKU {variant.sku} is in line {lines[variant.sku]} already"
                    )
                place = frozenset(variant.options.items())
                if place in taken:
                    raise BadRow(row.line, "another row has the same options")
                quantity = values.quantity(row)
                was = values.quantity(row, c.STOCK_WAS)
            except BadRow as problem:
                problems.append(problem)
                continue
            variants.append(variant)
            taken.add(place)
            lines[variant.sku] = row.line
            if not values.given_sku(row):
                made_up.add(variant.sku)
            if quantity is not None:
                stock[variant.sku] = quantity
            if was is not None:
                stock_was[variant.sku] = was
        return variants, stock, lines

    def _variant(self, handle: str, row: RawRow, names: list[str]) -> Variant:
        for column, value in row.fields.items():
            if _CONTROL.search(value):
                raise BadRow(row.line, f"{column} has control characters")
        options = _chosen(row, names)
        return Variant(
            sku=_sku(handle, row, options),
            options=options,
            prices=self._prices(row),
            weight_grams=values.grams(row),
            barcode=c.read_code(row[c.BARCODE]),
            image_src=values.source(row, c.VARIANT_IMAGE),
            requires_shipping=row[c.SHIPPING].lower() in values.YES | {""},
            taxable=row[c.TAXABLE].lower() in values.YES | {""},
            policy=values.policy(row, tracked=self._is_tracked(row)),
        )

    def _is_tracked(self, row: RawRow) -> bool:
        if c.TRACKER in self._columns:
            return bool(row[c.TRACKER])
        return not self._columns.isdisjoint((c.QUANTITY, c.POLICY))

    def _prices(self, row: RawRow) -> dict[str, Price]:
        own = values.price(row, c.PRICE, c.COMPARE_AT, self._market.currency)
        prices = {self._market.code: own} if own else {}
        for market in self._others:
            columns = c.market_price(market.name), c.market_compare_at(market.name)
            price = values.price(row, *columns, market.currency)
            if price is not None:
                prices[market.code] = price
        return prices


def _check_length(row: RawRow) -> None:
    if row.is_too_long:
        raise BadRow(row.line, "it has more cells than the heading: is a comma within one of them?")


def _has_variant(row: RawRow) -> bool:
    return bool(row[c.PRICE] or row[c.SKU] or row[c.option_value(1)] or row[c.TITLE])


def _option_names(rows: Sequence[RawRow]) -> list[str]:
    names = [c.as_key(rows[0][c.option_name(number)]) for number in c.OPTION_NUMBERS]
    values = {row[c.option_value(1)] for row in rows if _has_variant(row)}
    if names[0].lower() == "title" and values == {_DEFAULT}:
        return []
    return [name for name in names if name]


def _chosen(row: RawRow, names: list[str]) -> dict[str, str]:
    options = {}
    for number, name in enumerate(names, start=1):
        value = row[c.option_value(number)]
        if not value:
            raise BadRow(row.line, f"the value of option {name} is missing")
        options[name] = value
    return options


def _sku(handle: str, row: RawRow, options: Mapping[str, str]) -> Sku:
    """The row's SKU, or a stable one made of handle and options."""
    given = values.given_sku(row)
    if len(given) > _LONGEST[c.SKU]:
        raise BadRow(row.line, f"the SKU is longer than {_LONGEST[c.SKU]} characters")
    return Sku(given or slugify("-".join([handle, *options.values()])).upper())


def _pictures(rows: Sequence[RawRow], problems: list[BadRow]) -> dict[str, str]:
    """What stands beside each picture, in order, each once."""
    found: dict[str, str] = {}
    for row in rows:
        try:
            source = values.source(row, c.IMAGE)
        except BadRow as problem:
            problems.append(problem)
            continue
        if source:
            found.setdefault(source, c.read_text(row[c.IMAGE_ALT]))
    return found
