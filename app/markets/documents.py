"""Markets as documents, both ways: the shape in the database is the one of the JSON files, but
for the name of the code. Amounts are minor units of the market's currency."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.markets.models import Market
from app.shared.errors import Invalid
from app.shared.texts import Text

Document = dict[str, Any]
_MARKET = TypeAdapter(Market)
_MONEY = ("price", "free_from")


def to_document(market: Market) -> Document:
    """The market as plain JSON says it."""
    document: Document = json.loads(json.dumps(asdict(market)))
    for zone in document["zones"]:
        for method in zone["methods"]:
            for holder in (method, *method["bands"]):
                for name in _MONEY:
                    if holder.get(name) is not None:
                        holder[name] = holder[name]["minor"]
    return document


def from_document(document: object, *, stored: bool = False) -> Market:
    """The market that was written so; one that is ``stored`` may have fields of a later release.

    Raises ``Invalid`` with a message for each wrong field.
    """
    if not isinstance(document, Mapping):
        raise Invalid(Text("A market is a JSON object."))
    given = json.loads(json.dumps(document))
    _add_currency(given)
    try:
        # By JSON, where a list may be a tuple and a text an enum, but no text is a number.
        market = _MARKET.validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        problems = {_place(each["loc"]): _message(each) for each in error.errors()}
        raise Invalid(Text("Please check the market's fields."), problems) from error
    unknown = dict.fromkeys(
        _unknown(document, to_document(market)), Text("There is no such field.")
    )
    if unknown and not stored:
        raise Invalid(Text("Please check the market's fields."), unknown)
    return _in_any_language(market)


def _in_any_language(market: Market) -> Market:
    """Names as texts: those that a shop starts with are known to the translators."""
    tax = replace(market.tax, name=Text(market.tax.name))
    return replace(market, name=Text(market.name), tax=tax)


def _add_currency(given: Document) -> None:
    """Make amounts of money of the numbers that stand for them."""
    currency = given.get("currency")
    for zone in _objects(given.get("zones")):
        for method in _objects(zone.get("methods")):
            for holder in (method, *_objects(method.get("bands"))):
                for name in _MONEY:
                    if type(holder.get(name)) is int:
                        holder[name] = {"minor": holder[name], "currency": currency}


def _objects(given: Any) -> list[Document]:
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []


def _place(loc: tuple[int | str, ...]) -> str:
    return ".".join(str(each) for each in loc if each != "minor") or "market"


def _message(error: Any) -> str:
    if error["type"] == "missing":
        return Text("This is missing.")
    text = str(error["msg"])
    return f"{text[0].upper()}{text[1:]}."


def _unknown(given: Any, known: Any, place: str = "") -> list[str]:
    """Places of ``given`` that are nowhere in ``known``."""
    if isinstance(given, Mapping) and isinstance(known, Mapping):
        found = [f"{place}{name}" for name in given if name not in known]
        for name in given:
            if name in known:
                found += _unknown(given[name], known[name], f"{place}{name}.")
        return found
    if isinstance(given, list) and isinstance(known, list):
        pairs = enumerate(zip(given, known, strict=False))
        return [each for at, pair in pairs for each in _unknown(*pair, f"{place}{at}.")]
    return []
