"""What a change of the catalog touched, for caches."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pyroaring import BitMap

from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.shelves import differing
from app.shared.ids import ProductId


@dataclass(frozen=True, kw_only=True, slots=True)
class Touched:
    """What readers of the catalog see differently now.

    ``listed``: something that a listing or a card shows changed (a change of the units left is
    none, selling out is). ``shelves`` then has the slugs of the categories and collections that
    show it, old and new. ``navigation``: the header's links. ``bestsellers``: only the order by
    sales. ``everything``: it may be anything.
    """

    product_ids: frozenset[ProductId] = frozenset()
    slugs: frozenset[str] = frozenset()
    shelves: frozenset[str] = frozenset()
    listed: bool = False
    navigation: bool = False
    bestsellers: bool = False
    everything: bool = False

    def __bool__(self) -> bool:
        return bool(
            self.product_ids or self.shelves or self.navigation
            or self.bestsellers or self.everything
        )  # fmt: skip


EVERYTHING = Touched(listed=True, navigation=True, everything=True)


class TouchedLog:
    """Notes what an edit touches."""

    def __init__(self) -> None:
        self._products: set[ProductId] = set()
        self._listed: set[ProductId] = set()
        self._slugs: set[str] = set()
        self._categories: set[str] = set()
        self.resold = False

    def note(self, product_id: ProductId, slug: str, categories: Iterable[str] = ()) -> None:
        """Note a product and, where its listings show the change, its categories."""
        self._products.add(product_id)
        self._slugs.add(slug)
        known = set(categories)
        if known:
            self._listed.add(product_id)
            self._categories |= known

    def between(self, before: CatalogModel, after: CatalogModel) -> Touched:
        """Everything touched by the step from one model to the other."""
        shelves = self._categories | differing(before.shelves, after.shelves)
        for model in (before, after):
            rows = BitMap(model.row_of[each] for each in self._listed if each in model.row_of)
            shelves |= {
                slug for slug, member in model.members_of.items() if member.rows.intersect(rows)
            }
        shelves |= _gained_or_lost(before, after)
        return Touched(
            product_ids=frozenset(self._products),
            slugs=frozenset(self._slugs),
            shelves=frozenset(shelves - {""}),
            listed=bool(self._listed or shelves),
            navigation=_links(before) != _links(after),
            bestsellers=self.resold,
        )


def _gained_or_lost(before: CatalogModel, after: CatalogModel) -> set[str]:
    """The collections by rule that have other products now: a change of tags shows nowhere else."""
    by_rule = {each.slug for each in before.shelves.collections if each.rule}
    return {
        slug
        for slug in by_rule.intersection(after.members_of)
        if _belonging(before, slug) != _belonging(after, slug)
    }


def _belonging(model: CatalogModel, slug: str) -> tuple[BitMap, object]:
    members = model.members_of[slug]
    return members.rows, members.by_market


def _links(model: CatalogModel) -> list[object]:
    categories, collections = model.navigation
    return [*categories, *(replace(each, product_ids=()) for each in collections)]
