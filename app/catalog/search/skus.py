"""Finding a product by a SKU, without holding a million strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from app.catalog.text import words

_MOST_RECENT = 4_096
_SHORTEST_STYLE = 3


def sku_keys(skus: Iterable[str]) -> set[int]:
    """What a product is found under: its SKUs, and their common beginning if it has a digit.

    ``MT10-XS-Red`` and ``MT10-S-Red`` are found, in any spelling of the dashes, and so is MT10.
    """
    spelt = [words(sku) for sku in skus]
    style = "".join(columns[0] for columns in takewhile(_all_equal, zip(*spelt, strict=False)))
    keys = {_key("".join(each)) for each in spelt if each}
    if len(style) >= _SHORTEST_STYLE and any(letter.isdigit() for letter in style):
        keys.add(_key(style))
    return keys


def _all_equal(column: tuple[str, ...]) -> bool:
    return len(set(column)) == 1


def sku_key(typed: Iterable[str]) -> int:
    """The key of a whole query."""
    return _key("".join(typed))


def _key(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest())


@dataclass(frozen=True, kw_only=True, slots=True)
class SkuTable:
    """Rows by key. Rows that lost a SKU are still named: who asks looks at the row again."""

    keys: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    rows: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    recent: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def rows_of(self, key: int) -> set[int]:
        """Rows that have or had a SKU with this key."""
        first, end = (
            np.searchsorted(self.keys, np.uint64(key), "left"),
            np.searchsorted(self.keys, np.uint64(key), "right"),
        )
        return {*map(int, self.rows[first:end]), *self.recent.get(key, ())}

    def with_more(self, pairs: list[tuple[int, int]]) -> SkuTable:
        """The table with some (key, row) more."""
        if not pairs:
            return self
        recent = dict(self.recent)
        for key, row in pairs:
            recent[key] = tuple({*recent.get(key, ()), row})
        table = SkuTable(keys=self.keys, rows=self.rows, recent=recent)
        return table.merged() if len(recent) > _MOST_RECENT else table

    def merged(self) -> SkuTable:
        """The same with everything in the sorted arrays."""
        flat = [(key, row) for key, rows in self.recent.items() for row in rows]
        keys = np.concatenate([self.keys, np.array([key for key, _ in flat], np.uint64)])
        rows = np.concatenate([self.rows, np.array([row for _, row in flat], np.int32)])
        order = np.lexsort((rows, keys))
        keys, rows = keys[order], rows[order]
        fresh = np.ones(len(keys), bool)
        fresh[1:] = (keys[1:] != keys[:-1]) | (rows[1:] != rows[:-1])
        return SkuTable(keys=keys[fresh], rows=rows[fresh])
