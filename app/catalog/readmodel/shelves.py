"""Categories and collections over the rows that stand in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from pyroaring import BitMap

from app.catalog.models import Category, Collection
from app.catalog.readmodel.bits import Numbers
from app.shared.ids import ProductId


@dataclass(frozen=True, kw_only=True, slots=True)
class Membership:
    """The rows of a collection: in the owner's order, and as a set."""

    order: Numbers
    rows: BitMap


@dataclass(frozen=True, kw_only=True, slots=True)
class Shelves:
    """Every category and collection in the owner's order, and what is in the collections."""

    categories: tuple[Category, ...] = ()
    collections: tuple[Collection, ...] = ()

    def category(self, slug: str) -> Category | None:
        """The category with this slug, or None."""
        return next((each for each in self.categories if each.slug == slug), None)

    def collection(self, slug: str) -> Collection | None:
        """The collection with this slug, or None."""
        return next((each for each in self.collections if each.slug == slug), None)


def resolve(
    collections: Iterable[Collection], row_of: Mapping[ProductId, int]
) -> dict[str, Membership]:
    """The members of each collection, by slug; products that are not published are left out."""
    found = {}
    for collection in collections:
        ids = dict.fromkeys(collection.product_ids)
        order = [row_of[each] for each in ids if each in row_of]
        found[collection.slug] = Membership(order=np.array(order, np.int32), rows=BitMap(order))
    return found


def differing(before: Shelves, after: Shelves) -> set[str]:
    """Slugs of the categories and collections that are not what they were."""
    pairs = [
        (_by_slug(before.categories), _by_slug(after.categories)),
        (_by_slug(before.collections), _by_slug(after.collections)),
    ]
    return {slug for old, new in pairs for slug in {*old, *new} if old.get(slug) != new.get(slug)}


def _by_slug(shelves: Iterable[Category | Collection]) -> dict[str, Category | Collection]:
    return {each.slug: each for each in shelves}
