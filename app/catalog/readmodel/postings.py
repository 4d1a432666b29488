"""Maps of a value to the set of numbers that have it, and changed copies of them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

from pyroaring import BitMap

K = TypeVar("K", bound=Hashable)


class SetEdit:
    """A changed copy of one set in the making."""

    def __init__(self, base: BitMap) -> None:
        self._set = base
        self._own = False

    @property
    def current(self) -> BitMap:
        """The set as it stands; to be read only."""
        return self._set

    def put(self, number: int, belongs: bool) -> None:
        """Add the number, or take it out."""
        if (number in self._set) != belongs:
            self._copy()
            if belongs:
                self._set.add(number)
            else:
                self._set.remove(number)

    def take_out(self, numbers: BitMap) -> None:
        """Take all these numbers out."""
        if self._set.intersect(numbers):
            self._copy()
            self._set -= numbers

    def add_all(self, numbers: BitMap) -> None:
        """Add all these numbers."""
        if numbers:
            self._copy()
            self._set |= numbers

    def _copy(self) -> None:
        if not self._own:
            self._set, self._own = self._set.copy(), True

    def done(self) -> BitMap:
        """The set; this edit must not be used any longer."""
        return self._set


class PostingsEdit(Generic[K]):
    """A changed copy of a map of sets; a set is copied when it first changes."""

    def __init__(self, base: Mapping[K, BitMap]) -> None:
        self._base = base
        self._fresh: dict[K, BitMap] = {}

    def add(self, key: K, number: int) -> None:
        """Give the number this value."""
        fresh = self._fresh.get(key)
        (fresh if fresh is not None else self._copy(key)).add(number)

    def take_out(self, numbers: BitMap) -> None:
        """Take these numbers out of every set."""
        for key, known in [*self._base.items(), *self._fresh.items()]:
            if self._fresh.get(key, known).intersect(numbers):
                self._copy(key).difference_update(numbers)

    def _copy(self, key: K) -> BitMap:
        if key not in self._fresh:
            known = self._base.get(key)
            self._fresh[key] = known.copy() if known is not None else BitMap()
        return self._fresh[key]

    def keys_of(self, number: int) -> list[K]:
        """The values a number has."""
        merged = {**self._base, **self._fresh}
        return [key for key, known in merged.items() if number in known]

    def done(self) -> Mapping[K, BitMap]:
        """The map without empty sets; this edit must not be used any longer."""
        if not self._fresh:
            return self._base
        merged = {**self._base, **self._fresh}
        return {key: known for key, known in merged.items() if known}
