"""The forms of the account pages."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField, PasswordField, StringField, ValidationError
from wtforms.validators import DataRequired, Length

from app.identity.models import SavedAddress
from app.identity.rules import LONGEST_PASSWORD
from app.markets.address_form import AddressForm, clean
from app.markets.models import Market
from app.shared.emails import normal_email
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm


def _email(label: str = Text("E-mail")) -> StringField:
    return StringField(
        label,
        filters=[clean],
        validators=[
            DataRequired(Text("Please enter your e-mail address.")),
            Length(max=254, message=TOO_LONG),
        ],
    )


def _password(label: str, missing: str = Text("Please enter a password.")) -> PasswordField:
    return PasswordField(
        label,
        validators=[
            DataRequired(missing),
            Length(
                max=LONGEST_PASSWORD,
                message=TOO_LONG,
            ),
        ],
    )


def _current_password() -> PasswordField:
    return _password(Text("Current password"), Text("Please enter your current password."))


def _name() -> StringField:
    return StringField(
        Text("Name"),
        filters=[clean],
        validators=[
            DataRequired(Text("Please enter your name.")),
            Length(max=120, message=TOO_LONG),
        ],
    )


class _WithEmail(ShopForm):
    """A form with an address, which is checked and put into its normal spelling."""

    email = _email()

    def validate_email(self, field: StringField) -> None:
        """It must look like an address."""
        try:
            field.data = normal_email(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error


class RegisterForm(_WithEmail):
    """Who registers; the fields in the order of the page, and so of what is wrong with them."""

    name = _name()
    email = _email()
    password = _password(Text("Password"))


class LoginForm(ShopForm):
    """Who logs in; what is wrong is never told field by field."""

    email = _email()
    password = _password(Text("Password"))


class ForgotForm(_WithEmail):
    """Whose password is forgotten."""


class ResetForm(ShopForm):
    """The new password."""

    password = _password(Text("New password"), Text("Please enter a new password."))


class PasswordForm(ShopForm):
    """The old and the new password."""

    current_password = _current_password()
    password = _password(Text("New password"), Text("Please enter a new password."))


class EmailForm(_WithEmail):
    """The new address."""

    email = _email(Text("New e-mail"))
    current_password = _current_password()


class ProfileForm(ShopForm):
    """What the shop calls somebody."""

    name = _name()


class CodeForm(ShopForm):
    """A code of the authenticator app, or a recovery code."""

    code = StringField(
        Text("Code"),
        filters=[clean],
        validators=[DataRequired(Text("Please enter the code.")), Length(max=40, message=TOO_LONG)],
    )


class FactorForm(CodeForm):
    """A first code, and the password: whoever finds a session open must not lock its owner out."""

    current_password = _current_password()


class OwnerForm(ShopForm):
    """The password of the account that a mailed link is about."""

    current_password = _password(Text("Password of your account"))


class JoinForm(ShopForm):
    """Who accepts an invitation to work here without an account."""

    name = _name()
    password = _password(Text("Password"))


class CodesForm(ShopForm):
    """The password, for other recovery codes in the place of those of a round."""

    password = _current_password()
    seen = HiddenField()


class DeletionForm(ShopForm):
    """The password once more, before everything goes."""

    current_password = _current_password()


class EntryForm(AddressForm):
    """An entry of the address book."""

    is_default = BooleanField(Text("Offer this address first"))


def entry_form(market: Market, data: Any = None, entry: SavedAddress | None = None) -> EntryForm:
    """The form for an entry, filled with what is known where nothing was typed yet."""
    form = EntryForm(data)
    form.offer_countries(market)
    if data is None and entry is not None:
        form.fill(entry.address)
        form.is_default.data = entry.is_default
    return form
