"""The owner's own words in mails: subject, heading and closing, by mail and language.

A text may hold placeholders such as ``{number}``; each mail knows some. Where a text is empty, the
shop's own words stand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from app.notifications.kinds import MailKind
from app.shared.errors import Invalid
from app.shared.texts import Text
from app.shop.models import Stored
from app.shop.service import StoredSettings

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_LONGEST = {"subject": 150, "heading": 150, "closing": 2_000}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """A mail's own words, "" for the shop's; ``version`` is 0 as long as nobody stored any."""

    subject: str = ""
    heading: str = ""
    closing: str = ""
    version: int = 0

    def filled(self, values: Mapping[str, str]) -> Wording:
        """With the placeholders' values; a subject is one line whatever they are."""

        def fill(text: str) -> str:
            return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)

        return replace(
            self,
            subject=" ".join(fill(self.subject).split()),
            heading=" ".join(fill(self.heading).split()),
            closing=fill(self.closing),
        )

    @property
    def texts(self) -> dict[str, str]:
        """The texts by name."""
        return {name: text for name, text in asdict(self).items() if name != "version"}

    @property
    def is_own(self) -> bool:
        """Whether any of it is other than the shop's."""
        return any(self.texts.values())


class MailWordings:
    """Reads wordings from this process's memory, and stores them for all."""

    def __init__(self, settings: StoredSettings) -> None:
        self._settings = settings

    def find(self, kind: str, language: str) -> Wording:
        """The wording of a mail in a language, as this process knows it."""
        return _wording(self._settings.find(_name(kind, language)))

    def read(self, kind: str, language: str) -> Wording:
        """The same as the database has it now."""
        return _wording(self._settings.read(_name(kind, language)))

    def store(self, kind: MailKind, language: str, wording: Wording) -> Wording:
        """Store over the wording's ``version``. Raises ``Invalid`` with a message for each wrong
        text, and ``Conflict`` if somebody else changed it."""
        check_wording(kind, wording)
        name = _name(kind.key, language)
        return _wording(self._settings.store(name, wording.texts, wording.version))


def check_wording(kind: MailKind, wording: Wording) -> None:
    """Raise ``Invalid`` unless every placeholder is one of the mail's."""
    problems = {
        name: message
        for name, text in wording.texts.items()
        for message in reversed(list(_problems(kind, name, text)))
    }
    if problems:
        raise Invalid(Text("Please check the texts below."), problems)


def _problems(kind: MailKind, name: str, text: str) -> Iterator[str]:
    if len(text) > _LONGEST[name]:
        yield Text("Please use at most %(max)s characters.", max=_LONGEST[name])
    if name != "closing" and "\n" in text:
        yield Text("Please use one line.")
    known = ", ".join(f"{{{each}}}" for each in kind.placeholders)
    for unknown in set(_PLACEHOLDER.findall(text)) - set(kind.placeholders):
        yield Text(
            "There is no placeholder {%(name)s} in this mail. There are: %(known)s.",
            name=unknown,
            known=known,
        )
    if re.search(r"[{}]", _PLACEHOLDER.sub("", text)):
        yield Text("Braces are for placeholders: %(known)s.", known=known)


def _name(kind: str, language: str) -> str:
    return f"mail:{kind}:{language}"


def _wording(stored: Stored | None) -> Wording:
    if stored is None or not stored.version:
        return Wording()
    return Wording(**stored.values, version=stored.version)
