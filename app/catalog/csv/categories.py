"""Which category a file means: files know names alone, and the shop may have renamed its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from zlib import crc32

from slugify import slugify

from app.catalog.models import Category
from app.catalog.shelving import LONGEST_SLUG, TAKEN_WORDS


def category_names(cell: str, kind: str) -> tuple[str, ...]:
    """The names that the category can have, the likeliest first: all of the cell, the end of the
    path that it may be, or the product's type where it is empty."""
    if not cell:
        return (kind,) if kind else ()
    parts = [part.strip() for part in cell.split(">") if part.strip()]
    return tuple(dict.fromkeys((cell, *parts[-1:])))


class CategoriesByName:
    """The shop's categories, and the address that a new one gets."""

    def __init__(self, known: Iterable[Category]) -> None:
        self._slugs: dict[str, list[str]] = defaultdict(list)
        for each in known:
            self._slugs[each.name].append(each.slug)

    def slug_of(self, names: Sequence[str], own: str = "") -> str:
        """The address of the category with the first of these names that is known, ``own`` if
        there are several; else the one that a new one of the last name has, "" for no name."""
        for name in names:
            if slugs := self._slugs.get(name):
                return own if own in slugs else slugs[0]
        return _new_slug(names[-1]) if names else ""


def _new_slug(name: str) -> str:
    slug = slugify(name, max_length=LONGEST_SLUG)
    if not slug:  # no letter that an address can have
        return f"category-{crc32(name.encode()):08x}"
    return f"category-{slug}" if slug in TAKEN_WORDS else slug
