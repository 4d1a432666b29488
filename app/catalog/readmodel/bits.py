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
    keys = range(int(numbers[0]) // _SPAN, int(numbers[-1]) // _SPAN + 1)
    starts = np.searchsorted(numbers, [key * _SPAN for key in keys[1:]])
    parts = np.split((numbers & (_SPAN - 1)).astype("<u2"), starts)
    filled = ((key, len(part), _container(part)) for key, part in zip(keys, parts, strict=True))
    return _joined([each for each in filled if each[1]])


def where(flags: Mask) -> BitMap:
    """The set of the places that are true."""
    parts = (flags[start : start + _SPAN] for start in range(0, len(flags), _SPAN))
    counted = ((key, int(np.count_nonzero(part)), part) for key, part in enumerate(parts))
    return _joined([(key, size, _flagged(part, size)) for key, size, part in counted if size])


def _joined(containers: list[tuple[int, int, bytes]]) -> BitMap:
    """A set of containers (key, size, body), by way of the portable serialisation without runs:
    github.com/RoaringBitmap/RoaringFormatSpec."""
    head = np.array([(key, size - 1) for key, size, _ in containers], "<u2")
    bodies = [body for _, _, body in containers]
    ends = np.cumsum([8 + 8 * len(bodies), *map(len, bodies)])
    prefix = np.array([_COOKIE, len(bodies)], "<u4").tobytes()
    parts = (prefix, head.tobytes(), ends[:-1].astype("<u4").tobytes(), *bodies)
    return BitMap.deserialize(b"".join(parts))


def _container(part: NDArray[Any]) -> bytes:
    if len(part) <= _DENSE:
        return part.tobytes()
    bits = np.zeros(_SPAN, np.bool_)
    bits[part] = True
    return _flagged(bits, len(part))


def _flagged(flags: Mask, size: int) -> bytes:
    """The body of a container, of which ``size`` flags are true."""
    if size <= _DENSE:
        return np.flatnonzero(flags).astype("<u2").tobytes()
    return np.packbits(flags, bitorder="little").tobytes().ljust(_SPAN // 8, b"\0")


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
