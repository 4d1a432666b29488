"""Forms by which staff change stock."""

from __future__ import annotations

import re
from typing import Any

from wtforms import HiddenField, SelectField, StringField, ValidationError
from wtforms.validators import Length

from app.admin.entry_fields import WholeNumber
from app.admin.words import CAUSES
from app.inventory.models import Cause
from app.shared.errors import Invalid
from app.shared.ids import new_id
from app.shared.numbers import whole
from app.shared.texts import Text
from app.web.forms import TOO_LONG, ShopForm

_KEY = re.compile(r"[a-z]{3}_[0-9a-z]{26}")
_CAUSES = {each.value: CAUSES[each] for each in (Cause.CORRECTION, Cause.DAMAGE)}


class RequestKey(HiddenField):
    """A key made with the form: the same form sent twice is carried out once."""

    def __init__(self, label: str = "", *, prefix: str, **more: Any) -> None:
        super().__init__(label, default=lambda: new_id(prefix), **more)
        self._prefix = prefix

    def pre_validate(self, form: Any) -> None:
        """One that this shop made."""
        key = self.data or ""
        if not _KEY.fullmatch(key) or not key.startswith(f"{self._prefix}_"):
            raise ValidationError(Text("This form is out of date. Please reload it."))

    def renew(self) -> None:
        """For a form that is shown again after it was carried out."""
        self.data = new_id(self._prefix)


class CountForm(ShopForm):
    """So many units lie at a location."""

    location = HiddenField()
    read_at = WholeNumber(Text("Last movement"), needed=True)
    quantity = WholeNumber(Text("On hand"), needed=True)


class AdjustForm(ShopForm):
    """So many units more or less, for a reason."""

    key = RequestKey(prefix="mov")
    location = SelectField(Text("Location"), validate_choice=False)
    change = WholeNumber(Text("Change"), least=-10_000_000, needed=True)
    cause = SelectField(Text("Why"), choices=_CAUSES)
    reason = StringField(Text("Reason"), validators=[Length(max=200, message=TOO_LONG)])


class ThresholdForm(ShopForm):
    """From how many units on down staff are told; nothing is the shop's own number."""

    read = HiddenField()
    threshold = WholeNumber(Text("Low at"))

    @property
    def known(self) -> int | None:
        """The threshold that was read."""
        return whole(self.read.data or "", None)


def show_problems(form: ShopForm, refusal: Invalid, **names: str) -> None:
    """Put what a service refused beside the fields; ``names`` are those that are called otherwise
    in the form, and what has no field stands in the summary alone."""
    for place, message in refusal.fields.items():
        name = names.get(place, place)
        if name in form:
            form[name].errors = [*form[name].errors, message]
