"""Products in the orders of the staff's list; every order and every word has an index."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from app.catalog.documents import product_from_document
from app.catalog.listed import STATUS_OF, ListSort, ProductFilter, Shown, wanted_words
from app.catalog.models import Product
from app.db.database import Database, Document
from app.shared.clock import now

_EVERY = datetime.min.replace(tzinfo=UTC)


class ListRepository:
    """Reads ``products`` page by page."""

    def __init__(self, database: Database) -> None:
        self._products = database["products"]

    def list(self, wanted: ProductFilter, most: int) -> list[Product]:
        """At most so many products; the stock is not looked at."""
        parts = [*_conditions(wanted), *_behind(wanted)]
        query: Document = {"$and": parts} if parts else {}
        found = self._products.find(query).sort(_ORDERS[wanted.sort]).limit(most)
        return list(map(product_from_document, found))


_ORDERS: dict[ListSort, list[tuple[str, int]]] = {
    ListSort.NEWEST: [("_id", -1)],
    ListSort.TITLE: [("listed.title", 1), ("_id", 1)],
    ListSort.UPDATED: [("updated_at", -1), ("_id", -1)],
}


def _conditions(wanted: ProductFilter) -> list[Document]:
    plain = {
        "status": STATUS_OF[wanted.status].value if wanted.status else "",
        "kind": wanted.kind.value if wanted.kind else "",
        "category": wanted.category,
        "vendor": wanted.vendor,
    }
    found: list[Document] = [{name: value} for name, value in plain.items() if value]
    if wanted.status in {Shown.SCHEDULED, Shown.PUBLISHED}:
        later = wanted.status is Shown.SCHEDULED
        found.append({"published_at": {"$gt" if later else "$lte": now()}})
    found += [
        {"listed.words": {"$regex": f"^{re.escape(word)}"}} for word in wanted_words(wanted.q)
    ]
    return found


def _behind(wanted: ProductFilter) -> list[Document]:
    """What comes after the last product of the page before."""
    if not wanted.after:
        return []
    key, _, last = wanted.after.rpartition("~")
    if wanted.sort is ListSort.NEWEST:
        return [{"_id": {"$lt": wanted.after}}]
    if wanted.sort is ListSort.TITLE:
        path, step, place = "listed.title", "$gt", key
        return [{path: {"$gte": key}}, _beyond(path, step, place, last)]
    moment = _moment(key)
    return [{"updated_at": {"$lte": moment}}, _beyond("updated_at", "$lt", moment, last)]


def _beyond(path: str, step: str, place: object, last: str) -> Document:
    return {"$or": [{path: {step: place}}, {path: place, "_id": {step: last}}]}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return _EVERY
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
