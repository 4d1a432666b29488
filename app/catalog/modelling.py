"""Making the read model of the catalog's documents, whole or where they changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from types import MappingProxyType

from app.catalog.bundles import Catalogue, catalogue_of
from app.catalog.models import Product
from app.catalog.readmodel.edit import ModelEdit
from app.catalog.readmodel.entries import Entry, is_published, make_entry, print_of
from app.catalog.readmodel.model import CatalogModel, empty_model
from app.catalog.readmodel.touched import EVERYTHING, Touched
from app.catalog.repository import CatalogRepository, Change
from app.catalog.stock import StockReader
from app.shared.ids import ProductId, Sku

_BATCH = 500
_MANY = 2_000  # changed products, or a quarter of all: reading everything is quicker


class Modelling:
    """Reads products, stock, sales, categories and collections into models."""

    def __init__(self, catalog: CatalogRepository, stock: StockReader) -> None:
        self._catalog = catalog
        self._stock = stock

    def build(self) -> CatalogModel:
        """The model of all documents."""
        edit = ModelEdit(empty_model())
        stock = self._stock.every_available()
        bundles: list[Product] = []
        products = self._catalog.every_product()
        while batch := list(islice(products, _BATCH)):
            edit.apply(_entries((each for each in batch if not each.is_bundle), stock))
            bundles += [each for each in batch if each.is_bundle]
        edit.apply(_entries(bundles, stock, self._parts_of(bundles)))
        edit.set_sales(self._catalog.units_sold())
        self._read_shelves(edit)
        return edit.done()

    def _parts_of(self, products: Iterable[Product]) -> Catalogue:
        skus = {sku for each in products for sku in each.part_skus}
        return catalogue_of(self._catalog.with_skus(skus)) if skus else {}

    def update(
        self, model: CatalogModel, changes: Iterable[Change]
    ) -> tuple[CatalogModel, Touched]:
        """The model after these changes, and what they touched."""
        known = list(changes)
        wanted = {each for change in known for each in change.product_ids}
        skus = {sku for change in known for sku in change.skus}
        prints = [print_of(sku) for sku in skus]
        if prints:
            wanted |= set(model.with_sku_prints(prints))
        too_many = len(wanted) > max(_MANY, len(model.present) // 4)
        if too_many or any(change.is_anything for change in known):
            return self.build(), EVERYTHING
        edit = ModelEdit(model)
        self._read_products(edit, model, wanted, skus)
        if any(change.shelves for change in known):
            self._read_shelves(edit)
        after = edit.done()
        return after, edit.touched(after)

    def _read_products(
        self, edit: ModelEdit, model: CatalogModel, wanted: set[ProductId], skus: set[Sku]
    ) -> None:
        """Read the wanted products, and the bundles made of them or of these SKUs."""
        if not (wanted or skus):
            return
        found = self._catalog.by_ids(wanted)
        if model.bundles:
            skus |= {each.sku for product in found.values() for each in product.variants}
            found |= {each.id: each for each in self._catalog.bundles_of(skus)}
        products = [each for each in found.values() if is_published(each)]
        parts = self._parts_of(products)
        own = {each.sku for product in products for each in product.variants}
        stock = self._stock.available(own | parts.keys())
        gone = wanted - {each.id for each in products}
        edit.apply(_entries(products, stock, parts), gone)
        new = [each.id for each in products if each.id not in model.row_of]
        if new:
            edit.set_sales(self._catalog.units_sold_of(new))

    def _read_shelves(self, edit: ModelEdit) -> None:
        edit.set_shelves(
            self._catalog.categories(), self._catalog.collections(), self._catalog.homes()
        )

    def with_shelves(self, model: CatalogModel) -> CatalogModel:
        """The model with the categories and collections as they are now."""
        edit = ModelEdit(model)
        self._read_shelves(edit)
        return edit.done()

    def resold(self, model: CatalogModel, ids: Iterable[ProductId]) -> tuple[CatalogModel, Touched]:
        """The model with the units that these products sold so far."""
        edit = ModelEdit(model)
        edit.set_sales(self._catalog.units_sold_of(ids))
        after = edit.done()
        return after, edit.touched(after)


def _entries(
    products: Iterable[Product], stock: Mapping[Sku, int], parts: Catalogue = MappingProxyType({})
) -> list[Entry]:
    return [make_entry(each, stock, parts) for each in products if is_published(each)]
