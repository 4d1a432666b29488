"""Building a listing page: rows selected, sorted, cut to a page, with all its links."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from app.catalog.cards import make_cards
from app.catalog.index import Row
from app.catalog.matching import match
from app.catalog.models import Image, Product
from app.catalog.query import OPTION, SORTS, ListingQuery
from app.catalog.views import Facet, FacetValue, Listing, PageLink, SortChoice
from app.markets.models import Market
from app.shared.errors import NotFound
from app.shared.ids import ProductId
from app.shared.money import Money

PAGE_SIZE = 24
_SIZES = {
    name: place
    for place, name in enumerate(
        (
            "xxs",
            "xs",
            "x-small",
            "s",
            "small",
            "m",
            "medium",
            "l",
            "large",
            "xl",
            "x-large",
            "xxl",
            "xxxl",
        )
    )
}
Fetch = Callable[[list[ProductId]], Mapping[ProductId, Product]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """What a listing page is about: its own texts, its rows in their own order, its address."""

    heading: str
    path: str
    rows: list[Row]
    description: str = ""
    image: Image | None = None
    default_sort: str = "newest"
    corrected: str = ""


def build_listing(shelf: Shelf, query: ListingQuery, market: Market, fetch: Fetch) -> Listing:
    """The page of ``shelf`` that ``query`` asks for. Raises ``NotFound`` beyond the last page."""
    matches = match(shelf.rows, query, market.code)
    total = len(matches.rows)
    last = max((total + PAGE_SIZE - 1) // PAGE_SIZE, 1)
    if query.page > last:
        raise NotFound("This list is not that long.")
    sort = query.sort or shelf.default_sort
    ordered = _sorted(matches.rows, sort, market.code)
    shown = ordered[(query.page - 1) * PAGE_SIZE : query.page * PAGE_SIZE]
    prices = [price for row in shelf.rows if (price := row.lowest_price(market.code)) is not None]
    return Listing(
        heading=shelf.heading,
        description=shelf.description,
        image=shelf.image,
        path=shelf.path,
        query=query.q,
        cards=make_cards(shown, fetch([row.id for row in shown]), market.code, query.options),
        total=total,
        page=query.page,
        pages=_pager(query, shelf.path, last),
        previous_url=_page_url(query, shelf.path, query.page - 1) if query.page > 1 else "",
        next_url=_page_url(query, shelf.path, query.page + 1) if query.page < last else "",
        facets=_facets(matches.counts, query, shelf.path, total),
        sorts=_sorts(query, shelf, sort),
        active_filters=_active(query, shelf.path, market),
        clear_url=query.unfiltered().url(shelf.path),
        min_price=query.min_price,
        max_price=query.max_price,
        price_floor=Money(min(prices), market.currency) if prices else None,
        price_ceiling=Money(max(prices), market.currency) if prices else None,
        hidden_fields=tuple(
            pair for pair in query.pairs() if pair[0] not in {"min_price", "max_price", "page"}
        ),
        errors=query.errors,
        suggestion=shelf.corrected,
    )


def _sorted(rows: list[Row], sort: str, market: str) -> list[Row]:
    """Rows come in the shelf's own order, which "relevance" keeps; ties keep it too."""
    if sort == "newest":
        return sorted(rows, key=lambda row: row.published_at, reverse=True)
    if sort == "price_asc":
        return sorted(rows, key=lambda row: row.lowest_price(market) or 0)
    if sort == "price_desc":
        return sorted(rows, key=lambda row: -(row.lowest_price(market) or 0))
    if sort == "bestselling":
        return sorted(rows, key=lambda row: (-row.sales, not row.featured))
    return rows


def _page_url(query: ListingQuery, path: str, page: int) -> str:
    return replace(query, page=page).url(path)


def _pager(query: ListingQuery, path: str, last: int) -> tuple[PageLink, ...]:
    """First, last, and the neighbours of the current page; gaps between."""
    if last == 1:
        return ()
    wanted = sorted({1, last, *range(max(query.page - 1, 1), min(query.page + 1, last) + 1)})
    links: list[PageLink] = []
    for before, number in zip([0, *wanted], wanted, strict=False):
        if number - before > 1:
            links.append(PageLink(number=None, url="", current=False))
        links.append(
            PageLink(
                number=number,
                url=_page_url(query, path, number),
                current=number == query.page,
            )
        )
    return tuple(links)


def _sorts(query: ListingQuery, shelf: Shelf, current: str) -> tuple[SortChoice, ...]:
    own_order = shelf.default_sort == "relevance"
    return tuple(
        SortChoice(
            value=value,
            label="Featured" if value == "relevance" and not query.q else label,
            active=value == current,
            url=replace(query, sort="" if value == shelf.default_sort else value, page=1).url(
                shelf.path
            ),
        )
        for value, label in SORTS.items()
        if value != "relevance" or own_order
    )


def _facets(
    counts: Mapping[str, Counter[str]], query: ListingQuery, path: str, total: int
) -> tuple[Facet, ...]:
    names = ["in_stock", *sorted(name for name in counts if name.startswith(OPTION)), "vendor"]
    facets = []
    for name in names:
        chosen = query.values_of(name)
        values = {**dict.fromkeys(chosen, 0), **counts.get(name, {})}
        # A filter that cannot narrow the list any further is no choice.
        if not chosen and (len(values) < 2 if name != "in_stock" else values.get("1") == total):
            continue
        facets.append(
            Facet(
                name=name,
                label=_label(name),
                values=tuple(
                    _facet_value(query, path, name, value, values[value])
                    for value in sorted(values, key=_value_order)
                ),
            )
        )
    return tuple(facet for facet in facets if facet.values)


def _facet_value(query: ListingQuery, path: str, name: str, value: str, count: int) -> FacetValue:
    return FacetValue(
        value=value,
        label="In stock" if name == "in_stock" else value,
        count=count,
        active=value in query.values_of(name),
        url=query.toggled(name, value).url(path),
    )


def _label(name: str) -> str:
    return {"in_stock": "Availability", "vendor": "Maker"}.get(name, name.removeprefix(OPTION))


def _value_order(value: str) -> tuple[int, float, str]:
    """Sizes by size, numbers by number, the rest by name."""
    folded = value.casefold()
    if folded in _SIZES:
        return (0, _SIZES[folded], folded)
    number = re.match(r"\d+(?:\.\d+)?", folded)
    return (1, float(number[0]), folded) if number else (2, 0, folded)


def _active(query: ListingQuery, path: str, market: Market) -> tuple[FacetValue, ...]:
    """The filters in use; each link takes its filter away."""
    chips = [
        _facet_value(query, path, name, value, 0)
        for name in query.filter_names
        for value in query.values_of(name)
    ]
    for name, label in (("min_price", "From"), ("max_price", "Up to")):
        text = getattr(query, name)
        if text and name not in query.errors:
            cleared = (
                replace(query, page=1, min_price="")
                if name == "min_price"
                else replace(query, page=1, max_price="")
            )
            chips.append(
                FacetValue(
                    value=text,
                    label=f"{label} {text} {market.currency}",
                    count=0,
                    active=True,
                    url=cleared.url(path),
                )
            )
    return tuple(chips)
