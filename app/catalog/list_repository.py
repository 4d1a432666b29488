"""Products in the orders of the staff's list, by small documents that are written with the large
ones: a database that sorts in memory has little to read, and every word and order has an index."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
_NEVER = datetime.max.replace(microsecond=0, tzinfo=UTC)
_BATCH = 500


class ListRepository:
    """Reads and writes ``product_list``, and reads ``products`` page by page."""

    def __init__(self, database: Database) -> None:
        self._products = database["products"]
        self._listed = database["product_list"]
        self._stretches = ListStretches(database)

    def ids(self, wanted: ProductFilter, most: int) -> list[ProductId]:
        """At most so many products; the stock is not looked at."""
        key, _, last = wanted.after.rpartition("~")
        place = {ListSort.NEWEST: last, ListSort.TITLE: key, ListSort.UPDATED: _moment(key)}
        after = place[wanted.sort] if wanted.after else None
        found = self._stretches.read(wanted, after) if is_whole(wanted) else self._narrowed(wanted)
        behind = (each for each in found if after is None or _is_behind(each, wanted, after, last))
        return [each["_id"] for each in islice(behind, most)]

    def _narrowed(self, wanted: ProductFilter) -> Iterator[Document]:
        """Asks for what one index finds, and looks at the rest here: of several conditions the
        embedded database may choose the one that finds most, of some it goes through everything."""
        words = sorted(wanted_words(wanted.q), key=len, reverse=True)  # the longest is the rarest
        fields = dict.fromkeys(("status", "title", "updated_at", *(["words"] if words else [])), 1)
        query = _conditions(wanted, words)
        found = self._listed.find(query, fields).sort(_ORDERS[wanted.sort])
        status = STATUS_OF[wanted.status].value if wanted.status else ""
        for each in found:
            if status in {"", each["status"]} and (not words or _has_words(each, words)):
                yield each

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


def _conditions(wanted: ProductFilter, words: Sequence[str]) -> Document:
    """What is asked for, but the status where another condition finds fewer, and but the first of
    the words."""
    plain = {
        "kind": wanted.kind.value if wanted.kind else "",
        "category": wanted.category,
        "vendor": wanted.vendor,
        "words": words[0][:LONGEST_BEGINNING] if words else "",
    }
    found: Document = {name: value for name, value in plain.items() if value}
    if wanted.status is Shown.SCHEDULED:
        found["published_at"] = {"$gt": now(), "$lt": _NEVER}
    elif wanted.status is Shown.PUBLISHED:
        found["published_at"] = {"$lte": now()}
    elif wanted.status and not found:
        found["status"] = STATUS_OF[wanted.status].value
    return found


def _has_words(listed: Document, words: Sequence[str]) -> bool:
    """Whether each is there, or is a beginning of one; of long ones the list has no beginnings."""
    known = listed["words"]
    return all(
        word in known
        if len(word) <= LONGEST_BEGINNING
        else any(each.startswith(word) for each in known)
        for word in words
    )


def _is_behind(listed: Document, wanted: ProductFilter, place: Any, last: str) -> bool:
    """Whether a product comes after the last one of the page before."""
    if wanted.sort is ListSort.NEWEST:
        return bool(listed["_id"] < last)
    if wanted.sort is ListSort.TITLE:
        return bool((listed["title"], listed["_id"]) > (place, last))
    return bool((listed["updated_at"] or _EVERY, listed["_id"]) < (place, last))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # the second: another zone's time on the first or last day
        return _EVERY
