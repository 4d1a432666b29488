"""How many of the pages that are asked for are there already, by the memory they may take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_STEPS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Pages:
    """What can be asked for: addresses by the catalog's size, in editions of unlike popularity."""

    products: int
    listings_per_product: float = 2.0  # listings, filters and searches that come again
    editions: tuple[float, ...] = (0.5, 0.2, 0.15, 0.1, 0.05)  # shares of market and language
    bytes_each: float = 12_000  # packed, and what an entry takes beside

    @property
    def count(self) -> int:
        """Pages of all editions."""
        return int(self.products * (1 + self.listings_per_product)) * len(self.editions)


def hit_rate(pages: Pages, memory: float, zipf: float) -> float:
    """Of a cache of ``memory`` bytes from which the least recently used goes first, once it is
    warm: Che's approximation, in which a page is there if it was asked for within one time that is
    the same for all."""
    ranks = np.arange(1, int(pages.products * (1 + pages.listings_per_product)) + 1)
    popular = ranks**-zipf
    popular /= popular.sum()
    asked = np.concatenate([share * popular for share in pages.editions])
    room = memory / pages.bytes_each
    if room >= asked.size:
        return 1.0
    low, high = 0.0, 1.0
    while (1 - np.exp(-asked * high)).sum() < room:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 - np.exp(-asked * middle)).sum() < room else (low, middle)
    return float((asked * (1 - np.exp(-asked * high))).sum())
