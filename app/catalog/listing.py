"""Building a listing page: rows selected, sorted, cut to a page, with all its links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from pyroaring import BitMap

from app.catalog.cards import refer
from app.catalog.facets import active_filters, build_facets
from app.catalog.models import Image
from app.catalog.query import SORTS, ListingQuery
from app.catalog.readmodel.bits import Numbers
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.orders import Order, pick
from app.catalog.readmodel.selection import Selector
from app.catalog.views import Listing, PageLink, SortChoice
from app.markets.models import Market
from app.shared.errors import NotFound
from app.shared.money import Money
from app.shared.texts import Text

PAGE_SIZE = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelf:
    """What a listing page is about: its own texts, its rows, its address.

    ``own_order`` gives the rows by what "relevance" means here, best first; None where that is the
    newest first.
    """

    heading: str
    path: str
    rows: BitMap
    own_order: Callable[[], Numbers] | None = None
    description: str = ""
    image: Image | None = None
    default_sort: str = "newest"
    corrected: str = ""


def build_listing(
    model: CatalogModel, shelf: Shelf, query: ListingQuery, market: Market
) -> Listing:
    """The page of ``shelf`` that ``query`` asks for. Raises ``NotFound`` beyond the last page."""
    selector = Selector(model, shelf.rows, query, market.code)
    total = len(selector.full.rows)
    last = max((total + PAGE_SIZE - 1) // PAGE_SIZE, 1)
    if query.page > last:
        raise NotFound(Text("This list is not that long."))
    sort = query.sort or shelf.default_sort
    start = (query.page - 1) * PAGE_SIZE
    numbers = _page(model, shelf, sort, market.code, selector.full.rows, start)
    shown = [model.row(number) for number in numbers.tolist()]
    bounds = selector.bounds()
    return Listing(
        heading=shelf.heading,
        description=shelf.description,
        image=shelf.image,
        path=shelf.path,
        query=query.q,
        cards=refer(shown, model.buyable_in(market.code), query.options),
        total=total,
        page=query.page,
        pages=_pager(query, shelf.path, last),
        previous_url=_page_url(query, shelf.path, query.page - 1) if query.page > 1 else "",
        next_url=_page_url(query, shelf.path, query.page + 1) if query.page < last else "",
        facets=build_facets(model, selector, query, shelf.path),
        sorts=_sorts(query, shelf, sort),
        active_filters=active_filters(query, shelf.path, market),
        clear_url=query.unfiltered().url(shelf.path),
        min_price=query.min_price,
        max_price=query.max_price,
        price_floor=Money(bounds[0], market.currency) if bounds else None,
        price_ceiling=Money(bounds[1], market.currency) if bounds else None,
        hidden_fields=tuple(
            pair for pair in query.pairs() if pair[0] not in {"min_price", "max_price", "page"}
        ),
        errors=query.errors,
        suggestion=shelf.corrected,
    )


def _page(
    model: CatalogModel, shelf: Shelf, sort: str, market: str, selected: BitMap, start: int
) -> Numbers:
    """The rows of one page."""
    stop = start + PAGE_SIZE
    if sort == "relevance" and shelf.own_order is not None:
        return pick(shelf.own_order(), selected, start, stop)
    return _order(model, sort, market).page(selected, start, stop)


def _order(model: CatalogModel, sort: str, market: str) -> Order:
    """The order a sorting stands for; among equals the newest comes first."""
    if sort == "price_asc":
        return model.market(market).cheapest
    if sort == "price_desc":
        return model.market(market).dearest
    return model.bestselling if sort == "bestselling" else model.newest


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
    own_order = shelf.own_order is not None
    return tuple(
        SortChoice(
            value=value,
            label=Text("Featured") if value == "relevance" and not query.q else label,
            active=value == current,
            url=replace(query, sort="" if value == shelf.default_sort else value, page=1).url(
                shelf.path
            ),
        )
        for value, label in SORTS.items()
        if value != "relevance" or own_order
    )
