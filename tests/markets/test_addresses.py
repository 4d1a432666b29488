"""Addresses as each country writes them."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from app.markets.address_form import AddressForm
from app.markets.countries import address_lines, country, region_code
from app.shared.postal import Address
from tests.support.markets import BY_CODE, TRIED

_PLAIN = {"name": "Ann", "phone": "+1 555 010 2030", "line1": "1 Main Street", "line2": ""}


def _form(market: str, **entries: str) -> AddressForm:
    form = AddressForm(MultiDict({**_PLAIN, **entries}))
    form.offer_countries(TRIED[market])
    return form


@pytest.mark.parametrize(
    ("market", "city", "state", "postal_code", "stored"),
    [
        ("US", "Austin", "TX", "78701", "TX"),
        ("US", "Austin", "tx", "78701-1234", "TX"),
        ("US", "Austin", "Texas", "78701", "TX"),
        ("IN", "Bengaluru", "KA", "560001", "KA"),
        ("IN", "Bengaluru", "Karnataka", "560001", "KA"),
        ("IN", "Bengaluru", "कर्नाटक", "560001", "KA"),
        ("IN", "Bhubaneswar", "OD", "751001", "OR"),
        ("DE", "Berlin", "", "10115", ""),
        ("JP", "Chiyoda-ku", "Tokyo", "100-0001", "13"),
        ("JP", "千代田区", "東京都", "1000001", "13"),
        ("KW", "Salmiya", "", "", ""),
    ],
)
def test_an_address_is_taken_in_any_usual_spelling(
    market: str, city: str, state: str, postal_code: str, stored: str
) -> None:
    form = _form(market, city=city, state=state, postal_code=postal_code, country=market)
    assert form.validate(), form.errors
    assert form.address().state == stored


@pytest.mark.parametrize(
    ("market", "entries", "field", "message"),
    [
        ("US", {"state": ""}, "state", "Please enter the state."),
        ("US", {"state": "Bavaria"}, "state", "Please choose the state from the list."),
        ("US", {"postal_code": "787"}, "postal_code", "does not look like a postal code"),
        ("IN", {"state": "KA", "postal_code": "56000"}, "postal_code", "does not look like"),
        ("DE", {"state": "", "postal_code": "1011"}, "postal_code", "does not look like"),
        ("JP", {"state": "", "postal_code": "100-0001"}, "state", "Please enter the prefecture."),
        ("US", {"city": ""}, "city", "Please enter the city."),
        ("US", {"country": "FR"}, "country", "Not a valid choice"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    market: str, entries: dict[str, str], field: str, message: str
) -> None:
    whole = {"city": "Town", "state": "TX", "postal_code": "78701", "country": market, **entries}
    form = _form(market, **whole)
    assert not form.validate()
    assert list(form.errors) == [field]
    assert message in form.errors[field][0]


def test_a_country_has_its_own_fields_in_its_own_order() -> None:
    assert [each.name for each in _form("US", country="US").places] == [
        "city", "state", "postal_code",
    ]  # fmt: skip
    assert [each.name for each in _form("DE", country="DE").places] == ["postal_code", "city"]
    prefectures = _form("JP", country="JP").state
    assert prefectures.label.text == "Prefecture"
    assert ("13", "Tokyo") in prefectures.options
    assert _form("IN", country="IN").postal_code.label.text == "PIN code"
    assert _form("KW", country="KW").postal_code.label.text == "Postal code (optional)"


def test_alternatives_of_a_pattern_are_matched_whole() -> None:
    united_kingdom = country("GB")
    assert united_kingdom is not None
    assert united_kingdom.is_postal_code("SW1A 1AA")
    assert not united_kingdom.is_postal_code("GIR 0AA and more")


def _address(**entries: str) -> Address:
    fields = {"name": "Ann", "phone": "", "line1": "1 Main", "line2": "", "state": "", **entries}
    return Address(**fields)


@pytest.mark.parametrize(
    ("entries", "lines"),
    [
        (
            {"city": "Austin", "state": "TX", "postal_code": "78701", "country": "US"},
            ("Ann", "1 Main", "Austin, TX 78701", "United States"),
        ),
        (
            {"line2": "2nd floor", "city": "Berlin", "postal_code": "10115", "country": "DE"},
            ("Ann", "1 Main", "2nd floor", "10115 Berlin", "Germany"),
        ),
        (
            {"city": "Bengaluru", "state": "KA", "postal_code": "560001", "country": "IN"},
            ("Ann", "1 Main", "Bengaluru 560001", "Karnataka", "India"),
        ),
        (  # an order from before states were stored as codes
            {"city": "Mumbai", "state": "Maharashtra", "postal_code": "400001", "country": "IN"},
            ("Ann", "1 Main", "Mumbai 400001", "Maharashtra", "India"),
        ),
        (
            {"city": "Chiyoda-ku", "state": "13", "postal_code": "100-0001", "country": "JP"},
            ("Ann", "1 Main", "Chiyoda-ku, Tokyo", "100-0001", "Japan"),
        ),
        (
            {"city": "Salmiya", "postal_code": "", "country": "KW"},
            ("Ann", "1 Main", "Salmiya", "Kuwait"),
        ),
    ],
)
def test_an_address_is_written_by_its_countrys_rule(
    entries: dict[str, str], lines: tuple[str, ...]
) -> None:
    assert address_lines(_address(**entries)) == lines


def test_every_starting_markets_states_have_their_codes() -> None:
    for market in BY_CODE.values():
        for code in market.tax.regions:
            assert region_code(market.countries[0], code) == code
