"""What every list of the panel has: search, filters, sorting and pages, all in its address.

Pages go by the last thing of the page before (keyset), so that the thousandth costs what the first
does, and nothing is counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode

from flask import request

T = TypeVar("T")
_LONGEST = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class ListState:
    """What somebody chose to see. ``after`` is where the page begins, "" for the first one."""

    path: str
    q: str
    sort: str
    filters: Mapping[str, str]
    after: str

    def link(self, **changes: str) -> str:
        """The address with something changed (``q``, ``sort``, ``after`` or a filter; "" takes it
        away). Every change but of the page goes to the first page."""
        chosen = {"q": self.q, "sort": self.sort, **self.filters, "after": "", **changes}
        query = urlencode({name: value for name, value in chosen.items() if value})
        return f"{self.path}?{query}" if query else self.path

    @property
    def is_narrowed(self) -> bool:
        """Whether a search or a filter leaves something out."""
        return bool(self.q) or any(self.filters.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Slice(Generic[T]):
    """A page of a list. ``older`` is where the next one begins, "" after the last."""

    items: Sequence[T]
    older: str = ""


def list_state(
    sorts: Sequence[str] = (),
    filters: Mapping[str, Sequence[str]] = {},
    path: str = "",
    back: str = "",
) -> ListState:
    """The list's state as the request's address says. The first of ``sorts`` is the default;
    ``filters`` names each filter with its values, none for any text. ``path`` is the list's where
    another address shows it, and ``back`` what a form of the list said that it stood at."""
    args = dict(parse_qsl(back.partition("?")[2])) if back else request.args
    wanted = args.get("sort", "")
    return ListState(
        path=path or request.path,
        q=args.get("q", "").strip()[:_LONGEST],
        sort=wanted if wanted in sorts[1:] else "",
        filters={
            name: value
            for name, values in filters.items()
            if (value := args.get(name, "").strip()[:_LONGEST]) and (not values or value in values)
        },
        after=args.get("after", "")[:_LONGEST],
    )


def cut(found: Sequence[T], most: int, cursor: str) -> Slice[T]:
    """A page of what was asked for with one item more than ``most``; ``cursor`` names the field by
    which the list is continued."""
    items = found[:most]
    more = len(found) > most
    return Slice(items=items, older=str(getattr(items[-1], cursor)) if more else "")
