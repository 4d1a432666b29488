"""What the shop says, in the language of whoever reads it.

A ``Text`` is its English, and knows what it is made of. Rules and services make it without knowing
who will read it; where it is shown, it is in the reader's language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import NullTranslations
from typing import Any, Self

from markupsafe import Markup, escape

from app.shared.catalogs import catalog_of
from app.shared.languages import DEFAULT, known_language


@dataclass(frozen=True, slots=True)
class _Reader:
    language: str
    catalog: NullTranslations


@cache
def _reader(language: str) -> _Reader:
    return _Reader(language, catalog_of(language))


_ENGLISH = _reader(DEFAULT)
_current: ContextVar[_Reader] = ContextVar("reader", default=_ENGLISH)


def current_language() -> str:
    """The ISO 639-1 code of the language that is read now."""
    return _current.get().language


def speak(language: str) -> None:
    """From now on in this thread, say everything in ``language``; unknown ones are English."""
    _current.set(_reader(known_language(language)))


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Say everything in ``language`` for as long as the block lasts."""
    token = _current.set(_reader(known_language(language)))
    try:
        yield
    finally:
        _current.reset(token)


def read_now(texts: Mapping[str, str]) -> tuple[str, str]:
    """Of texts by language: which one is read now, and it; the English where it is not translated,
    "" where there is none."""
    language = current_language()
    if texts.get(language):
        return language, texts[language]
    return DEFAULT, texts.get(DEFAULT, "")


def gettext(message: str) -> str:
    """The translation of an English text."""
    return _current.get().catalog.gettext(message) if message else ""  # "" names the catalog itself


def ngettext(one: str, many: str, count: int) -> str:
    """The translation for so many."""
    return _current.get().catalog.ngettext(one, many, count)


def pgettext(context: str, message: str) -> str:
    """The translation of a text that means this only in ``context``."""
    return _current.get().catalog.pgettext(context, message)


def npgettext(context: str, one: str, many: str, count: int) -> str:
    """Both at once."""
    return _current.get().catalog.npgettext(context, one, many, count)


class Text(str):
    """A text of the shop. It equals its English; ``str()``, an f-string and a template give it in
    the language that is read now.

    ``values`` go where the text says ``%(name)s``; a value that is a ``Text`` is translated too.
    """

    __slots__ = ("many", "msgid", "number", "values")

    msgid: str
    many: str
    number: int | None
    values: Mapping[str, Any]

    def __new__(cls, msgid: str, /, **values: Any) -> Self:
        """A text that is the same for any number."""
        return cls._make(msgid, "", None, values)

    @classmethod
    def counted(cls, one: str, many: str, num: int, /, **values: Any) -> Self:
        """A text about ``num`` things, which is also its value ``num``."""
        return cls._make(one, many, num, {"num": num, **values})

    @classmethod
    def _make(cls, msgid: str, many: str, count: int | None, values: Mapping[str, Any]) -> Self:
        source = msgid if count in {None, 1} else many
        plain = {name: _english(value) for name, value in values.items()}
        text = super().__new__(cls, source % plain if values else source)
        text.msgid, text.many, text.number, text.values = msgid, many, count, values
        return text

    def __str__(self) -> str:
        """The text in the language that is read now."""
        if self.number is None:
            found = gettext(self.msgid)
        else:
            found = ngettext(self.msgid, self.many, self.number)
        if not self.values:
            return found
        return found % {name: _shown(value) for name, value in self.values.items()}

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __html__(self) -> Markup:
        """The same for a template, escaped."""
        return escape(str(self))

    def __mod__(self, values: Any) -> Text:
        """The text with more values, as forms fill in their limits."""
        return Text._make(self.msgid, self.many, self.number, {**self.values, **values})

    def __reduce__(self) -> tuple[Any, ...]:
        return Text._make, (self.msgid, self.many, self.number, dict(self.values))

    @property
    def english(self) -> str:
        """The text as it was written."""
        return str.__str__(self)


def _english(value: Any) -> Any:
    return value.english if isinstance(value, Text) else value


def _shown(value: Any) -> Any:
    return str(value) if isinstance(value, Text) else value


# --- keeping a text for later readers -------------------------------------------------------------


def to_words(text: str) -> dict[str, Any] | None:
    """What a text is made of, to be stored beside its English; None if that alone will do."""
    if not isinstance(text, Text) or not text.values:
        return None
    values = {name: _stored(value) for name, value in text.values.items()}
    return {"msgid": text.msgid, "many": text.many, "count": text.number, "values": values}


def from_words(english: str, words: Mapping[str, Any] | None = None) -> Text:
    """The text again. Without ``words`` it is one that has no values, or nobody's translation."""
    if words is None:
        return Text(english)
    values = {name: _recalled(value) for name, value in words["values"].items()}
    return Text._make(words["msgid"], words["many"], words["count"], values)


def _stored(value: Any) -> Any:
    if not isinstance(value, Text):
        return value
    return {"english": value.english, "words": to_words(value)}


def _recalled(value: Any) -> Any:
    return from_words(value["english"], value["words"]) if isinstance(value, dict) else value
