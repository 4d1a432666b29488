"""The rows of a changed copy of the read model."""

from __future__ import annotations

from typing import Any

from pyroaring import BitMap

from app.catalog.readmodel.bits import Numbers, members
from app.catalog.readmodel.columns import ColumnEdit, ListEdit
from app.catalog.readmodel.entries import Entry
from app.catalog.readmodel.model import CatalogModel, OptionValue
from app.catalog.readmodel.postings import PostingsEdit, SetEdit
from app.shared.ids import ProductId

_COLUMNS = (
    "published",
    "sales",
    "revision",
    "first",
    "count",
    "room",
    "shown",
    "text_print",
    "keywords",
)


class RowEdit:
    """Changes rows by number; ``size`` is how many numbers there are."""

    def __init__(self, base: CatalogModel) -> None:
        self.size = len(base.ids)
        self.ids: ListEdit[ProductId] = ListEdit(base.ids, ProductId(""))
        self.slugs: ListEdit[str] = ListEdit(base.slugs, "")
        self.columns = {name: ColumnEdit(getattr(base, name)) for name in _COLUMNS}
        self.in_stock = SetEdit(base.in_stock)
        self.categories = PostingsEdit[str](base.in_category)
        self._present = SetEdit(base.present)
        self._featured = SetEdit(base.featured)
        self._bundles = SetEdit(base.bundles)
        self._vendors = PostingsEdit[str](base.vendors)
        self._types = PostingsEdit[str](base.types)
        self._tags = PostingsEdit[str](base.tags)
        self._options = PostingsEdit[OptionValue](base.option_rows)
        self._base_row_of = base.row_of
        self._own_row_of: dict[ProductId, int] | None = None
        self._free = BitMap(range(self.size)) - base.present

    def find(self, product_id: ProductId) -> int | None:
        """The product's row, None if it has none."""
        known = self._base_row_of if self._own_row_of is None else self._own_row_of
        return known.get(product_id)

    def give(self, product_id: ProductId) -> int:
        """A row for a product that has none: a free one, or a new one at the end."""
        if self._free:
            row = int(self._free.min())
            self._free.remove(row)
        else:
            row, self.size = self.size, self.size + 1
        self._row_of()[product_id] = row
        self.ids[row] = product_id
        return row

    def free(self, row: int) -> None:
        """Make an emptied row free for another product."""
        self._row_of().pop(self.ids[row])
        self.ids[row] = ProductId("")
        self.slugs[row] = ""
        for name in ("sales", "count", "shown", "text_print"):
            self.columns[name][row] = 0
        self._free.add(row)

    def _row_of(self) -> dict[ProductId, int]:
        if self._own_row_of is None:
            self._own_row_of = dict(self._base_row_of)
        return self._own_row_of

    def blocks(self, rows: BitMap) -> tuple[Numbers, Numbers]:
        """The first variant and the number of variants of each of these rows."""
        numbers = members(rows)
        return self.columns["first"].at(numbers), self.columns["count"].at(numbers)

    def take_out(self, rows: BitMap) -> None:
        """Empty these rows; each keeps its product, its texts and its block of variants."""
        for each in (self._present, self._featured, self._bundles, self.in_stock):
            each.take_out(rows)
        for every in (self._vendors, self._types, self._tags, self.categories):
            every.take_out(rows)
        self._options.take_out(rows)

    def put(self, row: int, entry: Entry) -> None:
        """Write a product to its empty row, the columns of texts and variants aside."""
        self.slugs[row] = entry.slug
        for name, value in (
            ("published", entry.published_at),
            ("revision", entry.revision),
            ("shown", entry.shown),
            ("keywords", entry.keywords),
        ):
            self.columns[name][row] = value
        self._present.put(row, True)
        self._featured.put(row, entry.featured)
        self._bundles.put(row, entry.is_bundle)
        self.in_stock.put(row, any(each.in_stock for each in entry.variants))
        self.categories.add(entry.category, row)
        if entry.vendor:
            self._vendors.add(entry.vendor, row)
        if entry.type:
            self._types.add(entry.type, row)
        for tag in entry.tags:
            self._tags.add(tag, row)
        for pair in {pair for each in entry.variants for pair in each.options.items()}:
            self._options.add(pair, row)

    def done(self) -> dict[str, Any]:
        """The fields of the new model that go by row, orders aside."""
        columns = {name: column.done(self.size) for name, column in self.columns.items()}
        return {
            **columns,
            "ids": self.ids.done(),
            "slugs": self.slugs.done(),
            "row_of": self._base_row_of if self._own_row_of is None else self._own_row_of,
            "present": self._present.done(),
            "featured": self._featured.done(),
            "bundles": self._bundles.done(),
            "in_stock": self.in_stock.done(),
            "vendors": self._vendors.done(),
            "types": self._types.done(),
            "tags": self._tags.done(),
            "in_category": self.categories.done(),
            "option_rows": self._options.done(),
        }
