"""What the shop says of itself: the environment's word until somebody stores another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, replace
from typing import Any

from app.shared.emails import normal_email
from app.shared.errors import Invalid
from app.shared.languages import LANGUAGES
from app.shared.texts import Text
from app.shop.models import MOST_CANCEL_MINUTES, MOST_RETURN_DAYS, Logo, ShopProfile, Stored
from app.shop.service import StoredSettings

NAME = "shop"
_STORED = {each.name for each in fields(ShopProfile)}  # a newer version's may be there as well
_LONGEST_NAME = 40  # what a phone's header has room for, in a pinch
_LONGEST_TAGLINE = 80
_LONGEST_DESCRIPTION = 300
_LONGEST_LINE = 120
_MOST_LINES = 8
_LONGEST_ANNOUNCEMENT = 300


class ShopProfiles:
    """Gives out the shop's profile as it is now, and stores another. ``default`` is what the
    environment says."""

    def __init__(self, settings: StoredSettings, default: ShopProfile) -> None:
        self._settings = settings
        self._default = default

    @property
    def current(self) -> ShopProfile:
        """The profile, from this process's memory."""
        return self._profile(self._settings.find(NAME))

    def read(self) -> ShopProfile:
        """The profile as the database has it now."""
        return self._profile(self._settings.read(NAME))

    def _profile(self, stored: Stored | None) -> ShopProfile:
        if stored is None:
            return self._default
        if not stored.values:
            return replace(self._default, version=stored.version)
        known = {name: value for name, value in stored.values.items() if name in _STORED}
        known["seller"] = tuple(known["seller"])
        if logo := known.get("logo"):
            known["logo"] = Logo(**logo)
        return replace(self._default, **known, version=stored.version, by_hand=True)

    def store(self, profile: ShopProfile) -> ShopProfile:
        """Store the profile over its ``version``. Raises ``Invalid`` with a message for each wrong
        field, and ``Conflict`` if somebody else changed it."""
        problems = dict(_problems(profile))
        if problems:
            raise Invalid(Text("Please check the fields below."), problems)
        stored = self._settings.store(NAME, plain(profile), profile.version)
        return self._profile(stored)

    def use_defaults(self, version: int) -> ShopProfile:
        """Let the environment's word hold again, over the version that was read; if it holds
        already nothing changes. Raises ``Conflict`` if somebody else changed the profile."""
        return self._profile(self._settings.store(NAME, {}, version))

    @property
    def default(self) -> ShopProfile:
        """What the environment says."""
        return self._default


def plain(profile: ShopProfile) -> dict[str, Any]:
    """The profile as plain values, without its version."""
    return {
        "name": profile.name,
        "logo": asdict(profile.logo) if profile.logo else None,
        "taglines": _filled(profile.taglines),
        "descriptions": _filled(profile.descriptions),
        "seller": list(profile.seller),
        "tax_id": profile.tax_id,
        "cancel_minutes": profile.cancel_minutes,
        "return_days": profile.return_days,
        "contact": profile.contact,
        "announcement": _filled(profile.announcement),
    }


def _filled(texts: Mapping[str, str]) -> dict[str, str]:
    return {code: text for code, text in texts.items() if text}


def _problems(profile: ShopProfile) -> Mapping[str, str]:
    found: dict[str, str] = {}
    if not profile.name:
        found["name"] = Text("Please enter a name.")
    elif len(profile.name) > _LONGEST_NAME:
        found["name"] = _too_long(_LONGEST_NAME)
    if not profile.seller:
        found["seller"] = Text("Please name who sells: invoices need it.")
    elif len(profile.seller) > _MOST_LINES or any(
        len(each) > _LONGEST_LINE for each in profile.seller
    ):
        found["seller"] = Text("Please use at most 8 lines of 120 characters.")
    if len(profile.tax_id) > _LONGEST_LINE:
        found["tax_id"] = _too_long(_LONGEST_LINE)
    if not 0 <= profile.cancel_minutes <= MOST_CANCEL_MINUTES:
        found["cancel_minutes"] = Text("Please enter 0 to 10080 minutes (a week).")
    if not 0 <= profile.return_days <= MOST_RETURN_DAYS:
        found["return_days"] = Text("Please enter 0 to 3650 days.")
    if profile.contact and not _is_email(profile.contact):
        found["contact"] = Text("Please enter an e-mail address, such as hello@example.com.")
    for field, texts, longest in (
        ("tagline", profile.taglines, _LONGEST_TAGLINE),
        ("description", profile.descriptions, _LONGEST_DESCRIPTION),
        ("announcement", profile.announcement, _LONGEST_ANNOUNCEMENT),
    ):
        found.update(_wrong_texts(field, texts, longest))
    return found


def _wrong_texts(field: str, texts: Mapping[str, str], longest: int) -> Iterator[tuple[str, str]]:
    for code, text in texts.items():
        if code not in LANGUAGES:
            yield field, Text("The shop does not speak this language.")
        elif len(text) > longest:
            yield f"{field}_{code}", _too_long(longest)


def _too_long(longest: int) -> str:
    return Text("Please use at most %(most)s characters.", most=longest)


def _is_email(text: str) -> bool:
    try:
        normal_email(text)
    except ValueError:
        return False
    return True
