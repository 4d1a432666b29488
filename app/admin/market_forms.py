"""A market's form: the market's own document with texts for values, a field's name its path
(``zones.0.methods.1.price``), so that each message finds its field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from app.markets.documents import to_document
from app.markets.models import Market
from app.shared.money import Money
from app.shared.numbers import whole

Fields = dict[str, Any]
_LISTS = ("zones", "methods", "bands", "rates")
_MAPS = ("tax", "names")
_MOST_FIELDS = 5_000
_NEW: Mapping[str, Fields] = {
    "zones": {"methods": [{}]},
    "methods": {"kind": "flat"},
    "bands": {},
    "rates": {},
}
_DEEPEST = 8  # names in a field's name
BASIS = Decimal(100)  # basis points of a percent


# --- from a market --------------------------------------------------------------------------------


def fields_of(market: Market) -> Fields:
    """The form as it is opened."""
    document = to_document(market)
    tax = document["tax"]
    return {
        **{
            name: str(document[name]) for name in ("code", "name", "currency", "locale", "rounding")
        },
        "version": str(market.version),
        "position": str(market.position),
        "countries": _joined(document["countries"]),
        "gateways": ",".join(document["gateways"]),
        "open": "yes" if market.open else "",
        "tax": {
            **{
                name: tax[name]
                for name in ("name", "mode", "shipping", "shipping_class", "seller_region")
            },
            "inside": _joined(tax["inside"]),
            "outside": _joined(tax["outside"]),
        },
        "rates": [
            {"region": region, "class": name, "rate": _percent(rate)}
            for region, rates in (("", tax["rates"]), *tax["regions"].items())
            for name, rate in rates.items()
        ],
        "zones": [_zone_fields(zone, market.currency) for zone in document["zones"]],
    }


def _zone_fields(zone: Mapping[str, Any], currency: str) -> Fields:
    return {
        "code": zone["code"],
        "name": zone["name"],
        **{name: _joined(zone[name]) for name in ("countries", "regions", "postal_prefixes")},
        "methods": [_method_fields(each, currency) for each in zone["methods"]],
    }


def _method_fields(method: Mapping[str, Any], currency: str) -> Fields:
    by_value = method["kind"] == "by_subtotal"
    return {
        **{name: str(method[name]) for name in ("code", "name", "kind", "min_days", "max_days")},
        "names": dict(method["names"]),
        "price": _amount(method["price"], currency),
        "free_from": _amount(method["free_from"], currency),
        "after_discounts": "yes" if method["after_discounts"] else "",
        "bands": [
            {
                "up_to": _amount(each["up_to"], currency) if by_value else _text(each["up_to"]),
                "price": _amount(each["price"], currency),
            }
            for each in method["bands"]
        ],
    }


def _joined(values: Iterable[str]) -> str:
    return ", ".join(values)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _amount(minor: int | None, currency: str) -> str:
    return "" if minor is None else str(Money(minor, currency).to_major())


def _percent(rate: int) -> str:
    return f"{(Decimal(rate) / BASIS).normalize():f}"


# --- from what was sent ---------------------------------------------------------------------------


def read_fields(sent: Mapping[str, str]) -> Fields:
    """The fields as they were sent, lists in the order of their numbers."""
    fields: Fields = {}
    for name, value in list(sent.items())[:_MOST_FIELDS]:
        *way, last = name.split(".", _DEEPEST)
        here = fields
        for part in way:
            inner = here.setdefault(part, {})
            if not isinstance(inner, dict):
                break
            here = inner
        else:
            here[last] = value.strip()
    return _with_lists(fields)


def _with_lists(fields: Fields) -> Fields:
    for name, value in list(fields.items()):
        if isinstance(value, dict):
            inner = _with_lists(value)
            numbered = sorted((each for each in inner if whole(each, None) is not None), key=int)
            rows = [inner[each] for each in numbered if isinstance(inner[each], dict)]
            fields[name] = rows if name in _LISTS else inner
    for names, shape in ((_LISTS, list), (_MAPS, dict)):
        for name in names:
            if not isinstance(fields.get(name, shape()), shape):
                fields[name] = shape()
    return fields


def edit_rows(fields: Fields, action: str) -> None:
    """Add a row to a list (``add zones.0.methods``) or take one away (``remove rates.2``)."""
    verb, _, path = action.partition(" ")
    *way, last = path.split(".")
    here: Any = fields
    for part in way:
        here = _inside(here, part)
    if verb == "add" and isinstance(here, dict) and last in _LISTS:
        here.setdefault(last, []).append(_fresh(last))
    elif verb == "remove" and isinstance(here, list) and whole(last, len(here)) < len(here):
        del here[int(last)]


def _fresh(kind: str) -> Fields:
    row = dict(_NEW[kind])
    return {**row, "methods": [dict(_NEW["methods"])]} if kind == "zones" else row


def _inside(here: Any, part: str) -> Any:
    if isinstance(here, list) and whole(part, len(here)) < len(here):
        return here[int(part)]
    return here.get(part) if isinstance(here, dict) else None
