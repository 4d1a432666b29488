"""The forms about who works here."""

from __future__ import annotations

from wtforms import SelectField, StringField, ValidationError
from wtforms.validators import DataRequired, Length

from app.admin.customer_forms import stripped
from app.identity.models import Role
from app.shared.emails import normal_email
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm

ROLE_LABELS = {
    Role.OWNER: Text("Owner: everything, staff and settings included"),
    Role.MANAGER: Text("Manager: everything but staff and settings"),
    Role.SUPPORT: Text("Support: orders, refunds, customers and reviews"),
    Role.ANALYST: Text("Analyst: figures, and nobody's name"),
}


class InviteForm(ShopForm):
    """Whom to invite, and to what."""

    email = StringField(
        Text("E-mail"),
        filters=[stripped],
        validators=[
            DataRequired(Text("Please enter an e-mail address.")),
            Length(max=254, message=TOO_LONG),
        ],
    )
    role = SelectField(
        Text("Role"),
        choices={role.value: label for role, label in ROLE_LABELS.items()},
        default=Role.SUPPORT.value,
    )

    def validate_email(self, field: StringField) -> None:
        """It must look like an address."""
        try:
            field.data = normal_email(field.data or "")
        except ValueError as error:
            raise ValidationError(str(error)) from error
