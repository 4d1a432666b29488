"""The form with which a shopper asks for a return."""

from __future__ import annotations

from collections.abc import Mapping

from werkzeug.datastructures import MultiDict
from wtforms import SelectField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.fulfilment.errors import NotReturnable
from app.fulfilment.models import ReturnReason
from app.fulfilment.returns import COMMENT_LENGTH
from app.fulfilment.rules import REASON_LABELS
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm


class ReturnForm(ShopForm):
    """Why things come back; which ones is read by ``quantities``."""

    reason = SelectField(Text("Why?"), validators=[InputRequired(Text("Please choose a reason."))])
    comment = TextAreaField(
        Text("Anything we should know? (optional)"),
        filters=[lambda text: (text or "").strip()],
        validators=[
            Length(
                max=COMMENT_LENGTH,
                message=TOO_LONG,
            )
        ],
    )


def return_form(data: MultiDict[str, str] | None = None) -> ReturnForm:
    """The form with the reasons there are."""
    form = ReturnForm(data)
    form.reason.choices = {
        "": Text("Please choose"),
        **{each.value: REASON_LABELS[each] for each in ReturnReason},
    }
    return form


def quantities(data: MultiDict[str, str], possible: Mapping[int, int]) -> dict[int, int]:
    """The units that were asked for, by line position. Raises ``NotReturnable`` for no number."""
    wanted = {}
    for position in possible:
        typed = data.get(f"quantity-{position}", "").strip() or "0"
        if not (typed.isascii() and typed.isdecimal() and len(typed) < 6):
            message = Text("Please enter a whole number.")
            raise NotReturnable(message, f"quantity-{position}")
        wanted[position] = int(typed)
    return wanted
