"""The checkout form."""

from __future__ import annotations

import re
from typing import Any

from email_validator import EmailNotValidError, validate_email
from wtforms import Form, RadioField, SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length

from app.markets.models import Market
from app.shared.postal import Address

# Shapes of postal codes, after the Universal Postal Union's address guides.
_POSTAL_CODES = {"US": r"\d{5}(-\d{4})?", "IN": r"[1-9]\d{5}", "DE": r"\d{5}"}
_NEEDS_STATE = {"US", "IN"}
_COUNTRY_NAMES = {"US": "United States", "IN": "India", "DE": "Germany"}


def _strip(value: str | None) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value or "").strip()


def _text(label: str, longest: int, required: str = "", **kwargs: Any) -> StringField:
    checks: list[Any] = [Length(max=longest, message=f"Please use at most {longest} characters.")]
    if required:
        checks.insert(0, DataRequired(required))
    return StringField(label, filters=[_strip], validators=checks, **kwargs)


class CheckoutForm(Form):
    """Who, where to, how to ship, how to pay."""

    email = _text("E-mail", 254, "Please enter your e-mail address.")
    name = _text("Full name", 120, "Please enter the recipient's name.")
    phone = _text("Phone", 30, "Please enter a phone number for the courier.")
    line1 = _text("Address", 200, "Please enter the street and house number.")
    line2 = _text("Apartment, floor (optional)", 200)
    city = _text("City", 100, "Please enter the city.")
    state = _text("State", 100)
    postal_code = _text("Postal code", 20, "Please enter the postal code.")
    country = SelectField("Country", validators=[InputRequired("Please choose a country.")])
    shipping_method = RadioField("Shipping", validators=[InputRequired("Please choose one.")])
    gateway = RadioField("Payment", validators=[InputRequired("Please choose one.")])

    def validate_email(self, field: StringField) -> None:
        """Check the address's form; whether mail arrives there only the confirmation shows."""
        try:
            checked = validate_email(field.data or "", check_deliverability=False)
        except EmailNotValidError as error:
            raise ValidationError("Please enter a valid e-mail address.") from error
        # In one spelling, so that an order alike is found whichever way it was typed.
        field.data = checked.normalized.lower()

    def validate_phone(self, field: StringField) -> None:
        """A number of 6 to 15 digits (ITU-T E.164), in any usual spelling."""
        digits = re.sub(r"\D", "", field.data or "")
        if not re.fullmatch(r"[\d\s()+./-]+", field.data or "") or not 6 <= len(digits) <= 15:
            raise ValidationError("Please enter a phone number, such as +1 555 010 2030.")

    def validate_postal_code(self, field: StringField) -> None:
        """The country's own shape of postal code."""
        pattern = _POSTAL_CODES.get(self.country.data or "", r".{2,10}")
        if not re.fullmatch(pattern, field.data or ""):
            raise ValidationError("This does not look like a postal code of that country.")

    def validate_state(self, field: StringField) -> None:
        """Needed where tax or delivery depends on it."""
        if self.country.data in _NEEDS_STATE and not field.data:
            raise ValidationError("Please enter the state.")

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


_GATEWAY_LABELS = {
    "stripe": "Card or wallet (Stripe)",
    "razorpay": "UPI, card or netbanking (Razorpay)",
}


def checkout_form(market: Market, gateways: tuple[str, ...], data: Any = None) -> CheckoutForm:
    """The form for a market; without ``data`` its first choices are filled in."""
    form = CheckoutForm(data)
    form.country.choices = [(code, _COUNTRY_NAMES.get(code, code)) for code in market.countries]
    form.shipping_method.choices = [(each.code, each.name) for each in market.shipping]
    form.gateway.choices = [(name, _GATEWAY_LABELS[name]) for name in gateways]
    if not form.country.data or form.country.data == "None":
        form.country.data = market.countries[0] if data is None else None
    if data is None:
        form.shipping_method.data = market.shipping[0].code
        form.gateway.data = gateways[0] if gateways else None
    return form
