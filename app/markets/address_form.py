"""The fields of a postal address, as each country of a market writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from wtforms import SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from app.markets.countries import Country, country, country_name, region_code
from app.markets.models import Market
from app.shared.postal import Address
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm

_ALWAYS = ("postal_code", "city", "state")
_AUTOCOMPLETE = {
    "postal_code": "postal-code", "city": "address-level2", "state": "address-level1",
}  # fmt: skip
# What labels of the state are called within a sentence.
_STATES_IN_TEXT = {
    "State": Text("state"), "Province": Text("province"), "Prefecture": Text("prefecture"),
    "County": Text("county"), "Emirate": Text("emirate"), "Department": Text("department"),
    "Island": Text("island"), "Area": Text("area"), "Parish": Text("parish"),
    "Oblast": Text("oblast"), "District": Text("district"),
    "State or province": Text("state or province"),
}  # fmt: skip


def clean(value: str | None) -> str:
    """What was typed, on one line and without space around it."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value or "").strip()


def text_field(label: str, longest: int, required: str = "") -> StringField:
    """A line of text; ``required`` is what to say when it is missing."""
    checks: list[Any] = [Length(max=longest, message=TOO_LONG)]
    if required:
        checks.insert(0, DataRequired(required))
    return StringField(label, filters=[clean], validators=checks)


class PlaceField(StringField):
    """A part of the address that some countries have a list for."""

    options: tuple[tuple[str, str], ...] = ()
    autocomplete = ""

    def iter_choices(self) -> Iterator[tuple[str, str, bool, dict[str, Any]]]:
        """The list, and before it what is there as long as nothing is chosen."""
        known = any(value == self.data for value, _ in self.options)
        yield "", Text("Please choose"), not known, {}
        for value, label in self.options:
            yield value, label, value == self.data, {}


def _place_field(label: str, longest: int) -> PlaceField:
    return PlaceField(label, filters=[clean], validators=[Length(max=longest, message=TOO_LONG)])


class AddressForm(ShopForm):
    """Where things are sent."""

    before: tuple[str, ...] = ()  # fields that a page asks for before the address
    name = text_field(Text("Full name"), 120, Text("Please enter the recipient's name."))
    phone = text_field(Text("Phone"), 30, Text("Please enter a phone number for the courier."))
    line1 = text_field(Text("Address"), 200, Text("Please enter the street and house number."))
    line2 = text_field(Text("Apartment, floor (optional)"), 200)
    city = _place_field(Text("City"), 100)
    state = _place_field(Text("State"), 100)
    postal_code = _place_field(Text("Postal code"), 20)
    country = SelectField(
        Text("Country"), validators=[InputRequired(Text("Please choose a country."))]
    )

    @property
    def places(self) -> list[PlaceField]:
        """Town, state and postal code in the country's order, without what it has not."""
        rules, fields = self._rules(), self._place_fields()
        return [fields[name] for name in (rules.places if rules else _ALWAYS)]

    def _place_fields(self) -> dict[str, PlaceField]:
        return {"postal_code": self.postal_code, "city": self.city, "state": self.state}

    def _arrange(self) -> None:
        """Put the fields, and so what is wrong with them, in the order of the page."""
        places = [each.name for each in self.places]
        shown = (*self.before, "name", "country", "line1", "line2", *places)
        self._fields = {name: self._fields[name] for name in dict.fromkeys((*shown, *self._fields))}

    def follow_country(self) -> None:
        """Take labels, lists and spellings of the chosen country; the stored code of a state
        stands for whatever way it was typed."""
        self._arrange()
        rules = self._rules()
        for name, field in self._place_fields().items():
            field.autocomplete = _AUTOCOMPLETE[name]
            if rules is not None:
                field.label.text = _label(rules, name)
                field.flags.required = name in rules.required
        if rules is None:
            return
        self.state.options = tuple((each.code, each.name) for each in rules.regions)
        self.state.data = region_code(rules.code, self.state.data or "")

    def validate_phone(self, field: StringField) -> None:
        """A number of 6 to 15 digits (ITU-T E.164), in any usual spelling."""
        digits = re.sub(r"\D", "", field.data or "")
        if not re.fullmatch(r"[\d\s()+./-]+", field.data or "") or not 6 <= len(digits) <= 15:
            raise ValidationError(Text("Please enter a phone number, such as +1 555 010 2030."))

    def validate_city(self, field: StringField) -> None:
        """Needed where the country's addresses have one."""
        self._need(field, "city", Text("Please enter the city."))

    def validate_postal_code(self, field: StringField) -> None:
        """The country's own shape of postal code."""
        rules = self._rules()
        self._need(field, "postal_code", Text("Please enter the postal code."))
        if field.data and rules is not None and not rules.is_postal_code(field.data):
            raise ValidationError(_wrong_postal_code(rules.example))

    def validate_state(self, field: StringField) -> None:
        """Needed where addresses have one, and one of the list where there is a list."""
        rules = self._rules()
        named = _STATES_IN_TEXT[rules.labels["state"] if rules else "State"]
        self._need(field, "state", Text("Please enter the %(place)s.", place=named))
        if field.data and rules is not None and rules.regions and not rules.region(field.data):
            raise ValidationError(Text("Please choose the %(place)s from the list.", place=named))

    def _need(self, field: StringField, name: str, message: str) -> None:
        rules = self._rules()
        if not field.data and (rules is None or name in rules.required):
            raise ValidationError(message)

    def _rules(self) -> Country | None:
        return country(self.country.data) if self.country.data else None

    def address(self) -> Address:
        """The postal address as entered."""
        return Address(
            name=self.name.data or "",
            phone=self.phone.data or "",
            line1=self.line1.data or "",
            line2=self.line2.data or "",
            city=self.city.data or "",
            state=self.state.data or "",
            postal_code=self.postal_code.data or "",
            country=self.country.data or "",
        )

    def offer_countries(self, market: Market) -> None:
        """Offer the countries of the market, the first of them unless one was chosen."""
        self.country.choices = {code: country_name(code) for code in market.countries}
        if not self.country.data or self.country.data == "None":
            self.country.data = market.countries[0]
        self.follow_country()

    def fill(self, address: Address) -> None:
        """Show an address that is known."""
        for name in Address.__dataclass_fields__:
            self[name].data = getattr(address, name)
        self.follow_country()


def _label(rules: Country, name: str) -> str:
    label = rules.labels[name]
    return label if name in rules.required else Text("%(label)s (optional)", label=label)


def _wrong_postal_code(example: str) -> Text:
    if not example:
        return Text("This does not look like a postal code of that country.")
    return Text(
        "This does not look like a postal code of that country, such as %(example)s.",
        example=example,
    )
