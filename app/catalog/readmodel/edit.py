"""A changed copy of the read model in the making."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from pyroaring import BitMap

from app.catalog.home import HomeComposition
from app.catalog.models import Category, Collection
from app.catalog.readmodel.bits import Mask, bitmap, mask, members, runs
from app.catalog.readmodel.entries import Entry
from app.catalog.readmodel.market import changed
from app.catalog.readmodel.model import CatalogModel
from app.catalog.readmodel.orders import Order, sorted_by
from app.catalog.readmodel.row_edit import RowEdit
from app.catalog.readmodel.shelves import Shelves
from app.catalog.readmodel.touched import Touched, TouchedLog
from app.catalog.readmodel.variant_edit import VariantEdit
from app.shared.ids import ProductId


class ModelEdit:
    """Collects changes; ``done`` gives the new model. What does not change is shared with the
    old one, which its readers keep as it was."""

    def __init__(self, base: CatalogModel) -> None:
        self._base = base
        self._rows = RowEdit(base)
        self._variants = VariantEdit(base)
        self._search = base.search.edit()
        self._shelves = base.shelves
        self._changed = BitMap()  # rows that were emptied, written or both
        self._renamed = BitMap()  # rows that are another product than before, or none
        self._resold = BitMap()
        self._log = TouchedLog()

    def apply(self, entries: Sequence[Entry], gone: Iterable[ProductId] = ()) -> None:
        """Put products in the place of what was known of them, and take others out."""
        leaving = [row for each in gone if (row := self._rows.find(each)) is not None]
        whole = [entry for entry in entries if not self._only_restocked(entry)]
        known = [row for each in whole if (row := self._rows.find(each.id)) is not None]
        for row in leaving:
            self._note(row)
        for entry in whole:
            self._note_entry(entry)
        self._take_out(BitMap([*leaving, *known]))
        for row in leaving:
            self._rows.free(row)
            self._search.drop(row)
            self._renamed.add(row)
        for entry in whole:
            self._put(entry)

    def _note(self, row: int) -> None:
        categories = self._rows.categories.keys_of(row)
        self._log.note(self._rows.ids[row], self._rows.slugs[row], categories)

    def _note_entry(self, entry: Entry) -> None:
        """Note a product before it changes, with all its categories if a listing will show it."""
        row = self._rows.find(entry.id)
        if row is not None:
            same = self._rows.columns["shown"][row] == entry.shown
            first = int(self._rows.columns["first"][row])
            if same and self._variants.sells_as(first, entry.variants):
                self._log.note(entry.id, entry.slug)
                return
            self._note(row)
        self._log.note(entry.id, entry.slug, [entry.category])

    def _only_restocked(self, entry: Entry) -> bool:
        """Where nothing but stock can have changed, mend that alone, and say so."""
        row = self._rows.find(entry.id)
        columns = self._rows.columns
        if row is None or (
            columns["shown"][row] != entry.shown
            or columns["text_print"][row] != entry.text_print
            or columns["revision"][row] != entry.revision
        ):
            return False
        self._note_entry(entry)
        self._variants.restock(int(columns["first"][row]), entry.variants)
        self._rows.in_stock.put(row, _in_stock(entry))
        return True

    def _take_out(self, rows: BitMap) -> None:
        if rows:
            firsts, counts = self._rows.blocks(rows)
            variants = bitmap(np.sort(runs(firsts, counts)))
            self._rows.take_out(rows)
            self._variants.take_out(rows, variants)
            self._changed |= rows

    def _put(self, entry: Entry) -> None:
        row = self._rows.find(entry.id)
        if row is None:
            row = self._rows.give(entry.id)
            self._renamed.add(row)
        self._changed.add(row)
        self._put_text(row, entry)
        self._rows.put(row, entry)
        self._variants.put(row, self._block(row, len(entry.variants)), entry.variants)

    def _put_text(self, row: int, entry: Entry) -> None:
        known = self._rows.columns["text_print"][row]
        if known != entry.text_print:
            if known:
                self._search.drop(row)
            self._search.put(row, entry.text)
            self._rows.columns["text_print"][row] = entry.text_print

    def _block(self, row: int, count: int) -> int:
        """The number of the row's first variant, with room for ``count``."""
        columns = self._rows.columns
        if columns["room"][row] < count:
            columns["first"][row] = self._variants.size
            columns["room"][row] = count
            self._variants.size += count
        columns["count"][row] = count
        return int(columns["first"][row])

    def set_sales(self, units: Mapping[ProductId, int]) -> None:
        """Write how many units these products sold so far."""
        sales = self._rows.columns["sales"]
        for product_id, count in units.items():
            row = self._rows.find(product_id)
            if row is not None and sales[row] != count:
                sales[row] = count
                self._resold.add(row)

    def set_shelves(
        self,
        categories: Sequence[Category],
        collections: Sequence[Collection],
        homes: Sequence[HomeComposition] = (),
    ) -> None:
        """Put these categories, collections and home pages in the place of those known."""
        shelves = Shelves(
            categories=tuple(categories), collections=tuple(collections), homes=tuple(homes)
        )
        if shelves != self._shelves:
            self._shelves = shelves

    def done(self) -> CatalogModel:
        """The new model; this edit must not be used any longer."""
        base = self._base
        model = replace(
            base,
            **self._rows.done(),
            **self._variants.done(),
            search=self._search.done(),
            shelves=self._shelves,
        )
        newest, moved = self._newest(model)
        return replace(
            model,
            newest=newest,
            bestselling=self._bestselling(model, newest, moved),
            markets=self._variants.markets(self._rows.size, self._changed, moved, newest),
        )

    def touched(self, after: CatalogModel) -> Touched:
        """What readers see differently in the new model."""
        self._log.resold = bool(self._resold)
        return self._log.between(self._base, after)

    def _newest(self, model: CatalogModel) -> tuple[Order, BitMap]:
        """The order by day of publication, and the rows with another place in it."""
        base, ids, published = self._base, model.ids, model.published
        moved = self._renamed | changed(base.published, published, self._changed)
        order = base.newest.mended(
            moved, moved & model.present, self._rows.size, lambda row: (published[row], ids[row])
        )
        if order is None:
            rows = members(model.present)
            by_id = np.zeros(self._rows.size, np.int32)
            by_id[sorted(rows.tolist(), key=ids.__getitem__)] = np.arange(len(rows))
            order = sorted_by(rows, published, by_id)
        return order, moved

    def _bestselling(self, model: CatalogModel, newest: Order, moved: BitMap) -> Order:
        """By units sold, featured ones first among equals, then the newest."""
        sales, ties, base = model.sales, newest.rank, self._base
        featured: Mask = mask(model.featured, self._rows.size)
        turned = (base.featured ^ model.featured) & self._changed
        moved = moved | turned | self._resold
        order = base.bestselling.mended(
            moved,
            moved & model.present,
            self._rows.size,
            lambda row: (sales[row], featured[row], ties[row]),
        )
        return order or sorted_by(members(model.present), sales, featured, ties)


def _in_stock(entry: Entry) -> bool:
    return any(each.in_stock for each in entry.variants)
