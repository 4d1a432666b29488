"""A map in pieces: a changed copy shares every piece that did not change."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
_PIECES = 1024  # of a few hundred entries each at a hundred thousand products


class Shards(Generic[K, V]):
    """A map that never changes. ``edit`` starts a changed copy."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: tuple[dict[K, V], ...] | None = None) -> None:
        self._pieces = pieces or tuple({} for _ in range(_PIECES))

    @classmethod
    def of(cls, pairs: Mapping[K, V]) -> Shards[K, V]:
        """A map with these pairs."""
        pieces: tuple[dict[K, V], ...] = tuple({} for _ in range(_PIECES))
        for key, value in pairs.items():
            pieces[hash(key) % _PIECES][key] = value
        return cls(pieces)

    def get(self, key: K) -> V | None:
        """The value, None if there is none."""
        return self._pieces[hash(key) % _PIECES].get(key)

    def items(self) -> Iterator[tuple[K, V]]:
        """Every pair, in no order."""
        return (pair for piece in self._pieces for pair in piece.items())

    def __len__(self) -> int:
        return sum(map(len, self._pieces))

    def edit(self) -> ShardsEdit[K, V]:
        """A copy to change."""
        return ShardsEdit(self._pieces)


class ShardsEdit(Generic[K, V]):
    """A changed copy in the making; each piece is copied when it is first written to."""

    def __init__(self, pieces: tuple[dict[K, V], ...]) -> None:
        self._pieces = list(pieces)
        self._own: set[int] = set()

    def get(self, key: K) -> V | None:
        """The value as it stands now."""
        return self._pieces[hash(key) % _PIECES].get(key)

    def set(self, key: K, value: V) -> None:
        """Put a value in the place of the former one."""
        self._piece(key)[key] = value

    def drop(self, key: K) -> None:
        """Take a key out, if it is there."""
        self._piece(key).pop(key, None)

    def done(self) -> Shards[K, V]:
        """The changed map; this edit must not be used any longer."""
        return Shards(tuple(self._pieces))

    def _piece(self, key: K) -> dict[K, V]:
        place = hash(key) % _PIECES
        if place not in self._own:
            self._own.add(place)
            self._pieces[place] = dict(self._pieces[place])
        return self._pieces[place]
