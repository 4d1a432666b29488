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
        self._currency = text_in(fields, "currency").upper()
        self.problems: dict[str, str] = {}
        self._places: dict[str, str] = {}

    def document(self) -> Fields:
        """The document; what could not be read is in ``problems`` and left at nothing."""
        fields = self._fields
        return {
            "code": text_in(fields, "code").upper(),
            "name": text_in(fields, "name"),
            "currency": self._currency,
            "locale": text_in(fields, "locale"),
            "rounding": text_in(fields, "rounding") or "none",
            "countries": _codes(text_in(fields, "countries")),
            "gateways": [each for each in text_in(fields, "gateways").split(",") if each],
            "open": bool(text_in(fields, "open")),
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
            region, name = text_in(row, "region").upper(), text_in(row, "class")
            if not any(row.values()):
                continue
            if name in rates.setdefault(region, {}):
                self.problems[f"rates.{at}.class"] = Text("This class is in another row already.")
            rates[region][name] = self._rate(f"rates.{at}.rate", text_in(row, "rate"))
            where = f"tax.regions.{region}" if region else "tax.rates"
            self._places[f"{where}.{name}"] = f"rates.{at}.rate"
            self._places.setdefault(where, f"rates.{at}.region" if region else "rates")
        return {
            "name": text_in(tax, "name"),
            "mode": text_in(tax, "mode") or "inclusive",
            "rates": rates.pop(""),
            "regions": rates,
            "shipping": text_in(tax, "shipping") or "proportional",
            "shipping_class": text_in(tax, "shipping_class") or "standard",
            "seller_region": text_in(tax, "seller_region").upper(),
            "inside": _names(text_in(tax, "inside")),
            "outside": _names(text_in(tax, "outside")),
        }

    def _zone(self, zone: Fields, place: str) -> Fields:
        methods = _rows(zone, "methods")
        return {
            "code": text_in(zone, "code"),
            "name": text_in(zone, "name"),
            "countries": _codes(text_in(zone, "countries")),
            "regions": _codes(text_in(zone, "regions")),
            "postal_prefixes": _names(text_in(zone, "postal_prefixes")),
            "methods": [
                self._method(each, f"{place}.methods.{at}") for at, each in enumerate(methods)
            ],
        }

    def _method(self, method: Fields, place: str) -> Fields:
        kind = text_in(method, "kind") or "flat"
        names = method.get("names", {})
        price = self._money(f"{place}.price", text_in(method, "price")) if kind == "flat" else None
        bands = _rows(method, "bands") if kind in {"by_weight", "by_subtotal"} else []
        return {
            "code": text_in(method, "code"),
            "name": text_in(method, "name"),
            "names": {code: text for code in LANGUAGES if (text := text_in(names, code))},
            "kind": kind,
            "min_days": self._whole(f"{place}.min_days", text_in(method, "min_days")),
            "max_days": self._whole(f"{place}.max_days", text_in(method, "max_days")),
            "price": price,
            "free_from": self._money(f"{place}.free_from", text_in(method, "free_from")),
            "after_discounts": bool(text_in(method, "after_discounts")),
            "bands": [
                self._band(each, f"{place}.bands.{at}", kind) for at, each in enumerate(bands)
            ],
        }

    def _band(self, band: Fields, place: str, kind: str) -> Fields:
        limit = text_in(band, "up_to")
        by_value = kind == "by_subtotal"
        return {
            "up_to": None
            if not limit
            else self._money(f"{place}.up_to", limit)
            if by_value
            else self._whole(f"{place}.up_to", limit),
            "price": self._money(f"{place}.price", text_in(band, "price"), needed=True),
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
        given = text_in(self._fields, place) if text is None else text
        if not re.fullmatch(r"[0-9]{1,9}", given):
            self.problems[place] = Text("Please enter a whole number.")
            return 0
        return int(given)


def text_in(fields: Any, name: str) -> str:
    """A field's text; nothing where a whole part of the form was sent in its place."""
    value = fields.get(name, "") if isinstance(fields, dict) else ""
    return value if isinstance(value, str) else ""


def _rows(fields: Fields, name: str) -> list[Fields]:
    rows = fields.get(name, [])
    return rows if isinstance(rows, list) else []


def _names(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _codes(text: str) -> list[str]:
    return [each.upper() for each in re.split(r"[,\s]+", text) if each]
