"""Thousands of orders out of a few real ones: copies of everything an order left in the database.

A copy has ids, numbers and tokens of its own, and lies on a day of its own. Ids are given the same
length in every copy, so that a copy is made by replacing bytes (BSON knows lengths).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import bson
from bson.raw_bson import RawBSONDocument

from app.db.database import Database, Document

_LEFT_ALONE = {
    "migrations", "migration_lock", "products", "stock_levels", "outbox", "catalog_changes",
    "read_model_chunks", "carts", "idempotency_keys", "accounts", "auth_sessions", "audit_log",
    "markets", "categories", "collections", "locations", "schedules", "stock_movements",
    "analytics_counters", "analytics_state", "companion_orders", "customer_marks", "stock_cuts", "product_list", "audit_findings",
}  # fmt: skip
_BLANK = "~#####~"
_ID = re.compile(r"\b[a-z]+_[0-9A-Za-z]{8,}|^[A-Z]{2,4}-?\d{4,}$|^[A-Za-z0-9_-]{20,}$")
_TIME = re.compile(r"^20\d\d-\d\d-\d\d(?=$|T\d\d$)|^20\d{6}(?=\d{12}(:|$))")
_KEPT = ("prd_", "acc_", "loc_")
_BATCH = 500


def multiply(
    database: Database, wanted: int, days: int, progress: Callable[[int, int], None]
) -> int:
    """Copy every order that is not open as often on each of the last ``days`` as makes at least as
    many as ``wanted``, and what is counted by day; how many orders that makes."""
    orders = list(database["orders"].find({"state": {"$ne": "pending"}}))
    names = sorted(database.collections() - _LEFT_ALONE)
    shop = {name: list(database[name].find()) for name in names}
    groups = [_group(shop, order) for order in orders]
    copies = math.ceil(wanted / len(groups) / days)
    made, every = 0, len(groups) * days * copies
    for day in range(days):
        of_day: dict[str, list[bytes]] = defaultdict(list)
        for place, group in enumerate(groups):
            by = timedelta(days=day + place / len(groups))  # all day long
            for name, documents in group.items():
                shifted = (_shifted(each, by) for each in documents)
                of_day[name] += map(bson.encode, shifted)
        for name, patterns in of_day.items():
            _insert(database, name, patterns, day, copies)
        made += len(groups) * copies
        progress(made, every)
    _count(database, copies, days)
    return made


def _count(database: Database, copies: int, days: int) -> None:
    """Give every day the counters of the first orders, as often as they were copied."""
    counters = database["analytics_counters"]
    own = list(counters.find())
    for day in range(days):
        for each in own:
            factor = copies + (day == 0)
            copy = {
                **_shifted(each, timedelta(days=day)),
                "figures": _times(each["figures"], factor),
            }
            parts = ("generation", "kind", "period", "market", "currency")
            copy["_id"] = "|".join(str(copy[part]) for part in parts)
            counters.replace_one({"_id": copy["_id"]}, copy, upsert=True)


def _times(figures: Any, factor: int) -> Any:
    if isinstance(figures, dict):
        return {name: _times(inner, factor) for name, inner in figures.items()}
    return figures * factor


def _group(shop: Mapping[str, list[Document]], order: Document) -> dict[str, list[Document]]:
    """Everything of one order, its ids made places to be filled."""
    mine = (str(order["_id"]), str(order["number"]), str(order["email"]).partition("@")[0])
    found: dict[str, list[Document]] = {}
    for name, every in shop.items():
        documents = [each for each in every if _names(each, mine)]
        if documents:
            found[name] = documents
    ids = {
        each
        for documents in found.values()
        for text in _texts(documents)
        for each in _ID.findall(text)
        if not each.startswith(_KEPT)
    }
    every = ids | set(mine)
    longest_first = sorted(every | {each.lower() for each in every}, key=len, reverse=True)
    pattern = re.compile("|".join(map(re.escape, longest_first)))
    return {
        name: [_filled(each, lambda text: pattern.sub(_marked, text)) for each in documents]
        for name, documents in found.items()
    }


def _marked(found: re.Match[str]) -> str:
    return found[0] + _BLANK


def _names(document: Document, wanted: tuple[str, ...]) -> bool:
    return any(each in text for text in _texts(document) for each in wanted)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _filled(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {name: _filled(inner, change) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, change) for inner in value]
    return value


def _shifted(value: Any, by: timedelta) -> Any:
    """The same some days earlier, also where a moment or a day begins a text."""
    if isinstance(value, datetime):
        return value - by
    if isinstance(value, str):
        return _TIME.sub(lambda found: _earlier(found[0], by), value)
    if isinstance(value, dict):
        return {name: _shifted(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shifted(inner, by) for inner in value]
    return value


def _earlier(text: str, by: timedelta) -> str:
    form = "%Y-%m-%d" if "-" in text else "%Y%m%d"
    day = datetime.strptime(text, form).replace(tzinfo=UTC) - timedelta(days=by.days)
    return day.strftime(form)


def _insert(database: Database, name: str, patterns: list[bytes], day: int, copies: int) -> None:
    blank = _BLANK.encode()
    documents = [
        RawBSONDocument(pattern.replace(blank, f"{day:03}{copy:04}".encode()))
        for copy in range(copies)
        for pattern in patterns
    ]
    for start in range(0, len(documents), _BATCH):
        database[name].insert_many(documents[start : start + _BATCH], ordered=False)
