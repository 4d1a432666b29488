"""The forms about gift cards."""

from __future__ import annotations

from datetime import date

from wtforms import DateField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Length, Optional

from app.admin.amounts import amount_field, check_amount, currency_choices
from app.admin.customer_forms import OnceForm, stripped
from app.markets.languages import own_language
from app.markets.service import MarketService
from app.shared.clock import now
from app.shared.emails import normal_email
from app.shared.languages import LANGUAGES
from app.shared.money import Money
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm
from app.web.registry import service


class IssueForm(OnceForm):
    """A gift card to issue."""

    amount = amount_field()
    currency = SelectField(Text("Currency"), choices=currency_choices)
    expires_on = DateField(Text("Good until (UTC, optional)"), validators=[Optional()])
    email = StringField(
        Text("Send it to (optional)"),
        filters=[stripped],
        validators=[Length(max=254, message=TOO_LONG)],
    )
    language = SelectField(
        Text("Language of the mail"),
        choices=dict(LANGUAGES),
        default=lambda: own_language(service(MarketService).default),
    )
    sender = StringField(
        Text("From whom (optional)"),
        filters=[stripped],
        validators=[Length(max=120, message=TOO_LONG)],
    )
    message = TextAreaField(
        Text("Message (optional)"),
        filters=[stripped],
        validators=[Length(max=500, message=TOO_LONG)],
    )

    money: Money

    def validate_amount(self, field: StringField) -> None:
        """It must be exact, and more than nothing."""
        self.money = check_amount(field, self.currency.data or "")
        if self.money.minor <= 0:
            raise ValidationError(Text("A gift card needs an amount above nothing."))

    def validate_expires_on(self, field: DateField) -> None:
        """It must lie ahead."""
        if field.data and field.data <= now().date():
            raise ValidationError(Text("Please choose a day that is still to come."))
        if field.data == date.max:  # there is no day after it, on which the card would be over
            raise ValidationError(Text("Please choose an earlier day."))

    def validate_email(self, field: StringField) -> None:
        """It must look like an address, if it is given."""
        if field.data:
            try:
                field.data = normal_email(field.data)
            except ValueError as error:
                raise ValidationError(str(error)) from error


class LookUpForm(ShopForm):
    """A gift card's code, as it was typed."""

    code = StringField(
        Text("Look up by code"),
        filters=[stripped],
        validators=[
            DataRequired(Text("Please enter the whole code.")),
            Length(max=60, message=TOO_LONG),
        ],
    )
