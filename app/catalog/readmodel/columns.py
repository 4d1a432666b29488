"""Columns of values by number, and changed copies of them."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
_ROOM = 256  # slots to spare in a copy


class ColumnEdit:
    """A changed copy of an array in the making; it is copied when first written to.

    ``fill`` stands where nothing was written.
    """

    def __init__(self, base: NDArray[Any], fill: int = 0) -> None:
        self._values = base
        self._size = len(base)
        self._fill = fill
        self._own = False

    def __getitem__(self, place: int) -> Any:
        return self._values[place] if place < self._size else self._fill

    def at(self, places: NDArray[Any]) -> NDArray[Any]:
        """The values at several places that were written to before."""
        values: NDArray[Any] = self._values[places]
        return values

    def __setitem__(self, place: Any, value: Any) -> None:
        """Write one place, or the places of an array of numbers."""
        last = int(place.max(initial=-1)) if isinstance(place, np.ndarray) else place
        self._reach(last + 1)
        self._values[place] = value

    def _reach(self, size: int) -> None:
        if not self._own or size > len(self._values):
            room = max(size, self._size)
            room += room // 2 if self._own else _ROOM
            shape = (room, *self._values.shape[1:])
            grown = np.full(shape, self._fill, self._values.dtype)
            grown[: self._size] = self._values[: self._size]
            self._values, self._own = grown, True
        self._size = max(self._size, size)

    def done(self, size: int) -> NDArray[Any]:
        """The column with ``size`` places; this edit must not be written to any longer."""
        if size > self._size:
            self._reach(size)
        return self._values[:size]


class ListEdit(Generic[T]):
    """The same for a list of things that are no numbers."""

    def __init__(self, base: list[T], fill: T) -> None:
        self._values = base
        self._fill = fill
        self._own = False

    def __getitem__(self, place: int) -> T:
        return self._values[place] if place < len(self._values) else self._fill

    def __setitem__(self, place: int, value: T) -> None:
        if self[place] == value and place < len(self._values):
            return
        if not self._own:
            self._values, self._own = list(self._values), True
        missing = place + 1 - len(self._values)
        if missing > 0:
            self._values.extend([self._fill] * missing)
        self._values[place] = value

    def done(self) -> list[T]:
        """The list; this edit must not be written to any longer."""
        return self._values
