"""Which addresses of the catalog are the same for everybody, and the one form of each."""

from __future__ import annotations

from urllib.parse import parse_qsl, quote, urlencode

from app.catalog.query import OPTION, ListingQuery, parse_query

_LISTINGS = frozenset({"/products", "/search"})
_SHELVES = ("/categories/", "/collections/")
_PAGES = ("/pages/",)
_PRODUCT, _REVIEWS = "/products/", "/reviews"


def canonical_address(path: str, query: str) -> tuple[str, str] | None:
    """Path and query of a shared page without what it does not depend on, in one order; None for
    every other address."""
    if path == "/" or _is_below(_PAGES, path):
        return path, ""
    if path in _LISTINGS or _is_below(_SHELVES, path):
        return path, _listing_query(query)
    if _is_below((_PRODUCT,), path):
        return path, _choice(query)
    if path.endswith(_REVIEWS) and _is_below((_PRODUCT,), path.removesuffix(_REVIEWS)):
        return path, _page_number(query)
    if path == "/search/suggest":
        return path, _encoded([("q", _parse(query).q)])
    return None


def _is_below(parents: tuple[str, ...], path: str) -> bool:
    parent = next((each for each in parents if path.startswith(each)), None)
    return parent is not None and bool(path[len(parent) :]) and "/" not in path[len(parent) :]


def _pairs(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True) if query else []


def _parse(query: str) -> ListingQuery:
    return parse_query(_pairs(query), "USD")  # the currency decides only whether a price is valid


def _listing_query(query: str) -> str:
    return _encoded(_parse(query).pairs()) if query else ""


def _choice(query: str) -> str:
    """The first value of each option, as Flask reads them."""
    chosen: dict[str, str] = {}
    for name, value in _pairs(query):
        if name.startswith(OPTION):
            chosen.setdefault(name, value)
    return _encoded(sorted(chosen.items()))


def _page_number(query: str) -> str:
    number = dict(reversed(_pairs(query))).get("page", "")
    return _encoded([("page", number)]) if number.isdecimal() and int(number) > 1 else ""


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return urlencode([pair for pair in pairs if pair[1]], quote_via=quote)
