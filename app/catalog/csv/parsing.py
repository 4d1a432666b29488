"""From rows to a product: exact prices, clean HTML, a message for every bad row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime

from slugify import slugify

from app.catalog.csv import columns as c
from app.catalog.csv.bundles import Composition, read_bundle
from app.catalog.csv.categories import category_names
from app.catalog.csv.policies import CONTINUE, read_policy
from app.catalog.csv.reading import RawProduct, RawRow
from app.catalog.models import (
    DENY,
    UNCOUNTED,
    Image,
    Policy,
    Price,
    ProductStatus,
    Variant,
)
from app.markets.models import Market
from app.shared.ids import Sku
from app.shared.markup import clean_html, shorten
from app.shared.money import Money

_HANDLE = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST = {c.TITLE: 255, c.VENDOR: 255, c.TYPE: 255, c.SKU: 120, c.HANDLE: 255}
_LONGEST_REASON = 400  # characters
_MOST_STOCK = 10_000_000
_MOST_VARIANTS = 2048  # of a product, as at Shopify
_DEFAULT = "Default Title"  # Shopify's name for "nothing to choose"
_YES = {"true", "yes", "1"}


class BadRow(Exception):
    """A row that cannot be used, and why, in few words: where a quotation mark is missing, what
    the reason quotes may be half of the file."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = shorten(reason, _LONGEST_REASON)


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedProduct:
    """What the file says of one product. ``stock`` has the SKUs whose quantity is given,
    ``made_up`` those of variants that the file names by their options alone."""

    line: int
    slug: str
    title: str
    vendor: str
    type: str
    categories: tuple[str, ...]  # names of the one that it is in
    says_category: bool  # rather than a type alone
    status: ProductStatus
    description_html: str
    tags: tuple[str, ...]
    variants: tuple[Variant, ...]
    images: tuple[Image, ...]
    attributes: Mapping[str, str]
    seo_title: str
    seo_description: str
    stock: Mapping[Sku, int]
    lines: Mapping[Sku, int]
    columns: AbstractSet[str]  # of the file, which says nothing of what it has no column for
    made_up: AbstractSet[Sku]
    problems: tuple[BadRow, ...] = field(default=())
    lacks_variants: bool = False  # a bad row was about one
    bundle: Composition | None = None
    tax_class: str = ""  # "": the file does not say
    gift_card: bool = False
    published_at: datetime | None = None


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
        variants, stock, lines = self._variants(raw, names, problems, made_up)
        lacks_variants = bool(problems)
        if not variants:
            if problems:
                raise ManyBadRows(problems)
            raise BadRow(first.line, "the product has no variant with a price")
        return ParsedProduct(
            line=first.line,
            slug=raw.handle,
            title=c.read_text(first[c.TITLE]),
            vendor=first[c.VENDOR],
            type=first[c.TYPE],
            categories=category_names(first[c.CATEGORY], first[c.TYPE]),
            says_category=bool(first[c.CATEGORY]),
            status=_status(first),
            description_html=clean_html(first[c.BODY]),
            tags=tuple(
                dict.fromkeys(tag.strip() for tag in first[c.TAGS].split(",") if tag.strip())
            ),
            variants=tuple(variants),
            images=_images(raw.rows, variants, problems),
            attributes={
                attribute: first[column]
                for column, attribute in self._attributes.items()
                if first[column]
            },
            seo_title=c.read_text(first[c.SEO_TITLE]),
            seo_description=c.read_text(first[c.SEO_DESCRIPTION]),
            stock=stock,
            lines=lines,
            columns=self._columns,
            made_up=made_up,
            problems=tuple(problems),
            lacks_variants=lacks_variants,
            bundle=self._bundle(first),
            tax_class=_tax_class(first),
            gift_card=first[c.GIFT_CARD].lower() == "true",
            published_at=_published_at(first),
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
        self, raw: RawProduct, names: list[str], problems: list[BadRow], made_up: set[Sku]
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
                quantity = _quantity(row)
            except BadRow as problem:
                problems.append(problem)
                continue
            variants.append(variant)
            taken.add(place)
            lines[variant.sku] = row.line
            if not _given_sku(row):
                made_up.add(variant.sku)
            if quantity is not None:
                stock[variant.sku] = quantity
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
            weight_grams=_grams(row),
            barcode=c.read_code(row[c.BARCODE]),
            image_src=_source(row, c.VARIANT_IMAGE),
            requires_shipping=row[c.SHIPPING].lower() in _YES | {""},
            taxable=row[c.TAXABLE].lower() in _YES | {""},
            policy=_policy(row, tracked=self._is_tracked(row)),
        )

    def _is_tracked(self, row: RawRow) -> bool:
        if c.TRACKER in self._columns:
            return bool(row[c.TRACKER])
        return not self._columns.isdisjoint((c.QUANTITY, c.POLICY))

    def _prices(self, row: RawRow) -> dict[str, Price]:
        own = _price(row, c.PRICE, c.COMPARE_AT, self._market.currency)
        prices = {self._market.code: own} if own else {}
        for market in self._others:
            columns = c.market_price(market.name), c.market_compare_at(market.name)
            price = _price(row, *columns, market.currency)
            if price is not None:
                prices[market.code] = price
        if not prices:
            raise BadRow(row.line, "the price is missing")
        return prices


class ManyBadRows(BadRow):
    """Every row of a product is bad."""

    def __init__(self, problems: Sequence[BadRow]) -> None:
        super().__init__(problems[0].line, problems[0].reason)
        self.problems = tuple(problems)


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
    given = _given_sku(row)
    if len(given) > _LONGEST[c.SKU]:
        raise BadRow(row.line, f"the SKU is longer than {_LONGEST[c.SKU]} characters")
    return Sku(given or slugify("-".join([handle, *options.values()])).upper())


def _given_sku(row: RawRow) -> str:
    return c.read_code(row[c.SKU])


def _price(row: RawRow, column: str, compare_column: str, currency: str) -> Price | None:
    if not row[column]:
        return None
    compare_at = _amount(row, compare_column, currency) if row[compare_column] else None
    return Price(amount=_amount(row, column, currency), compare_at=compare_at)


def _amount(row: RawRow, column: str, currency: str) -> Money:
    try:
        amount = Money.from_major(row[column], currency)
    except ValueError:
        raise BadRow(
            row.line, f"{column}: {row[column][:60]!r} is no exact {currency} amount"
        ) from None
    if not 0 <= amount.minor < 10**12:
        raise BadRow(row.line, f"{column}: {row[column][:60]!r} is out of range")
    return amount


def _policy(row: RawRow, *, tracked: bool) -> Policy:
    """The shop's own column, else Shopify's, where what is not tracked cannot run out."""
    try:
        own = read_policy(row[c.STOCK_POLICY])
    except ValueError as error:
        raise BadRow(row.line, str(error)) from error
    if own or not tracked:
        return own or UNCOUNTED
    return CONTINUE if row[c.POLICY].lower() == "continue" else DENY


def _tax_class(row: RawRow) -> str:
    text = row[c.TAX_CLASS].lower()
    if text and not re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", text, re.ASCII):
        raise BadRow(row.line, f"{c.TAX_CLASS}: {text[:60]!r} is no tax class")
    return text


def _grams(row: RawRow) -> int:
    text = row[c.GRAMS] or "0"
    try:
        grams = round(float(text))
    except (ValueError, OverflowError):
        raise BadRow(row.line, f"{c.GRAMS}: {text[:60]!r} is no number") from None
    if not 0 <= grams <= _MOST_STOCK:
        raise BadRow(row.line, f"{c.GRAMS}: {text[:60]!r} is out of range")
    return grams


def _quantity(row: RawRow) -> int | None:
    text = row[c.QUANTITY]
    if not text:
        return None
    if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII) or abs(int(text)) > _MOST_STOCK:
        raise BadRow(row.line, f"{c.QUANTITY}: {text[:60]!r} is no whole number in range")
    return max(int(text), 0)


def _source(row: RawRow, column: str) -> str:
    """A picture's address: http(s), or a path from the root."""
    text = row[column]
    if text and not re.match(r"https?://[^\s/]|/[^/\\\s]", text, re.IGNORECASE):
        raise BadRow(row.line, f"{column}: {text[:60]!r} is no picture address")
    return text


def _images(
    rows: Sequence[RawRow], variants: Sequence[Variant], problems: list[BadRow]
) -> tuple[Image, ...]:
    """All pictures in order, each once; one that belongs to variants knows their common options."""
    found: dict[str, Image] = {}
    for row in rows:
        try:
            source = _source(row, c.IMAGE)
        except BadRow as problem:
            problems.append(problem)
            continue
        if source and source not in found:
            options = _shared_options([each for each in variants if each.image_src == source])
            found[source] = Image(
                src=source, alt=c.read_text(row[c.IMAGE_ALT]), option_values=options
            )
    for variant in variants:
        if variant.image_src and variant.image_src not in found:
            alike = [each for each in variants if each.image_src == variant.image_src]
            found[variant.image_src] = Image(
                src=variant.image_src, alt="", option_values=_shared_options(alike)
            )
    return tuple(found.values())


def _shared_options(variants: Sequence[Variant]) -> dict[str, str]:
    if not variants:
        return {}
    first = variants[0].options
    return {
        name: value
        for name, value in first.items()
        if all(each.options.get(name) == value for each in variants)
    }


def _published_at(first: RawRow) -> datetime | None:
    text = first[c.PUBLISHED_AT]
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (ValueError, OverflowError):
        reason = f"{c.PUBLISHED_AT}: {text[:60]!r} is no time, such as 2031-05-01T09:00Z"
        raise BadRow(first.line, reason) from None
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)  # as it is stored


def _status(first: RawRow) -> ProductStatus:
    status = first[c.STATUS].lower()
    if status == "archived":
        return ProductStatus.ARCHIVED
    published = first[c.PUBLISHED].lower() in _YES | {""}
    return (
        ProductStatus.PUBLISHED if published and status in {"", "active"} else ProductStatus.DRAFT
    )
