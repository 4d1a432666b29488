"""The fields of a postal address, as the countries of a market write it."""

from __future__ import annotations

import re
from typing import Any

from wtforms import SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from app.markets.models import Market
from app.shared.postal import Address
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm

# Shapes of postal codes, after the Universal Postal Union's address guides.
_POSTAL_CODES = {"US": r"\d{5}(-\d{4})?", "IN": r"[1-9]\d{5}", "DE": r"\d{5}"}
_NEEDS_STATE = {"US", "IN"}
_COUNTRY_NAMES = {
    "US": Text("United States"),
    "IN": Text("India"),
    "DE": Text("Germany"),
}


def clean(value: str | None) -> str:
    """What was typed, on one line and without space around it."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value or "").strip()


def text_field(label: str, longest: int, required: str = "") -> StringField:
    """A line of text; ``required`` is what to say when it is missing."""
    checks: list[Any] = [Length(max=longest, message=TOO_LONG)]
    if required:
        checks.insert(0, DataRequired(required))
    return StringField(label, filters=[clean], validators=checks)


class AddressForm(ShopForm):
    """Where things are sent."""

    name = text_field(Text("Full name"), 120, Text("Please enter the recipient's name."))
    phone = text_field(Text("Phone"), 30, Text("Please enter a phone number for the courier."))
    line1 = text_field(Text("Address"), 200, Text("Please enter the street and house number."))
    line2 = text_field(Text("Apartment, floor (optional)"), 200)
    city = text_field(Text("City"), 100, Text("Please enter the city."))
    state = text_field(Text("State"), 100)
    postal_code = text_field(Text("Postal code"), 20, Text("Please enter the postal code."))
    country = SelectField(
        Text("Country"), validators=[InputRequired(Text("Please choose a country."))]
    )

    def validate_phone(self, field: StringField) -> None:
        """A number of 6 to 15 digits (ITU-T E.164), in any usual spelling."""
        digits = re.sub(r"\D", "", field.data or "")
        if not re.fullmatch(r"[\d\s()+./-]+", field.data or "") or not 6 <= len(digits) <= 15:
            raise ValidationError(Text("Please enter a phone number, such as +1 555 010 2030."))

    def validate_postal_code(self, field: StringField) -> None:
        """The country's own shape of postal code."""
        pattern = _POSTAL_CODES.get(self.country.data or "", r".{2,10}")
        if not re.fullmatch(pattern, field.data or ""):
            raise ValidationError(Text("This does not look like a postal code of that country."))

    def validate_state(self, field: StringField) -> None:
        """Needed where tax or delivery depends on it."""
        if self.country.data in _NEEDS_STATE and not field.data:
            raise ValidationError(Text("Please enter the state."))

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
        """Offer the countries of the market."""
        self.country.choices = [(code, _COUNTRY_NAMES.get(code, code)) for code in market.countries]

    def fill(self, address: Address) -> None:
        """Show an address that is known."""
        for name in Address.__dataclass_fields__:
            self[name].data = getattr(address, name)
