"""Which kept pages show what changed. Views name the same tags when they make a page."""

from __future__ import annotations

from collections.abc import Iterable

from app.catalog.readmodel.touched import Touched
from app.shared.ids import ProductId
from app.web.page_store import PageStore

LISTED = "listed"  # shows products of the whole catalog
BESTSELLERS = "bestsellers"  # is in the order of sales


def of_shelf(slug: str) -> str:
    """The tag of what shows a category or a collection."""
    return f"shelf:{slug}"


def of_products(product_ids: Iterable[ProductId]) -> set[str]:
    """The tags of what shows these very products."""
    return {f"product:{each}" for each in product_ids}


def forget(store: PageStore, touched: Touched) -> None:
    """Drop every page that shows what was touched."""
    if touched.everything or touched.navigation:
        store.drop_all()
        return
    tags = of_products(touched.product_ids) | set(map(of_shelf, touched.shelves))
    if touched.listed:
        tags.add(LISTED)
    if touched.bestsellers:
        tags.add(BESTSELLERS)
    store.drop(tags)
