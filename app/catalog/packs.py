"""Packing the read model, so that a process starts without reading every document."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

import structlog

from app.catalog.feed import is_no_place
from app.catalog.pack_repository import PackRepository
from app.catalog.readmodel import packing
from app.catalog.readmodel.model import CatalogModel
from app.catalog.repository import CatalogRepository
from app.shared.clock import now

_ENOUGH = 200  # changes that make a new pack worth its while
_OLD = timedelta(hours=6)  # half of the time for which a pack can be used
_log = structlog.get_logger()
_version = cache(packing.version)


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """A model as it was when the feed of changes stood at ``since``, ``seen`` taken already."""

    model: CatalogModel
    since: datetime
    seen: tuple[str, ...]


class ModelPacks:
    """The packed model of this version of the code."""

    def __init__(self, packs: PackRepository) -> None:
        self._packs = packs

    def newest(self) -> Packed | None:
        """The newest one that the feed of changes can still bring up to date, or None."""
        pack = self._packs.read(_version())
        if pack is None or is_no_place(pack.since):
            return None
        try:
            return Packed(model=packing.load(pack.data), since=pack.since, seen=pack.seen)
        except (ValueError, KeyError, IndexError) as error:
            _log.warning("read_model_pack_unreadable", error=repr(error))
            return None

    def store(self, packed: Packed) -> None:
        """Put it in the place of the former one."""
        self._packs.store(_version(), packing.dump(packed.model), packed.since, packed.seen)

    def taken_at(self) -> datetime | None:
        """Where in the feed the newest pack stands, None if there is none."""
        head = self._packs.head(_version())
        return head["since"] if head else None


class ModelSource(Protocol):
    """Who has the model."""

    def packed(self) -> Packed:
        """The newest model with its place in the feed."""


class Packer:
    """Packs the model when enough has changed; a job of the worker."""

    def __init__(self, catalog: CatalogRepository, packs: ModelPacks, source: ModelSource) -> None:
        self._catalog = catalog
        self._packs = packs
        self._source = source

    def run(self) -> bool:
        """Pack if a new pack is worth its while, and say whether it was."""
        taken = self._packs.taken_at()
        if taken is not None and not self._is_worn(taken):
            return False
        self.pack()
        return True

    def _is_worn(self, taken: datetime) -> bool:
        return is_no_place(taken) or now() - taken >= _OLD or self._is_behind(taken)

    def _is_behind(self, taken: datetime) -> bool:
        """Whether a process would have much to do from there on: many changes, or one that may
        be anything and has everything read anew."""
        changes = self._catalog.first_changes_since(taken, _ENOUGH)
        return len(changes) >= _ENOUGH or any(change.is_anything for change in changes)

    def pack(self) -> None:
        """Pack the model as it is now."""
        self._packs.store(self._source.packed())
