"""The checkout form."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, RadioField, StringField, ValidationError
from wtforms.validators import InputRequired

from app.checkout.errors import NotDelivered
from app.checkout.rules import Destination, Quote
from app.markets.address_form import AddressForm, text_field
from app.markets.models import Market
from app.shared.emails import normal_email
from app.shared.texts import Text


class CheckoutForm(AddressForm):
    """Who, where to, how to ship, how to pay."""

    before = ("email", "phone")
    email = text_field(Text("E-mail"), 254, Text("Please enter your e-mail address."))
    shipping_method = RadioField(Text("Shipping"), validate_choice=False)
    gateway = RadioField(Text("Payment"), validators=[InputRequired(Text("Please choose one."))])
    gateways: tuple[str, ...] = ()  # that are offered
    entered = False  # whether it has what a shopper entered
    quote: Quote | None = None  # what it costs as entered
    use_store_credit = BooleanField(Text("Use my store credit"))
    keep_address = BooleanField(Text("Keep this address in my account"))

    def validate_shipping_method(self, field: RadioField) -> None:
        """Something that is offered for the address and the cart."""
        if self.quote is None or self.quote.method is None:
            raise ValidationError(NotDelivered().message)
        if not field.data:
            raise ValidationError(Text("Please choose one."))
        if field.data != self.quote.method.code:
            raise ValidationError(
                Text(
                    "This way of shipping is not offered for your address. "
                    "Please choose one of these."
                )
            )

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
    form.gateways, form.entered = gateways, data is not None
    form.gateway.choices = {name: _GATEWAY_LABELS[name] for name in gateways}
    chosen = form.country.data
    form.offer_countries(market)
    if data is not None and (not chosen or chosen == "None"):
        form.country.data = None
    if data is None:
        form.gateway.data = gateways[0] if gateways else None
    return form


def destination(form: CheckoutForm) -> Destination:
    """Where the form says things go; to nowhere yet while nobody entered anything."""
    known = form.entered or form.line1.data
    return Destination(
        region=form.state.data or "",
        country=(form.country.data or "") if known else "",
        postal_code=form.postal_code.data or "",
    )


def offer_shipping(form: CheckoutForm, quote: Quote) -> None:
    """Offer what the quote has, chosen what its sums are of."""
    form.shipping_method.choices = {each.code: each.name for each in quote.shipping_choices}
    form.shipping_method.data = quote.method.code if quote.method else None
