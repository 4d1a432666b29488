"""Which lines a promotion looks at."""

from __future__ import annotations

from collections.abc import Iterable

from app.promotions.kinds import Scope
from app.promotions.models import Item


def fits(scope: Scope, item: Item) -> bool:
    """Whether a line is in scope; vendor, type and tag regardless of case."""
    if scope.is_everything:
        return True
    return (
        item.sku in scope.skus
        or item.product_id in scope.products
        or item.slug in scope.products
        or not item.collections.isdisjoint(scope.collections)
        or _among(item.vendor, scope.vendors)
        or _among(item.type, scope.types)
        or any(_among(tag, scope.tags) for tag in item.tags)
    )


def in_scope(scope: Scope, items: Iterable[Item]) -> list[Item]:
    """The lines in scope."""
    return [item for item in items if fits(scope, item)]


def _among(name: str, names: Iterable[str]) -> bool:
    return bool(name) and name.casefold() in {each.casefold() for each in names}
