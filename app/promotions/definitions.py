"""Promotions written down in a JSON file, for the command line and the demo store.

A file holds a list. Each entry has the fields of a promotion (amounts in minor units by market) and
``codes``: texts, or objects with ``code`` and ``limit``. Without an ``id`` one is made.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.promotions.codes import check_code
from app.promotions.kinds import BundleSet, FixedAmount, Scope
from app.promotions.models import Conditions, Promotion
from app.shared.errors import Invalid
from app.shared.ids import new_id

_PROMOTION = TypeAdapter(Promotion)
_FIELDS = {field.name for field in fields(Promotion)} - {"revision"}
_NESTED: Mapping[str, type] = {"scope": Scope, "conditions": Conditions}


@dataclass(frozen=True, kw_only=True, slots=True)
class Definition:
    """A promotion with its codes and how often each may be used."""

    promotion: Promotion
    codes: tuple[tuple[str, int | None], ...]


def read_definitions(text: str, markets: Collection[str]) -> tuple[Definition, ...]:
    """Read a file's text; ``markets`` are the codes that there are.

    Raises ``Invalid`` that names the entry and what is wrong with it.
    """
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise Invalid(f"This is not JSON: {error}") from error
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise Invalid("The file must hold a list of promotions.")
    return tuple(_read(number, entry, markets) for number, entry in enumerate(entries, 1))


def _read(number: int, entry: dict[str, Any], markets: Collection[str]) -> Definition:
    where = f"promotion {number}"
    codes = entry.pop("codes", [])
    _refuse_unknown(where, entry)
    given = {"id": new_id("prm"), **entry}
    try:
        # By JSON, where a date may be a text and a list a tuple, but no text is a number.
        promotion = _PROMOTION.validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise Invalid(f"{where}, {place or 'as a whole'}: {first['msg']}") from error
    for market in _markets(promotion):
        if market not in markets:
            raise Invalid(f"{where}: there is no market {market!r}")
    if promotion.automatic and codes:
        raise Invalid(f"{where}: an automatic promotion has no codes")
    return Definition(promotion=promotion, codes=tuple(_code(where, each) for each in codes))


def _refuse_unknown(where: str, entry: Mapping[str, Any]) -> None:
    unknown = sorted(set(entry) - _FIELDS)
    for name, model in _NESTED.items():
        known = {field.name for field in fields(model)}
        unknown += [f"{name}.{each}" for each in sorted(set(entry.get(name) or {}) - known)]
    if unknown:
        raise Invalid(f"{where}: unknown {', '.join(unknown)}")


def _markets(promotion: Promotion) -> set[str]:
    named = {*promotion.conditions.markets, *promotion.conditions.minimum_subtotal}
    match promotion.benefit:
        case FixedAmount(amounts=amounts):
            named |= set(amounts)
        case BundleSet(prices=prices):
            named |= set(prices)
    return named


def _code(where: str, given: object) -> tuple[str, int | None]:
    code, limit = (
        (given.get("code"), given.get("limit")) if isinstance(given, dict) else (given, None)
    )
    counts = limit is None or (type(limit) is int and limit > 0)
    if not isinstance(code, str) or not counts:
        raise Invalid(f"{where}: a code is a text, or has a text `code` and a `limit` of 1 or more")
    return check_code(code), limit
