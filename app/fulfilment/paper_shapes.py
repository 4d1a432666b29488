"""What papers are made of: tables and sums of text."""

from __future__ import annotations

from dataclasses import dataclass

from app.orders.models import OrderLine, OrderPart


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of a table; ``share`` of its width."""

    title: str
    share: int
    numeric: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of text under a head."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Sum:
    """A line under the table: what, and how much."""

    label: str
    amount: str
    strong: bool = False


def title_of(line: OrderLine | OrderPart) -> str:
    """A thing's name on paper."""
    return f"{line.title}, {line.variant_title}" if line.variant_title else line.title
