"""Finding products to be put somewhere: into a collection, a bundle, onto the home page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyroaring import BitMap

from app.catalog.models import Product
from app.catalog.readmodel.bits import Numbers
from app.catalog.readmodel.model import CatalogModel
from app.catalog.repository import CatalogRepository
from app.catalog.search import Hits
from app.catalog.service import CatalogService
from app.db.database import Database
from app.shared.ids import ProductId, Sku


class ProductFinder:
    """Looks products up by words, SKUs and ids."""

    def __init__(self, database: Database, catalog: CatalogService) -> None:
        self._catalog = CatalogRepository(database)
        self._service = catalog

    def find(self, text: str, most: int) -> list[Product]:
        """Published products by words, and whatever has the text as its SKU; nothing for ""."""
        if not text.strip():
            return []
        model = self._service.model()
        hits = search_rows(model, text, model.present)
        ids = [model.ids[row] for row in hits.ranked[:most].tolist()]
        found = {each.id: each for each in self._catalog.with_skus([Sku(text.strip())])}
        return list((found | dict(self._in_order(ids))).values())[:most]

    def by_ids(self, ids: Iterable[ProductId]) -> list[Product]:
        """These products in this order, whatever their status; those that are gone left out."""
        return [product for _, product in self._in_order(list(ids))]

    def with_skus(self, skus: Iterable[Sku]) -> list[Product]:
        """Every product that has one of these SKUs."""
        return self._catalog.with_skus(skus)

    def _in_order(self, ids: list[ProductId]) -> Iterator[tuple[ProductId, Product]]:
        known = self._catalog.by_ids(ids)
        return ((each, known[each]) for each in ids if each in known)


def search_rows(model: CatalogModel, query: str, rows: BitMap) -> Hits:
    """Rows by falling relevance, the newest first among equals."""

    def newest_first(found: BitMap) -> Numbers:
        return model.newest.page(found, 0, len(found))

    return model.search.find(query, rows, newest_first)
