"""Price bands: the variants of a market by price, in parts of like size."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

from app.catalog.readmodel.bits import bitmap, members, union

_BANDS = 64
_UNEVEN = 8  # a band this many times its share has the bands cut anew
_SMALL = 1024


class PriceBands:
    """Finds variants by price: whole bands are joined, only those at the edges are looked into.

    ``edges[n]`` is the lowest price of band ``n + 1``.
    """

    def __init__(self, edges: NDArray[np.int64], bands: tuple[BitMap, ...]) -> None:
        self.edges = edges
        self.bands = bands

    @classmethod
    def cut(cls, prices: NDArray[np.int64], priced: BitMap) -> PriceBands:
        """Bands for these prices by variant."""
        variants = members(priced)
        values = prices[variants]
        shares = np.linspace(0, 1, _BANDS + 1)[1:-1]
        edges = (
            np.unique(np.quantile(values, shares, method="nearest").astype(np.int64))
            if len(values)
            else values
        )
        places = np.searchsorted(edges, values, side="right")
        bands = tuple(bitmap(variants[places == place]) for place in range(len(edges) + 1))
        return cls(edges, bands)

    def between(self, floor: int | None, ceiling: int | None, prices: NDArray[Any]) -> BitMap:
        """The variants that cost ``floor`` to ``ceiling`` minor units, both included."""
        low = int(np.searchsorted(self.edges, floor, "right")) if floor is not None else 0
        high = len(self.edges)
        if ceiling is not None:
            high = int(np.searchsorted(self.edges, ceiling, "right"))
        if low > high:
            return BitMap()
        found = union(self.bands[low + 1 : high])
        for place in {low, high}:
            found |= _within(self.bands[place], floor, ceiling, prices)
        return found

    def changed(self, gone: BitMap, come: BitMap, prices: NDArray[np.int64]) -> PriceBands:
        """Bands without the variants ``gone`` and with ``come`` at their new prices."""
        bands = [band - gone if band.intersect(gone) else band for band in self.bands]
        variants = members(come)
        places = np.searchsorted(self.edges, prices[variants], side="right")
        for place in np.unique(places):
            bands[place] = bands[place] | bitmap(variants[places == place])
        return PriceBands(self.edges, tuple(bands))

    @property
    def is_uneven(self) -> bool:
        """Whether a band has grown far beyond its share."""
        sizes = [len(band) for band in self.bands]
        return max(sizes) > max(_UNEVEN * sum(sizes) / _BANDS, _SMALL)


def _within(band: BitMap, floor: int | None, ceiling: int | None, prices: NDArray[Any]) -> BitMap:
    variants = members(band)
    fits = np.ones(len(variants), np.bool_)
    if floor is not None:
        fits &= prices[variants] >= floor
    if ceiling is not None:
        fits &= prices[variants] <= ceiling
    return bitmap(variants[fits])
