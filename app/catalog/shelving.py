"""Editing categories and collections: each change over the revision that was read, and told to
every process."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from app.catalog.errors import Overtaken
from app.catalog.follower import CatalogFollower
from app.catalog.models import Category, Collection
from app.catalog.repository import CatalogRepository
from app.catalog.shelf_repository import Shelf, ShelfRepository, read_shelf
from app.db.database import Database, Session
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.slugs import NO_ADDRESS, slug_from
from app.shared.texts import Text

T = TypeVar("T")
Kind = type[Category] | type[Collection]
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
LONGEST_SLUG = 120
TAKEN_WORDS = frozenset({"new", "order"})  # addresses of the panel
MOST_BY_HAND = 500  # products that one collection names


class CategoryInUse(Conflict):
    """Products stand on the category."""

    def __init__(self, count: int) -> None:
        super().__init__(
            Text.counted(
                "%(num)s product stands in this category. Please move it first.",
                "%(num)s products stand in this category. Please move them first.",
                count,
            )
        )
        self.count = count


class Shelving:
    """Categories and collections, as the owner edits them."""

    def __init__(self, database: Database, follower: CatalogFollower) -> None:
        self._database = database
        self._shelves = ShelfRepository(database)
        self._catalog = CatalogRepository(database)
        self._follower = follower

    # --- reading ------------------------------------------------------------------------------

    def every(self, kind: type[Shelf]) -> list[Shelf]:
        """All of a kind in the owner's order; collections without their products."""
        return self._shelves.every(kind)

    def get(self, kind: type[Shelf], slug: str) -> Shelf:
        """A category or collection. Raises ``NotFound``."""
        found = self._shelves.find(kind, slug)
        if found is None:
            raise NotFound(Text("There is nothing at “%(slug)s”.", slug=slug))
        return found

    def published_in_categories(self) -> dict[str, int]:
        """How many published products stand on each category."""
        return {slug: len(rows) for slug, rows in self._follower.model().in_category.items()}

    # --- writing ------------------------------------------------------------------------------

    def create(self, shelf: Shelf) -> Shelf:
        """Store a new one behind the others; one without an address gets that of its name. Raises
        ``Invalid`` beside ``slug`` and others."""
        shelf = replace(shelf, slug=shelf.slug or slug_from(_name(shelf), LONGEST_SLUG))
        _check(shelf)

        def work(session: Session) -> Shelf:
            self._shelves.take_turn(session)
            if self._shelves.find(type(shelf), shelf.slug, session):
                raise _invalid("slug", Text("The address “%(slug)s” is taken.", slug=shelf.slug))
            position = self._shelves.last_position(type(shelf), session) + 1
            stored = replace(shelf, position=position, revision=1)
            self._shelves.insert(stored, session)
            self._tell(session, shelf.slug)
            return stored

        return self._write(work)

    def change(self, shelf: Shelf) -> tuple[Shelf, Shelf]:
        """Store it over the revision that was read; what it was and what it is then. Storing what
        is there already changes nothing. Its place among the others stays.

        Raises ``Invalid``, ``NotFound``, and ``Overtaken`` if it is another revision by now.
        """
        _check(shelf)

        def work(session: Session) -> tuple[Shelf, Shelf]:
            self._shelves.take_turn(session)
            before = self._found(type(shelf), shelf.slug, session)
            after = replace(shelf, position=before.position)
            if after == before:
                return before, before
            if before.revision != shelf.revision:
                raise Overtaken(before)
            self._shelves.replace(after, session)
            self._tell(session, shelf.slug)
            return before, replace(after, revision=after.revision + 1)

        return self._write(work)

    def delete(self, kind: type[Shelf], slug: str) -> Shelf:
        """Delete one, and return what it was. Raises ``NotFound``, and ``CategoryInUse``."""

        def work(session: Session) -> Shelf:
            self._shelves.take_turn(session)
            before = self._found(kind, slug, session)
            self._refuse_used(kind, slug, session)
            self._shelves.remove(kind, slug, session)
            self._tell(session, slug)
            return before

        return self._write(work)

    def restore(self, kind: type[Shelf], document: Mapping[str, Any]) -> None:
        """Put back what was deleted, as it was stored. Raises ``Conflict`` if its address is taken
        again."""
        shelf = read_shelf(kind, document)

        def work(session: Session) -> None:
            self._shelves.take_turn(session)
            if self._shelves.find(kind, shelf.slug, session):
                raise Conflict(Text("There is another one at this address by now."))
            self._shelves.insert(shelf, session)
            self._tell(session, shelf.slug)

        self._write(work)

    def arrange(self, kind: Kind, was: Sequence[str], order: Sequence[str]) -> bool:
        """Put all of a kind in another order; False if they are in it already.

        ``was`` is the order that the editor saw. Raises ``Conflict`` if it is another one by now.
        """

        def work(session: Session) -> bool:
            self._shelves.take_turn(session)
            current = self._shelves.slugs(kind, session)
            if list(order) == current:
                return False
            if list(was) != current or sorted(order) != sorted(current):
                raise Conflict(Text("Somebody else has changed the list. Please look again."))
            self._shelves.set_positions(kind, order, session)
            self._tell(session, *order)
            return True

        return self._write(work)

    def _refuse_used(self, kind: Kind, slug: str, session: Session) -> None:
        if kind is Category and self._shelves.has_products(slug, session):
            raise CategoryInUse(self._shelves.count_products(slug))

    def _found(self, kind: type[Shelf], slug: str, session: Session) -> Shelf:
        found = self._shelves.find(kind, slug, session)
        if found is None:
            raise NotFound(Text("There is nothing at “%(slug)s”.", slug=slug))
        return found

    def _tell(self, session: Session, *slugs: str) -> None:
        self._catalog.note_change(session, shelves=slugs)

    def _write(self, work: Callable[[Session], T]) -> T:
        result = self._database.in_transaction(work)
        self._follower.catch_up()
        return result


def _name(shelf: Category | Collection) -> str:
    return shelf.name if isinstance(shelf, Category) else shelf.title


def _check(shelf: Category | Collection) -> None:
    problems: dict[str, str] = {}
    if not _name(shelf):
        label = "name" if isinstance(shelf, Category) else "title"
        problems[label] = Text("Please give it a name.")
    if not shelf.slug:  # and so nothing to make it from
        if _name(shelf):
            problems["slug"] = NO_ADDRESS
    elif not _SLUG.fullmatch(shelf.slug) or len(shelf.slug) > LONGEST_SLUG:
        problems["slug"] = Text("Please use small letters, digits and hyphens.")
    elif shelf.slug in TAKEN_WORDS:
        problems["slug"] = Text("This word cannot be an address. Please choose another.")
    if isinstance(shelf, Collection):
        problems |= _collection_problems(shelf)
    if problems:
        raise Invalid(next(iter(problems.values())), problems)


def _collection_problems(shelf: Collection) -> dict[str, str]:
    problems: dict[str, str] = {}
    if shelf.starts_at and shelf.ends_at and shelf.ends_at <= shelf.starts_at:
        problems["ends_at"] = Text("The end lies before the start.")
    if shelf.rule is not None and not shelf.rule.conditions:
        problems["conditions"] = Text("A rule needs at least one condition.")
    if len(shelf.product_ids) > MOST_BY_HAND:
        problems["products"] = Text(
            "At most %(most)s products by hand; a rule takes any number.", most=MOST_BY_HAND
        )
    return problems


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(message, {field: message})
