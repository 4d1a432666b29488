"""Sets of numbers as bitmaps, and their passage to and from numpy arrays."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap

Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]
_FEW = 1024
_SPAN = 1 << 16  # numbers in one container of a Roaring bitmap
_DENSE = 4096  # more than that in a container, and it is stored as bits
_COOKIE = 12346


def bitmap(numbers: NDArray[Any]) -> BitMap:
    """The set of ``numbers``, which must rise.

    Long ones are written in the Roaring interchange format and read back, which takes a
    fiftieth of the time of adding one number after the other.
    """
    if len(numbers) < _FEW:
        return BitMap(array("I", numbers.tolist()))
    whole = numbers.astype(np.uint32, copy=False)
    highs, lows = whole >> 16, (whole & (_SPAN - 1)).astype("<u2")
    keys, starts = np.unique(highs, return_index=True)
    parts = np.split(lows, starts[1:])
    return BitMap.deserialize(_interchange(keys, parts))


def _interchange(keys: NDArray[Any], parts: list[NDArray[Any]]) -> bytes:
    """The portable serialisation without runs: github.com/RoaringBitmap/RoaringFormatSpec."""
    head = np.empty((len(keys), 2), "<u2")
    head[:, 0] = keys
    head[:, 1] = [len(part) - 1 for part in parts]
    bodies = [_container(part) for part in parts]
    first = 8 + 8 * len(keys)
    ends = np.cumsum([first, *map(len, bodies)])
    prefix = np.array([_COOKIE, len(keys)], "<u4").tobytes()
    return b"".join((prefix, head.tobytes(), ends[:-1].astype("<u4").tobytes(), *bodies))


def _container(part: NDArray[Any]) -> bytes:
    if len(part) <= _DENSE:
        return part.tobytes()
    bits = np.zeros(_SPAN, np.bool_)
    bits[part] = True
    return np.packbits(bits, bitorder="little").tobytes()


def members(bits: BitMap) -> Numbers:
    """The members of a set, rising."""
    return np.frombuffer(bits.to_array(), np.int32)


def mask(bits: BitMap, size: int) -> Mask:
    """For each number below ``size``, whether it is in the set."""
    result = np.zeros(size, np.bool_)
    result[members(bits)] = True
    return result


def union(sets: Iterable[BitMap]) -> BitMap:
    """The members of any of the sets, in a set of its own."""
    known = list(sets)
    return BitMap.union(*known) if known else BitMap()


def runs(firsts: NDArray[Any], counts: NDArray[Any]) -> Numbers:
    """The numbers of the ranges that begin at ``firsts`` and are ``counts`` long, in turn."""
    ends = np.cumsum(counts, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    shifts = np.repeat(firsts - (ends - counts), counts)
    return (shifts + np.arange(total)).astype(np.int32)


def distinct(sorted_runs: NDArray[Any]) -> int:
    """How many different numbers there are where equal ones stand together."""
    if not len(sorted_runs):
        return 0
    return 1 + int(np.count_nonzero(sorted_runs[1:] != sorted_runs[:-1]))
