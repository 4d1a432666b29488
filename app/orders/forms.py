"""How somebody without an account names an order."""

from __future__ import annotations

from wtforms import StringField
from wtforms.validators import DataRequired, Length

from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm


class OrderForm(ShopForm):
    """What a guest knows of an order."""

    number = StringField(
        Text("Order number"),
        validators=[
            DataRequired(Text("Please enter the order number.")),
            Length(max=40, message=TOO_LONG),
        ],
    )
    email = StringField(
        Text("E-mail"),
        validators=[
            DataRequired(Text("Please enter your e-mail address.")),
            Length(max=254, message=TOO_LONG),
        ],
    )
