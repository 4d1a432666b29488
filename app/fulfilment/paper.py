"""What a paper is: an invoice, a credit note or a packing slip, before it is a page or a PDF."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any

from app.fulfilment.models import Seller
from app.orders.models import OrderLine, OrderPart
from app.shared.texts import Text


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Paper:
    """An invoice, a credit note or a packing slip."""

    title: str
    language: str
    seller: Seller
    buyer_title: str
    buyer: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    table: Table
    sums: tuple[Sum, ...] = ()
    taxes: Table | None = None
    notes: tuple[str, ...] = field(default=())

    @property
    def name(self) -> str:
        """What it is, with its number."""
        return f"{self.title} {self.facts[0][1]}"


def title_of(line: OrderLine | OrderPart) -> str:
    """A thing's name on paper."""
    return f"{line.title}, {line.variant_title}" if line.variant_title else line.title


def said(paper: Paper) -> Paper:
    """The paper with all it says in the language that is spoken now, for good."""
    plain: Paper = _plain(paper)
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return str(value)
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: _plain(getattr(value, each.name)) for each in fields(value)}
        )
    return value
