"""The categories and collections that there are, and what of them the home page shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.catalog.home import EVERYWHERE, HOME, HomeComposition
from app.catalog.models import Category, Collection


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelves:
    """Every category and collection in the owner's order, and the stored home pages."""

    categories: tuple[Category, ...] = ()
    collections: tuple[Collection, ...] = ()
    homes: tuple[HomeComposition, ...] = ()

    def category(self, slug: str) -> Category | None:
        """The category with this slug, or None."""
        return next((each for each in self.categories if each.slug == slug), None)

    def collection(self, slug: str) -> Collection | None:
        """The collection with this slug, or None."""
        return next((each for each in self.collections if each.slug == slug), None)

    def home_of(self, market: str) -> HomeComposition | None:
        """What the owner has put on the home page in a market, None for the standard one."""
        stored = {each.market: each for each in self.homes}
        return stored.get(market) or stored.get(EVERYWHERE)


def differing(before: Shelves, after: Shelves) -> set[str]:
    """Slugs of the categories and collections that are not what they were, ``HOME`` among them if
    a home page is not."""
    pairs = [
        (_by_slug(before.categories), _by_slug(after.categories)),
        (_by_slug(before.collections), _by_slug(after.collections)),
    ]
    slugs = {slug for old, new in pairs for slug in {*old, *new} if old.get(slug) != new.get(slug)}
    return slugs if before.homes == after.homes else slugs | {HOME}


def _by_slug(shelves: Iterable[Category | Collection]) -> dict[str, Category | Collection]:
    return {each.slug: each for each in shelves}
