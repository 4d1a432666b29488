"""Documents of categories, collections and the home page, written over what was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from app.catalog.documents import (
    category_from_document,
    collection_from_document,
    shelf_to_document,
)
from app.catalog.home import HomeComposition, home_from_document, home_to_document
from app.catalog.models import Category, Collection
from app.db.database import Database, Document, Session

Shelf = TypeVar("Shelf", Category, Collection)
_TURN = "shelf_writes"  # a counter that every writer moves: two at once are one after the other


class ShelfRepository:
    """Reads and writes ``categories``, ``collections`` and ``home_pages``."""

    def __init__(self, database: Database) -> None:
        self._stored: dict[type, Any] = {
            Category: database["categories"],
            Collection: database["collections"],
        }
        self._homes = database["home_pages"]
        self._products = database["products"]
        self._counters = database["counters"]

    def take_turn(self, session: Session) -> None:
        """Let no other transaction write a shelf beside this one."""
        self._counters.update_one({"_id": _TURN}, {"$inc": {"value": 1}}, True, session=session)

    def find(self, kind: type[Shelf], slug: str, session: Session | None = None) -> Shelf | None:
        """The category or collection with this slug, or None."""
        found = self._stored[kind].find_one({"_id": slug}, session=session)
        return read_shelf(kind, found) if found else None

    def every(self, kind: type[Shelf], session: Session | None = None) -> list[Shelf]:
        """All of a kind in the owner's order; collections without their products."""
        found = self._stored[kind].find({}, {"product_ids": 0}, session=session)
        ordered = found.sort([("position", 1), ("_id", 1)])
        return [read_shelf(kind, {"product_ids": (), **each}) for each in ordered]

    def slugs(self, kind: type[Category] | type[Collection], session: Session) -> list[str]:
        """The slugs of all of a kind in the owner's order."""
        found = self._stored[kind].find({}, {"_id": 1}, session=session)
        return [each["_id"] for each in found.sort([("position", 1), ("_id", 1)])]

    def last_position(self, kind: type[Shelf], session: Session) -> int:
        """The position of the last of a kind, -1 if there is none."""
        last = self._stored[kind].find_one(
            {}, {"position": 1}, sort=[("position", -1)], session=session
        )
        return int(last["position"]) if last else -1

    def insert(self, shelf: Category | Collection, session: Session) -> None:
        """Store a new one. Raises ``DuplicateKeyError`` if its slug is taken."""
        self._stored[type(shelf)].insert_one(shelf_to_document(shelf), session=session)

    def replace(self, shelf: Category | Collection, session: Session) -> bool:
        """Store the next revision of what was read; False if that moved on."""
        result = self._stored[type(shelf)].replace_one(
            {"_id": shelf.slug, "revision": shelf.revision},
            shelf_to_document(replace(shelf, revision=shelf.revision + 1)),
            session=session,
        )
        return bool(result.matched_count)

    def remove(self, kind: type[Shelf], slug: str, session: Session) -> None:
        """Delete one."""
        self._stored[kind].delete_one({"_id": slug}, session=session)

    def set_positions(
        self, kind: type[Category] | type[Collection], slugs: Sequence[str], session: Session
    ) -> None:
        """Put all of a kind in this order."""
        for place, slug in enumerate(slugs):
            self._stored[kind].update_one(
                {"_id": slug}, {"$set": {"position": place}}, session=session
            )

    def has_products(self, category: str, session: Session) -> bool:
        """Whether a product stands on a category."""
        return (
            self._products.find_one({"category": category}, {"_id": 1}, session=session) is not None
        )

    def count_products(self, category: str) -> int:
        """How many products stand on a category, whatever their status."""
        return self._products.count_documents({"category": category})

    # --- the home page ------------------------------------------------------------------------

    def find_home(self, market: str, session: Session | None = None) -> HomeComposition | None:
        """The stored composition of a market, or None."""
        found = self._homes.find_one({"_id": market}, session=session)
        return home_from_document(found) if found else None

    def store_home(self, home: HomeComposition, session: Session) -> None:
        """Store a composition over whatever there is."""
        self._homes.replace_one(
            {"_id": home.market}, home_to_document(home), upsert=True, session=session
        )

    def remove_home(self, market: str, session: Session) -> None:
        """Delete a composition."""
        self._homes.delete_one({"_id": market}, session=session)


def read_shelf(kind: type[Shelf], document: Mapping[str, object]) -> Shelf:
    """A category or collection as stored."""
    plain: Document = dict(document)
    found = category_from_document(plain) if kind is Category else collection_from_document(plain)
    assert isinstance(found, kind)  # noqa: S101 - tells the type checker what `kind` says
    return found
