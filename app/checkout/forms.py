"""The checkout form."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, RadioField, StringField, ValidationError
from wtforms.validators import InputRequired

from app.markets.address_form import AddressForm, text_field
from app.markets.models import Market
from app.shared.emails import normal_email
from app.shared.texts import Text


class CheckoutForm(AddressForm):
    """Who, where to, how to ship, how to pay."""

    email = text_field(Text("E-mail"), 254, Text("Please enter your e-mail address."))
    shipping_method = RadioField(
        Text("Shipping"), validators=[InputRequired(Text("Please choose one."))]
    )
    gateway = RadioField(Text("Payment"), validators=[InputRequired(Text("Please choose one."))])
    keep_address = BooleanField(Text("Keep this address in my account"))

    def validate_email(self, field: StringField) -> None:
        """In one spelling, so that an order alike is found whichever way it was typed."""
        try:
            field.data = normal_email(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error


def known_email(form: CheckoutForm) -> str:
    """The address that was typed, in its one spelling; "" as long as it is none."""
    try:
        return normal_email(form.email.data or "")
    except ValueError:
        return ""


_GATEWAY_LABELS = {
    "stripe": Text("Card or wallet (Stripe)"),
    "razorpay": Text("UPI, card or netbanking (Razorpay)"),
}


def checkout_form(market: Market, gateways: tuple[str, ...], data: Any = None) -> CheckoutForm:
    """The form for a market; without ``data`` its first choices are filled in."""
    form = CheckoutForm(data)
    form.offer_countries(market)
    form.shipping_method.choices = [(each.code, each.name) for each in market.shipping]
    form.gateway.choices = [(name, _GATEWAY_LABELS[name]) for name in gateways]
    if not form.country.data or form.country.data == "None":
        form.country.data = market.countries[0] if data is None else None
    if data is None:
        form.shipping_method.data = market.shipping[0].code
        form.gateway.data = gateways[0] if gateways else None
    return form
