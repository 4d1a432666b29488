"""The forms about customers."""

from __future__ import annotations

import re
from typing import Any

from wtforms import (
    HiddenField,
    IntegerField,
    SelectField,
    StringField,
    TextAreaField,
    ValidationError,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from app.admin.amounts import amount_field, check_amount, currency_choices
from app.shared.emails import normal_email
from app.shared.ids import new_id
from app.shared.money import Money
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm

_KEY = re.compile(r"[0-9a-z]{26}")


def stripped(text: str | None) -> str:
    """Without space around it."""
    return (text or "").strip()


class OnceForm(ShopForm):
    """A form that does what it says once, however often it is sent."""

    key = HiddenField()

    def validate_key(self, field: HiddenField) -> None:
        """It must be as this form makes them."""
        if not _KEY.fullmatch(field.data or ""):
            field.data = new_key()
            raise ValidationError(Text("Please send the form once more."))


def new_key() -> str:
    """A key that no form had before."""
    return new_id("key").removeprefix("key_")


class NoteForm(ShopForm):
    """What staff note."""

    text = TextAreaField(
        Text("Private note"),
        filters=[stripped],
        validators=[Length(max=5000, message=TOO_LONG)],
    )
    version = IntegerField(validators=[InputRequired(), NumberRange(0, 10**9)])


class GrantForm(OnceForm):
    """Store credit to give, or with a minus to take."""

    amount = amount_field()
    currency = SelectField(Text("Currency"), choices=currency_choices)
    reason = StringField(
        Text("Reason"),
        filters=[stripped],
        validators=[
            DataRequired(Text("Please say why: it is kept in the ledger.")),
            Length(max=200, message=TOO_LONG),
        ],
    )

    def validate_amount(self, field: StringField) -> None:
        """It must be exact, and something."""
        self.money = check_amount(field, self.currency.data or "")
        if not self.money:
            raise ValidationError(Text("Please enter an amount that is not nothing."))

    money: Money


class ErasureForm(ShopForm):
    """The customer's address, typed out, before everything goes."""

    confirmation = StringField(
        Text("Type the customer's e-mail address to confirm"), filters=[stripped]
    )

    def __init__(self, *given: Any, email: str = "", **more: Any) -> None:
        super().__init__(*given, **more)
        self._email = email

    def validate_confirmation(self, field: StringField) -> None:
        """It must be theirs."""
        if (field.data or "").casefold() != self._email.casefold():
            raise ValidationError(Text("This is not the customer's e-mail address."))


class GroupForm(ShopForm):
    """A group's name, and for a new one its code."""

    name = StringField(
        Text("Name"),
        filters=[stripped],
        validators=[DataRequired(Text("Please enter a name.")), Length(max=80, message=TOO_LONG)],
    )
    code = StringField(Text("Code"), filters=[stripped])
    version = HiddenField()


class MembersForm(ShopForm):
    """Addresses to add, one a line or separated by commas."""

    emails = TextAreaField(
        Text("E-mail addresses"),
        filters=[stripped],
        validators=[DataRequired(Text("Please enter at least one address."))],
    )

    addresses: list[str]

    def validate_emails(self, field: TextAreaField) -> None:
        """Each must be one; those that are not are named."""
        self.addresses, wrong = [], []
        for text in re.split(r"[\s,;]+", field.data or ""):
            try:
                if text:
                    self.addresses.append(normal_email(text))
            except ValueError:
                wrong.append(text)
        if wrong:
            named = ", ".join(wrong[:5])
            raise ValidationError(
                Text("These are no e-mail addresses: %(named)s. Nobody was added.", named=named)
            )
