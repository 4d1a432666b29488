"""Products in the orders of the staff's list, by small documents that are written with the large
ones: a database that sorts in memory has little to read, and every word and order has an index."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from app.catalog.documents import product_from_document
from app.catalog.list_stretches import ListStretches, is_whole
from app.catalog.listed import (
    LONGEST_BEGINNING,
    STATUS_OF,
    ListSort,
    ProductFilter,
    Shown,
    listed_document,
    wanted_words,
)
from app.catalog.models import Product
from app.db.database import Database, Document, Session, find_any
from app.shared.clock import now
from app.shared.ids import ProductId

_EVERY = datetime.min.replace(tzinfo=UTC)
_BATCH = 500


class ListRepository:
    """Reads and writes ``product_list``, and reads ``products`` page by page."""

    def __init__(self, database: Database) -> None:
        self._products = database["products"]
        self._listed = database["product_list"]
        self._stretches = ListStretches(database)

    def ids(self, wanted: ProductFilter, most: int) -> list[ProductId]:
        """At most so many products; the stock is not looked at."""
        if is_whole(wanted):
            return self._ids_of_whole(wanted, most)
        query = {**_conditions(wanted), **_behind(wanted)}
        found = self._listed.find(query, {"_id": 1}).sort(_ORDERS[wanted.sort]).limit(most)
        return [each["_id"] for each in found]

    def _ids_of_whole(self, wanted: ProductFilter, most: int) -> list[ProductId]:
        if not wanted.after:
            found = self._stretches.read(wanted)
            return [each["_id"] for each in islice(found, most)]
        key, _, last = wanted.after.rpartition("~")
        place = {ListSort.NEWEST: last, ListSort.TITLE: key, ListSort.UPDATED: _moment(key)}
        after = place[wanted.sort]
        found = (
            each
            for each in self._stretches.read(wanted, after)
            if _is_behind(each, wanted.sort, after, last)
        )
        return [each["_id"] for each in islice(found, most)]

    def products(self, ids: Sequence[ProductId]) -> list[Product]:
        """These products, in this order."""
        products = {each["_id"]: each for each in find_any(self._products, "_id", ids)}
        return [product_from_document(products[each]) for each in ids if each in products]

    def add(self, products: Sequence[Product], session: Session | None = None) -> None:
        """List new products."""
        self._listed.insert_many(list(map(listed_document, products)), session=session)

    def replace(self, product: Product, session: Session) -> None:
        """List a product as it is now."""
        self._listed.replace_one(
            {"_id": product.id}, listed_document(product), upsert=True, session=session
        )

    def remove(self, product_id: ProductId, session: Session) -> None:
        """List a product no more."""
        self._listed.delete_one({"_id": product_id}, session=session)

    def add_missing(self) -> None:
        """List products that are not listed yet, some at a time."""
        known = {each["_id"] for each in self._listed.find({}, {"_id": 1})}
        missing = [each["_id"] for each in self._products.find({}, {"_id": 1})]
        missing = [each for each in missing if each not in known]
        for start in range(0, len(missing), _BATCH):
            found = find_any(self._products, "_id", missing[start : start + _BATCH])
            self.add([product_from_document(each) for each in found])


_ORDERS: dict[ListSort, list[tuple[str, int]]] = {
    ListSort.NEWEST: [("_id", -1)],
    ListSort.TITLE: [("title", 1), ("_id", 1)],
    ListSort.UPDATED: [("updated_at", -1), ("_id", -1)],
}


def _conditions(wanted: ProductFilter) -> Document:
    """What is asked for, at the top of the query as far as it can be: there any planner finds the
    index for it."""
    plain = {
        "status": STATUS_OF[wanted.status].value if wanted.status else "",
        "kind": wanted.kind.value if wanted.kind else "",
        "category": wanted.category,
        "vendor": wanted.vendor,
    }
    found: Document = {name: value for name, value in plain.items() if value}
    if wanted.status in {Shown.SCHEDULED, Shown.PUBLISHED}:
        later = wanted.status is Shown.SCHEDULED
        found["published_at"] = {"$gt" if later else "$lte": now()}
    words = sorted(wanted_words(wanted.q), key=len, reverse=True)  # the longest is the rarest
    if words:
        found["words"] = words[0][:LONGEST_BEGINNING]
        long = [word for word in words if len(word) > LONGEST_BEGINNING]
        rest: list[object] = [word for word in words[1:] if word not in long]
        rest += [{"$regex": f"^{re.escape(word)}"} for word in long]
        if rest:
            found["$and"] = [{"words": each} for each in rest]
    return found


def _behind(wanted: ProductFilter) -> Document:
    """What comes after the last product of the page before."""
    if not wanted.after:
        return {}
    key, _, last = wanted.after.rpartition("~")
    if wanted.sort is ListSort.NEWEST:
        return {"_id": {"$lt": wanted.after}}
    if wanted.sort is ListSort.TITLE:
        return {"title": {"$gte": key}, **_beyond("title", "$gt", key, last)}
    moment = _moment(key)
    return {"updated_at": {"$lte": moment}, **_beyond("updated_at", "$lt", moment, last)}


def _is_behind(listed: Document, sort: ListSort, place: Any, last: str) -> bool:
    if sort is ListSort.NEWEST:
        return bool(listed["_id"] < last)
    if sort is ListSort.TITLE:
        return bool((listed["title"], listed["_id"]) > (place, last))
    return bool((listed["updated_at"] or _EVERY, listed["_id"]) < (place, last))


def _beyond(path: str, step: str, place: object, last: str) -> Document:
    return {"$or": [{path: {step: place}}, {path: place, "_id": {step: last}}]}


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the second: another zone's time on the first or last day
        return _EVERY
