"""What a shopper asked of a listing: read from the query string, and written back as links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import TypeVar
from urllib.parse import quote, urlencode

from app.shared.money import Money, exponent
from app.shared.texts import Text

SORTS = {
    "relevance": Text("Relevance"),
    "newest": Text("Newest"),
    "price_asc": Text("Price, low to high"),
    "price_desc": Text("Price, high to low"),
    "bestselling": Text("Best selling"),
}
OPTION = "option."
_LONGEST = 200
_MOST_VALUES = 20
_MOST_PAGES = 100_000
MOST_MINOR = 10**12  # minor units: nothing costs more
_COMMA = re.compile(r"\A(\d+),(\d{1,2})\Z")  # as telephones type decimals where that is their sign
_T = TypeVar("_T")
Pairs = Iterable[tuple[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class ListingQuery:
    """Filters, sorting and page. Several values of one field mean any of them."""

    q: str = ""
    min_price: str = ""  # as typed, in major units
    max_price: str = ""
    in_stock: bool = False
    options: tuple[tuple[str, str], ...] = ()
    vendors: tuple[str, ...] = ()
    sort: str = ""  # "" is the listing's own default
    page: int = 1
    floor: Money | None = None
    ceiling: Money | None = None
    errors: dict[str, str] = field(default_factory=dict)

    def pairs(self, *, without: str = "") -> list[tuple[str, str]]:
        """The query in its one canonical order, leaving out what is default."""
        fields = [
            ("q", self.q),
            ("min_price", self.min_price),
            ("max_price", self.max_price),
            ("in_stock", "1" if self.in_stock else ""),
            *((OPTION + name, value) for name, value in sorted(self.options)),
            *(("vendor", vendor) for vendor in sorted(self.vendors)),
            ("sort", self.sort),
            ("page", str(self.page) if self.page > 1 else ""),
        ]
        return [(name, value) for name, value in fields if value and name != without]

    def url(self, path: str) -> str:
        """This query as a link to ``path``."""
        query = "&".join(_written(name, value) for name, value in self.pairs())
        return f"{path}?{query}" if query else path

    def toggled(self, name: str, value: str) -> ListingQuery:
        """With one filter value added, or taken away if it is there; back to page one."""
        if name == "in_stock":
            return replace(self, in_stock=not self.in_stock, page=1)
        if name == "vendor":
            return replace(self, vendors=_toggle(self.vendors, value), page=1)
        return replace(
            self, options=_toggle(self.options, (name.removeprefix(OPTION), value)), page=1
        )

    def unfiltered(self) -> ListingQuery:
        """Only the words and the sorting."""
        return ListingQuery(q=self.q, sort=self.sort)

    def values_of(self, name: str) -> tuple[str, ...]:
        """The chosen values of one filter field."""
        if name == "in_stock":
            return ("1",) if self.in_stock else ()
        if name == "vendor":
            return self.vendors
        wanted = name.removeprefix(OPTION)
        return tuple(value for option, value in self.options if option == wanted)

    @property
    def filter_names(self) -> tuple[str, ...]:
        """The filter fields in use, prices aside."""
        names = ["in_stock"] if self.in_stock else []
        names += ["vendor"] if self.vendors else []
        return (*names, *dict.fromkeys(OPTION + name for name, _ in self.options))


@lru_cache(maxsize=4096)
def _written(name: str, value: str) -> str:
    """A pair as it stands in an address. Kept: a list links to itself with every filter it has."""
    return urlencode({name: value}, quote_via=quote)


def _toggle(values: tuple[_T, ...], value: _T) -> tuple[_T, ...]:
    if value in values:
        return tuple(each for each in values if each != value)
    return (*values, value)


def parse_query(pairs: Pairs, currency: str) -> ListingQuery:
    """Read the query string. Unknown fields are ignored; a bad price is an error beside it."""
    given = [(name[:_LONGEST], _clean(value)) for name, value in pairs]
    single = {name: value for name, value in reversed(given) if value}
    errors: dict[str, str] = {}
    floor = _price(single, "min_price", currency, errors)
    ceiling = _price(single, "max_price", currency, errors)
    if floor and ceiling and ceiling < floor:
        errors["max_price"] = Text("The highest price must not be below the lowest.")
    options = (
        (name.removeprefix(OPTION), value)
        for name, value in given
        if name.startswith(OPTION) and len(name) > len(OPTION) and value
    )
    vendors = (value for name, value in given if name == "vendor" and value)
    sort = single.get("sort", "")
    return ListingQuery(
        q=single.get("q", ""),
        min_price=single.get("min_price", ""),
        max_price=single.get("max_price", ""),
        in_stock=single.get("in_stock", "").lower() in {"1", "true", "yes", "on"},
        options=tuple(dict.fromkeys(options))[:_MOST_VALUES],
        vendors=tuple(dict.fromkeys(vendors))[:_MOST_VALUES],
        sort=sort if sort in SORTS else "",
        page=_page(single.get("page", "")),
        floor=floor,
        ceiling=ceiling,
        errors=errors,
    )


def _clean(value: str) -> str:
    return "".join(letter for letter in value if letter.isprintable()).strip()[:_LONGEST]


def _page(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() else 1
    return min(max(number, 1), _MOST_PAGES)


def _price(
    single: dict[str, str], name: str, currency: str, errors: dict[str, str]
) -> Money | None:
    text = single.get(name, "")
    if not text:
        return None
    try:
        amount = Money.from_major(_COMMA.sub(r"\1.\2", text), currency)
    except ValueError:
        amount = None
    if amount is None or not 0 <= amount.minor < MOST_MINOR:
        places = exponent(currency)
        example = f"{Decimal('19.5'):.{places}f}" if places else "1950"
        errors[name] = Text(
            "Please enter an amount such as 25 or %(example)s (%(currency)s).",
            example=example,
            currency=currency,
        )
        return None
    return amount
