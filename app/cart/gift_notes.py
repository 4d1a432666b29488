"""Whom a gift card is for, as typed beside it."""

from __future__ import annotations

from collections.abc import Mapping

from app.cart.models import GiftNote
from app.shared.emails import normal_email
from app.shared.errors import Invalid
from app.shared.ids import Sku
from app.shared.texts import Text

_EMAIL, _MESSAGE = "gift_email", "gift_message"
_LONGEST = 500


def typed_gift_note(form: Mapping[str, str]) -> dict[str, str] | None:
    """The fields as they were typed, None where the form has none."""
    if _EMAIL not in form:
        return None
    return {"email": form[_EMAIL][:254], "message": form.get(_MESSAGE, "")[:2000]}


def read_gift_note(sku: Sku, form: Mapping[str, str]) -> GiftNote | None:
    """The note, None where the form has none. Raises ``Invalid`` beside a field."""
    if _EMAIL not in form:
        return None
    email, message = form[_EMAIL].strip(), form.get(_MESSAGE, "").strip()
    if len(message) > _LONGEST:
        too_long = Text("Please use at most %(max)s characters.", max=_LONGEST)
        raise Invalid(too_long, {_MESSAGE: too_long})
    try:
        return GiftNote(sku=sku, email=normal_email(email) if email else "", message=message)
    except ValueError as error:
        message = error.args[0]
        raise Invalid(message, {_EMAIL: message}) from error
