"""Searching the catalog by words: an index in each process, and what a query finds in it."""

from app.catalog.search.fields import SearchText
from app.catalog.search.finding import Hits, Shorter
from app.catalog.search.index import IndexEdit, SearchIndex
from app.catalog.search.marking import Marks
from app.catalog.search.prices import price_range
from app.catalog.search.storing import UnreadableIndex, dump, load

__all__ = [
    "Hits",
    "IndexEdit",
    "Marks",
    "SearchIndex",
    "SearchText",
    "Shorter",
    "UnreadableIndex",
    "dump",
    "load",
    "price_range",
]
