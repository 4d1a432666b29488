"""A market's form: the market's own document with texts for values, a field's name its path
(``zones.0.methods.1.price``), so that each message finds its field."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from app.markets.documents import to_document
from app.markets.models import Market
from app.shared.languages import LANGUAGES
from app.shared.money import Money
from app.shared.texts import Text

Fields = dict[str, Any]
_LISTS = ("zones", "methods", "bands", "rates")
_MOST_FIELDS = 5_000
_NEW: Mapping[str, Fields] = {
    "zones": {"methods": [{}]},
    "methods": {"kind": "flat"},
    "bands": {},
    "rates": {},
}
_BASIS = Decimal(100)  # basis points of a percent


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
    return f"{(Decimal(rate) / _BASIS).normalize():f}"


# --- from what was sent ---------------------------------------------------------------------------


def read_fields(sent: Mapping[str, str]) -> Fields:
    """The fields as they were sent, lists in the order of their numbers."""
    fields: Fields = {}
    for name, value in list(sent.items())[:_MOST_FIELDS]:
        *way, last = name.split(".")
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
            numbered = sorted((each for each in inner if each.isdecimal()), key=int)
            rows = [inner[each] for each in numbered if isinstance(inner[each], dict)]
            fields[name] = rows if name in _LISTS else inner
    for name in _LISTS:
        if name in fields and not isinstance(fields[name], list):
            fields[name] = []
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
    elif verb == "remove" and isinstance(here, list) and last.isdecimal() and int(last) < len(here):
        del here[int(last)]


def _fresh(kind: str) -> Fields:
    row = dict(_NEW[kind])
    return {**row, "methods": [dict(_NEW["methods"])]} if kind == "zones" else row


def _inside(here: Any, part: str) -> Any:
    if isinstance(here, list) and part.isdecimal() and int(part) < len(here):
        return here[int(part)]
    return here.get(part) if isinstance(here, dict) else None


class Reader:
    """Makes the market's document of the fields. ``problems`` are by the field's name."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._currency = _get(fields, "currency").upper()
        self.problems: dict[str, str] = {}
        self._places: dict[str, str] = {}

    def document(self) -> Fields:
        """The document; what could not be read is in ``problems`` and left at nothing."""
        fields = self._fields
        return {
            "code": _get(fields, "code").upper(),
            "name": _get(fields, "name"),
            "currency": self._currency,
            "locale": _get(fields, "locale"),
            "rounding": _get(fields, "rounding") or "none",
            "countries": _codes(_get(fields, "countries")),
            "gateways": [each for each in _get(fields, "gateways").split(",") if each],
            "open": bool(_get(fields, "open")),
            "position": self._whole("position"),
            "version": self._whole("version"),
            "tax": self._tax(),
            "zones": [
                self._zone(zone, f"zones.{at}") for at, zone in enumerate(_rows(fields, "zones"))
            ],
        }

    def place(self, path: str) -> str:
        """The field that a message of the market's rules is about."""
        return self._places.get(path, path)

    def _tax(self) -> Fields:
        tax = self._fields.get("tax", {})
        rates: dict[str, dict[str, int]] = {"": {}}
        for at, row in enumerate(_rows(self._fields, "rates")):
            region, name = _get(row, "region").upper(), _get(row, "class")
            if not any(row.values()):
                continue
            if name in rates.setdefault(region, {}):
                self.problems[f"rates.{at}.class"] = Text("This class is in another row already.")
            rates[region][name] = self._rate(f"rates.{at}.rate", _get(row, "rate"))
            where = f"tax.regions.{region}" if region else "tax.rates"
            self._places[f"{where}.{name}"] = f"rates.{at}.rate"
            self._places.setdefault(where, f"rates.{at}.region" if region else "rates")
        return {
            "name": _get(tax, "name"),
            "mode": _get(tax, "mode") or "inclusive",
            "rates": rates.pop(""),
            "regions": rates,
            "shipping": _get(tax, "shipping") or "proportional",
            "shipping_class": _get(tax, "shipping_class") or "standard",
            "seller_region": _get(tax, "seller_region").upper(),
            "inside": _names(_get(tax, "inside")),
            "outside": _names(_get(tax, "outside")),
        }

    def _zone(self, zone: Fields, place: str) -> Fields:
        methods = _rows(zone, "methods")
        return {
            "code": _get(zone, "code"),
            "name": _get(zone, "name"),
            "countries": _codes(_get(zone, "countries")),
            "regions": _codes(_get(zone, "regions")),
            "postal_prefixes": _names(_get(zone, "postal_prefixes")),
            "methods": [
                self._method(each, f"{place}.methods.{at}") for at, each in enumerate(methods)
            ],
        }

    def _method(self, method: Fields, place: str) -> Fields:
        kind = _get(method, "kind") or "flat"
        names = method.get("names", {})
        price = self._money(f"{place}.price", _get(method, "price")) if kind == "flat" else None
        bands = _rows(method, "bands") if kind in {"by_weight", "by_subtotal"} else []
        return {
            "code": _get(method, "code"),
            "name": _get(method, "name"),
            "names": {code: text for code in LANGUAGES if (text := _get(names, code))},
            "kind": kind,
            "min_days": self._whole(f"{place}.min_days", _get(method, "min_days")),
            "max_days": self._whole(f"{place}.max_days", _get(method, "max_days")),
            "price": price,
            "free_from": self._money(f"{place}.free_from", _get(method, "free_from")),
            "after_discounts": bool(_get(method, "after_discounts")),
            "bands": [
                self._band(each, f"{place}.bands.{at}", kind) for at, each in enumerate(bands)
            ],
        }

    def _band(self, band: Fields, place: str, kind: str) -> Fields:
        limit = _get(band, "up_to")
        by_value = kind == "by_subtotal"
        return {
            "up_to": None
            if not limit
            else self._money(f"{place}.up_to", limit)
            if by_value
            else self._whole(f"{place}.up_to", limit),
            "price": self._money(f"{place}.price", _get(band, "price"), needed=True),
        }

    def _money(self, place: str, text: str, *, needed: bool = False) -> int | None:
        """Minor units of a decimal text; None for nothing."""
        if not text and not needed:
            return None
        try:
            return Money.from_major(text, self._currency).minor
        except ValueError:
            message = Text("Please enter an amount in %(code)s, such as 4.90.", code=self._currency)
            self.problems[place] = message
            return 0

    def _rate(self, place: str, text: str) -> int:
        """Basis points of a percentage."""
        try:
            points = Decimal(text.removesuffix("%").strip()) * _BASIS
        except InvalidOperation:
            points = Decimal("0.5")
        if not points.is_finite() or points != points.to_integral_value():
            message = Text("Please enter a percentage with up to two decimals, such as 19.")
            self.problems[place] = message
            return 0
        return int(points)

    def _whole(self, place: str, text: str | None = None) -> int:
        given = _get(self._fields, place) if text is None else text
        if not re.fullmatch(r"[0-9]{1,9}", given):
            self.problems[place] = Text("Please enter a whole number.")
            return 0
        return int(given)


def _get(fields: Any, name: str) -> str:
    value = fields.get(name, "") if isinstance(fields, dict) else ""
    return value if isinstance(value, str) else ""


def _rows(fields: Fields, name: str) -> list[Fields]:
    rows = fields.get(name, [])
    return rows if isinstance(rows, list) else []


def _names(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _codes(text: str) -> list[str]:
    return [each.upper() for each in re.split(r"[,\s]+", text) if each]
