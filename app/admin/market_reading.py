"""What a market's form says, as the market's document."""

from __future__ import annotations

import re
from typing import Any

from app.admin.market_forms import Fields
from app.shared.languages import LANGUAGES
from app.shared.money import Money
from app.shared.numbers import basis_points
from app.shared.texts import Text


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
            return basis_points(text)
        except ValueError:
            message = Text("Please enter a percentage with up to two decimals, such as 19.")
            self.problems[place] = message
            return 0

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
