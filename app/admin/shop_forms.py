"""The form of what the shop says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import FileStorage
from wtforms import (
    BooleanField,
    FileField,
    HiddenField,
    IntegerField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired

from app.admin.form_pictures import fields_of, image_in, keep_upload
from app.catalog.models import Image
from app.shared.errors import Invalid
from app.shared.languages import LANGUAGES
from app.shared.numbers import whole
from app.shared.texts import Text
from app.shop.models import Logo, ShopProfile
from app.web.forms import ShopForm

_PICTURE = ("image_src", "image_width", "image_height", "image_drop")
_NUMBER = Text("Please enter a whole number.")


class ProfileForm(ShopForm):
    """What the shop is, who sells, how long shoppers may change their minds, and what everybody is
    told."""

    version = HiddenField()
    name = StringField(Text("Name of the shop"))
    image = FileField(Text("Logo"))
    image_src = HiddenField()
    image_width = HiddenField()
    image_height = HiddenField()
    image_drop = BooleanField()
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
                **fields_of(_image(profile.logo)),
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

    @property
    def picture(self) -> dict[str, str]:
        """The fields of the logo, which is read out as the name."""
        return {name: self[name].data or "" for name in _PICTURE} | {"image_alt": ""}

    def keep_logo(self, upload: FileStorage | None) -> None:
        """Keep a logo that was sent along, so that the form has it when it is shown again."""
        values = self.picture
        try:
            keep_upload(values, upload, _clean(self.name.data))
        except Invalid as refusal:
            self.blame(refusal)
        for name in _PICTURE:
            self[name].data = values[name]

    def profile(self) -> ShopProfile:
        """What was filled in."""
        return ShopProfile(
            name=_clean(self.name.data),
            logo=_logo(image_in(self.picture)),
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


def _image(logo: Logo | None) -> Image | None:
    return Image(src=logo.src, alt="", width=logo.width, height=logo.height) if logo else None


def _logo(image: Image | None) -> Logo | None:
    return Logo(src=image.src, width=image.width, height=image.height) if image else None


def _named(kind: str, texts: Mapping[str, str]) -> dict[str, str]:
    return {f"{kind}_{code}": text for code, text in texts.items()}


def _clean(text: str | None) -> str:
    return " ".join((text or "").split())


for _code, _language in LANGUAGES.items():
    setattr(ProfileForm, f"tagline_{_code}", StringField(_language))
    setattr(ProfileForm, f"description_{_code}", TextAreaField(_language))
    setattr(ProfileForm, f"announcement_{_code}", StringField(_language))
