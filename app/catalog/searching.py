"""The search index beside a snapshot of the catalog: brought up to date when a newer one comes."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pyroaring import BitMap

from app.catalog.index import Row, Snapshot
from app.catalog.search import Hits, SearchIndex
from app.shared.ids import ProductId


@dataclass(frozen=True, kw_only=True, slots=True)
class Searchable:
    """An index with the rows behind its numbers."""

    index: SearchIndex = field(default_factory=SearchIndex)
    rows: Mapping[int, Row] = field(default_factory=dict)
    numbers: Mapping[ProductId, int] = field(default_factory=dict)
    snapshot: Snapshot | None = None

    def numbers_of(self, rows: Iterable[Row]) -> BitMap:
        """The rows as a set of numbers, without those that came after this index."""
        return BitMap([self.numbers[row.id] for row in rows if row.id in self.numbers])

    def ordered(self, hits: Hits) -> list[Row]:
        """The rows found, best first."""
        return [self.rows[int(number)] for number in hits.ranked]


class CatalogSearch:
    """Keeps the search index of the newest snapshot."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current = Searchable()

    def of(self, snapshot: Snapshot) -> Searchable:
        """The index of this snapshot."""
        if self._current.snapshot is not snapshot:
            with self._lock:
                if self._current.snapshot is not snapshot:
                    self._current = _renewed(self._current, snapshot)
        return self._current


def _renewed(old: Searchable, snapshot: Snapshot) -> Searchable:
    edit = old.index.edit()
    numbers = {name: number for name, number in old.numbers.items() if name in snapshot.rows}
    for name, number in old.numbers.items():
        if name not in snapshot.rows:
            edit.drop(number)
    free = max(old.rows, default=-1) + 1
    for name, row in snapshot.rows.items():
        if name not in numbers:
            numbers[name] = free
            free += 1
        known = old.rows.get(numbers[name])
        if known is None or known.words != row.words:
            edit.put(numbers[name], row.words)
    rows = {numbers[name]: row for name, row in snapshot.rows.items()}
    return Searchable(index=edit.done(), rows=rows, numbers=numbers, snapshot=snapshot)
