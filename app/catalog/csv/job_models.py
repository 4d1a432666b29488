"""Imports that run in the background."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.catalog.csv.planning import FieldChange, PlannedProduct


class ImportState(StrEnum):
    """Where an import is. Only what is ``CHECKED`` can be started."""

    CHECKING = "checking"  # is tried out, nothing is written
    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"

    @property
    def is_moving(self) -> bool:
        """Whether a worker is, or will be, at it."""
        return self in {ImportState.CHECKING, ImportState.IMPORTING}


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportCounts:
    """How many products, variants, SKUs and bad rows."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    variants: int = 0
    stock_changes: int = 0
    refused: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """A row of the file that cannot be used, and why."""

    line: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What trying it out has shown; of products, SKUs and rows only the first ones."""

    counts: ImportCounts = field(default_factory=ImportCounts)
    products: tuple[PlannedProduct, ...] = ()
    stock: tuple[FieldChange, ...] = ()
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ImportJob:
    """One file. Plain prices in it are those of ``market``; ``by`` is who uploaded it.

    ``products`` and ``rows`` of the file are done, of ``all_rows``. ``problem`` says why it failed.
    """

    id: str
    file_name: str
    market: str
    by: str
    at: datetime
    size: int
    state: ImportState = ImportState.CHECKING
    products: int = 0
    rows: int = 0
    all_rows: int = 0
    counts: ImportCounts = field(default_factory=ImportCounts)
    refusals: tuple[Refusal, ...] = ()
    planned: Plan = field(default_factory=Plan)
    problem: str = ""
    tries: int = 0

    @property
    def percent(self) -> int:
        """How much of the file is done, 0 to 100."""
        return self.rows * 100 // self.all_rows if self.all_rows else 0
