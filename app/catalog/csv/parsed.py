"""What the file says of one product, and which of its rows cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.catalog.csv.bundles import Composition
from app.catalog.models import Image, Product, ProductStatus, Variant
from app.shared.ids import Sku
from app.shared.markup import shorten

_LONGEST_REASON = 400  # characters


class BadRow(Exception):
    """A row that cannot be used, and why, in few words: where a quotation mark is missing, what
    the reason quotes may be half of the file."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = shorten(reason, _LONGEST_REASON)


class ManyBadRows(BadRow):
    """Every row of a product is bad."""

    def __init__(self, problems: Sequence[BadRow]) -> None:
        super().__init__(problems[0].line, problems[0].reason)
        self.problems = tuple(problems)


@dataclass(frozen=True, kw_only=True, slots=True)
class ParsedProduct:
    """What the file says of one product. ``stock`` has the SKUs whose quantity is given, ``lines``
    where each stands,
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
    pictures: Mapping[str, str]  # what stands beside each
    attributes: Mapping[str, str]
    seo_title: str
    seo_description: str
    stock: Mapping[Sku, int]
    stock_was: Mapping[Sku, int]  # when the file was written, if it says that
    lines: Mapping[Sku, int]
    columns: AbstractSet[str]  # of the file, which says nothing of what it has no column for
    made_up: AbstractSet[Sku]
    problems: tuple[BadRow, ...] = field(default=())
    lacks_variants: bool = False  # a bad row was about one
    bundle: Composition | None = None
    tax_class: str = ""  # "": the file does not say
    gift_card: bool = False
    published_at: datetime | None = None

    @property
    def images(self) -> tuple[Image, ...]:
        """All pictures in order; one that belongs to variants knows their common options."""
        texts = dict(self.pictures)
        for each in self.variants:
            if each.image_src:
                texts.setdefault(each.image_src, "")
        return tuple(
            Image(src=source, alt=text, option_values=self._options_shown_by(source))
            for source, text in texts.items()
        )

    def _options_shown_by(self, source: str) -> dict[str, str]:
        shown = [each.options for each in self.variants if each.image_src == source]
        return {
            name: value
            for name, value in (shown[0] if shown else {}).items()
            if all(each.get(name) == value for each in shown)
        }

    def without_unpriced(self, known: Product | None, markets: AbstractSet[str]) -> ParsedProduct:
        """The same without the rows that lack a price, which is told, unless the variant that is
        there has none in these ``markets`` either. Raises ``ManyBadRows`` if none is left."""
        there = {each.sku: each.prices for each in known.variants} if known else {}
        bad = {
            each.sku
            for each in self.variants
            if not each.prices and not markets.isdisjoint(there.get(each.sku, markets))
        }
        if not bad:
            return self
        missing = [BadRow(self.lines[sku], "the price is missing") for sku in bad]
        problems = sorted((*self.problems, *missing), key=lambda each: each.line)
        if len(bad) == len(self.variants):
            raise ManyBadRows(problems)
        return replace(
            self,
            variants=tuple(each for each in self.variants if each.sku not in bad),
            stock={sku: units for sku, units in self.stock.items() if sku not in bad},
            problems=tuple(problems),
            lacks_variants=True,
        )
