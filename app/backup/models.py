"""What a backup says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FORMAT = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """Stands first in a backup. ``indexes`` are those of each collection, as MongoDB tells them."""

    id: str
    taken_at: str  # ISO 8601, UTC
    migrations: tuple[str, ...]
    indexes: Mapping[str, list[dict[str, Any]]]
    has_media: bool
    format: int = FORMAT


@dataclass(frozen=True, kw_only=True, slots=True)
class Tally:
    """How much of one thing there is: documents of a collection, or pictures."""

    count: int
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Manifest:
    """Stands last in a backup: by it a reader knows that the file is whole."""

    collections: Mapping[str, Tally]
    media: Tally

    @property
    def documents(self) -> int:
        """Of all collections."""
        return sum(each.count for each in self.collections.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Backup:
    """A backup that was found whole."""

    header: Header
    manifest: Manifest
    encrypted: bool
