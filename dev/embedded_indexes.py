"""Of an updated document SecantusDB writes the entries of those indexes alone that it changes.

It took all entries of the document out of all indexes and put them back, half the cost of an
update, though most change a field or two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import bson
from secantus import storage

from dev.embedded_catalog import CatalogStorage

PATCHED = {
    storage.Storage: ("update_matching", "_delete_index_entries", "_write_index_entries"),
}
_Document = Mapping[str, Any]
_Index = tuple[str, dict[str, Any], bool, bool]  # name, fields, sparse, unique


def touched(
    indexes: Iterable[_Index], filters: Mapping[str, _Document], old: _Document, new: _Document
) -> list[_Index]:
    """The indexes whose entries may differ between two states of a document; ``filters`` are those
    of the partial ones. Compares whole fields, as they are stored: 1 is not 1.0 or true, and of two
    objects with the same members in another order each has an entry of its own."""
    differs: dict[str, bool] = {}

    def is_other(path: str) -> bool:
        name = path.partition(".")[0]
        if name not in differs:
            differs[name] = name.startswith("$") or not _are_same(name, old, new)
        return differs[name]

    return [
        index
        for index in indexes
        if any(map(is_other, index[1])) or any(map(is_other, filters.get(index[0], ())))
    ]


def _are_same(name: str, old: _Document, new: _Document) -> bool:
    if name not in old or name not in new:
        return name not in old and name not in new
    before, after = old[name], new[name]
    return before is after or bool(bson.encode({"": before}) == bson.encode({"": after}))


class IndexStorage(CatalogStorage):
    """Storage that leaves the index entries of an updated document that stay as they are."""

    def update_matching(self, *arguments: Any, **options: Any) -> Any:
        """Note that what is taken out of the indexes now comes back changed."""
        self._tls.updated = {}  # record -> the document as it was
        try:
            return super().update_matching(*arguments, **options)
        finally:
            self._tls.updated = None

    def _delete_index_entries(
        self, db: str, coll: str, doc: _Document, *about: Any, recordid: int
    ) -> None:
        updated = getattr(self._tls, "updated", None)
        if updated is None:
            super()._delete_index_entries(db, coll, doc, *about, recordid=recordid)
        else:  # its new state comes next
            updated[recordid] = doc

    def _write_index_entries(
        self,
        db: str,
        coll: str,
        doc: _Document,
        indexes: list[_Index],
        partials: Any = None,
        *,
        recordid: int,
    ) -> None:
        old = (getattr(self._tls, "updated", None) or {}).pop(recordid, None)
        if old is not None:
            filters = self._partial_filters(db, coll) if partials is None else partials
            indexes = touched(indexes, filters, old, doc)
            super()._delete_index_entries(db, coll, old, indexes, partials, recordid=recordid)
        super()._write_index_entries(db, coll, doc, indexes, partials, recordid=recordid)
