"""The forms of the account pages."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, Form, PasswordField, StringField, ValidationError
from wtforms.validators import DataRequired, Length

from app.identity.models import SavedAddress
from app.identity.rules import LONGEST_PASSWORD
from app.markets.address_form import AddressForm, clean
from app.markets.models import Market
from app.shared.emails import normal_email


def _email(label: str = "E-mail") -> StringField:
    return StringField(
        label,
        filters=[clean],
        validators=[
            DataRequired("Please enter your e-mail address."),
            Length(max=254, message="Please use at most 254 characters."),
        ],
    )


def _password(label: str, missing: str = "Please enter a password.") -> PasswordField:
    return PasswordField(
        label,
        validators=[
            DataRequired(missing),
            Length(
                max=LONGEST_PASSWORD, message=f"Please use at most {LONGEST_PASSWORD} characters."
            ),
        ],
    )


def _current_password() -> PasswordField:
    return _password("Current password", "Please enter your current password.")


def _name() -> StringField:
    return StringField(
        "Name",
        filters=[clean],
        validators=[
            DataRequired("Please enter your name."),
            Length(max=120, message="Please use at most 120 characters."),
        ],
    )


class _WithEmail(Form):
    """A form with an address, which is checked and put into its normal spelling."""

    email = _email()

    def validate_email(self, field: StringField) -> None:
        """It must look like an address."""
        try:
            field.data = normal_email(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error


class RegisterForm(_WithEmail):
    """Who registers."""

    name = _name()
    password = _password("Password")


class LoginForm(Form):
    """Who logs in; what is wrong is never told field by field."""

    email = _email()
    password = _password("Password")


class ForgotForm(_WithEmail):
    """Whose password is forgotten."""


class ResetForm(Form):
    """The new password."""

    password = _password("New password", "Please enter a new password.")


class PasswordForm(Form):
    """The old and the new password."""

    current_password = _current_password()
    password = _password("New password", "Please enter a new password.")


class EmailForm(_WithEmail):
    """The new address."""

    email = _email("New e-mail")
    current_password = _current_password()


class ProfileForm(Form):
    """What the shop calls somebody."""

    name = _name()


class CodeForm(Form):
    """A code of the authenticator app, or a recovery code."""

    code = StringField(
        "Code", filters=[clean], validators=[DataRequired("Please enter the code."), Length(max=40)]
    )


class OwnerForm(Form):
    """The password of the account that a mailed link is about."""

    current_password = _password("Password of your account")


class DeletionForm(Form):
    """The password once more, before everything goes."""

    current_password = _current_password()


class EntryForm(AddressForm):
    """An entry of the address book."""

    is_default = BooleanField("Offer this address first")


def entry_form(market: Market, data: Any = None, entry: SavedAddress | None = None) -> EntryForm:
    """The form for an entry, filled with what is known where nothing was typed yet."""
    form = EntryForm(data)
    form.offer_countries(market)
    if data is None and entry is not None:
        form.fill(entry.address)
        form.is_default.data = entry.is_default
    return form
