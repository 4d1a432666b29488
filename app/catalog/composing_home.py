"""Editing the home page: stored for one market or all, shown by every process at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.catalog.errors import Overtaken
from app.catalog.follower import CatalogFollower
from app.catalog.home import (
    HOME,
    MOST_FEATURED,
    HomeComposition,
    home_from_document,
)
from app.catalog.models import Collection
from app.catalog.repository import CatalogRepository
from app.catalog.shelf_repository import ShelfRepository
from app.db.database import Database, Session
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.languages import DEFAULT
from app.shared.texts import Text

_LONGEST = {"title": 120, "text": 400, "label": 60}


class HomeComposing:
    """The home page as the owner edits it."""

    def __init__(self, database: Database, follower: CatalogFollower) -> None:
        self._database = database
        self._shelves = ShelfRepository(database)
        self._catalog = CatalogRepository(database)
        self._follower = follower

    def find(self, market: str) -> HomeComposition | None:
        """What is stored for a market, or for ``EVERYWHERE``; None where nothing is."""
        return self._shelves.find_home(market)

    def store(self, home: HomeComposition) -> tuple[HomeComposition | None, HomeComposition]:
        """Store a composition over the revision that was read, 0 if nothing was stored; what it
        was and what it is then. Storing what is there already changes nothing.

        Raises ``Invalid`` and ``Overtaken``.
        """

        def work(session: Session) -> tuple[HomeComposition | None, HomeComposition]:
            self._shelves.take_turn(session)
            known = {each.slug for each in self._shelves.every(Collection, session)}
            _check(home, known)
            before = self._shelves.find_home(home.market, session)
            if before == home:
                return before, home
            if (before.revision if before else 0) != home.revision:
                raise Overtaken(before)
            after = replace(home, revision=home.revision + 1)
            self._shelves.store_home(after, session)
            self._catalog.note_change(session, shelves=[HOME])
            return before, after

        result = self._database.in_transaction(work)
        self._follower.catch_up()
        return result

    def remove(self, market: str) -> HomeComposition:
        """Go back to what is shown without it; what it was. Raises ``NotFound``."""

        def work(session: Session) -> HomeComposition:
            self._shelves.take_turn(session)
            before = self._shelves.find_home(market, session)
            if before is None:
                raise NotFound(Text("Nothing is stored for this market."))
            self._shelves.remove_home(market, session)
            self._catalog.note_change(session, shelves=[HOME])
            return before

        removed = self._database.in_transaction(work)
        self._follower.catch_up()
        return removed

    def restore(self, document: Mapping[str, Any]) -> None:
        """Put back what was removed, as it was stored. Raises ``Conflict`` if there is another by
        now."""
        home = home_from_document(document)

        def work(session: Session) -> None:
            self._shelves.take_turn(session)
            if self._shelves.find_home(home.market, session):
                raise Conflict(Text("Another home page is stored by now."))
            self._shelves.store_home(home, session)
            self._catalog.note_change(session, shelves=[HOME])

        self._database.in_transaction(work)
        self._follower.catch_up()


def _check(home: HomeComposition, collections: set[str]) -> None:
    problems: dict[str, str] = {}
    if home.hero is not None:
        if not home.hero.title.get(DEFAULT):
            problems["title.en"] = Text("Please write a headline in English.")
        if not home.hero.link.startswith("/") or home.hero.link.startswith("//"):
            problems["link"] = Text("Please give a path of this shop, such as /collections/new.")
        texts = {"title": home.hero.title, "text": home.hero.text, "label": home.hero.label}
        for name, most in _LONGEST.items():
            for language, text in texts[name].items():
                if len(text) > most:
                    problems[f"{name}.{language}"] = Text(
                        "Please use at most %(most)s characters.", most=most
                    )
    if not collections.issuperset(home.collections):
        problems["collections"] = Text("One of these collections is gone. Please look again.")
    if len(home.featured) > MOST_FEATURED:
        problems["products"] = Text("At most %(most)s products.", most=MOST_FEATURED)
    if problems:
        raise Invalid(next(iter(problems.values())), problems)
