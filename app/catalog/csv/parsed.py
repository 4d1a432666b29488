"""What the file says of one product, and which of its rows cannot be used."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime

from app.catalog.csv.bundles import Composition
from app.catalog.models import Image, ProductStatus, Variant
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
