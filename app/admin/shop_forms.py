"""The form of what the shop says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import InputRequired

from app.shared.errors import Invalid
from app.shared.languages import LANGUAGES
from app.shared.numbers import whole
from app.shared.texts import Text
from app.shop.models import ShopProfile
from app.web.forms import ShopForm

_NUMBER = Text("Please enter a whole number.")


class ProfileForm(ShopForm):
    """What the shop is, who sells, how long shoppers may change their minds, and what everybody is
    told."""

    version = HiddenField()
    name = StringField(Text("Name of the shop"))
    seller = TextAreaField(Text("Seller"))
    tax_id = StringField(Text("Tax number"))
    contact = StringField(Text("Contact address"))
    cancel_minutes = IntegerField(
        Text("Minutes to cancel after paying"), [InputRequired(message=_NUMBER)]
    )
    return_days = IntegerField(
        Text("Days to return after delivery"), [InputRequired(message=_NUMBER)]
    )

    @classmethod
    def of(cls, profile: ShopProfile) -> ProfileForm:
        """The form with what holds now."""
        return cls(
            data={
                "version": str(profile.version),
                "name": profile.name,
                "seller": "\n".join(profile.seller),
                "tax_id": profile.tax_id,
                "contact": profile.contact,
                "cancel_minutes": profile.cancel_minutes,
                "return_days": profile.return_days,
                **_named("tagline", profile.taglines),
                **_named("description", profile.descriptions),
                **_named("announcement", profile.announcement),
            }
        )

    def each_language(self, kind: str) -> list[Any]:
        """The fields of a text that there is in each language."""
        return [self[f"{kind}_{code}"] for code in LANGUAGES]

    def _read(self, kind: str) -> dict[str, str]:
        read = {code: _clean(self[f"{kind}_{code}"].data) for code in LANGUAGES}
        return {code: text for code, text in read.items() if text}

    def profile(self) -> ShopProfile:
        """What was filled in."""
        return ShopProfile(
            name=_clean(self.name.data),
            taglines=self._read("tagline"),
            descriptions=self._read("description"),
            seller=tuple(filter(None, map(str.strip, (self.seller.data or "").splitlines()))),
            tax_id=_clean(self.tax_id.data),
            contact=_clean(self.contact.data),
            cancel_minutes=self.cancel_minutes.data or 0,
            return_days=self.return_days.data or 0,
            announcement=self._read("announcement"),
            version=whole(self.version.data or "", 0),
        )

    def blame(self, refusal: Invalid) -> None:
        """Show a rule's messages beside their fields."""
        add_errors(self, refusal.fields)


def add_errors(form: ShopForm, problems: Mapping[str, str]) -> None:
    """Put messages beside the fields they are about."""
    for name, message in problems.items():
        if name in form:
            form[name].errors = [*form[name].errors, message]


def _named(kind: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{kind}_{code}": text for code, text in texts.items()}


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())


for _code, _language in LANGUAGES.items():
    setattr(ProfileForm, f"tagline_{_code}", StringField(_language))
    setattr(ProfileForm, f"description_{_code}", TextAreaField(_language))
    setattr(ProfileForm, f"announcement_{_code}", StringField(_language))
