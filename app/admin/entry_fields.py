"""Fields of the panel's forms that read numbers, amounts, shares, times and lists.

``data`` stays what was typed, so that a form that is shown again loses nothing; ``value`` is what
it means, once the form is valid.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from wtforms import Field, StringField, TextAreaField, ValidationError

from app.promotions.kinds import FULL
from app.shared.money import Money, exponent
from app.shared.numbers import basis_points
from app.shared.texts import Text

_WHOLE = re.compile(r"[+-]?[0-9]{1,12}")
_UNITS = re.compile(r"(?P<name>.*\S)\s+[x×]\s*(?P<units>[0-9]{1,7})")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{3})?)?Z?")
_MOST_LINES = 200
_LONGEST = 200  # characters of a line


def missing(field: Field) -> Text:
    """Says that a field is empty, also where it is read apart from the field."""
    return Text("%(field)s: please fill this in.", field=field.label.text)


class _Typed(StringField, ABC):
    """What was typed, and what it means; None is nothing."""

    value: Any = None

    def __init__(self, label: str = "", *, needed: bool = False, **more: Any) -> None:
        super().__init__(label, **more)
        self._needed = needed

    def pre_validate(self, form: Any) -> None:
        """Read what was typed."""
        text = (self.data or "").strip()
        if not text and self._needed:
            raise ValidationError(missing(self))
        self.value = self.read(text) if text else None

    @abstractmethod
    def read(self, text: str) -> Any:
        """What a text means. Raises ``ValidationError``."""


class WholeNumber(_Typed):
    """A whole number from ``least`` to ``most``."""

    def __init__(
        self, label: str = "", *, least: int = 0, most: int = 10_000_000, **more: Any
    ) -> None:
        super().__init__(label, **more)
        self._least, self._most = least, most

    def read(self, text: str) -> int:
        """The number."""
        if not _WHOLE.fullmatch(text):
            raise ValidationError(
                Text(
                    "%(field)s: “%(text)s” is not a whole number, such as 12.",
                    field=self.label.text,
                    text=text[:40],
                )
            )
        number = int(text)
        if not self._least <= number <= self._most:
            raise ValidationError(
                Text(
                    "%(field)s: please enter %(least)s to %(most)s.",
                    field=self.label.text,
                    least=self._least,
                    most=self._most,
                )
            )
        return number


class Amount(_Typed):
    """An amount in major units of a ``currency``, above nothing; its value in minor units."""

    def __init__(self, label: str = "", *, currency: str, **more: Any) -> None:
        super().__init__(label, **more)
        self.currency = currency

    def read(self, text: str) -> int:
        """The minor units."""
        try:
            amount = Money.from_major(text, self.currency)
        except ValueError as error:
            example = Money(10 ** exponent(self.currency) * 12, self.currency).to_major()
            raise ValidationError(
                Text(
                    "“%(text)s” is not an exact amount of %(currency)s, such as %(example)s.",
                    text=text[:40],
                    currency=self.currency,
                    example=example,
                )
            ) from error
        if not 0 < amount.minor <= 10**12:
            raise ValidationError(
                Text("%(field)s: an amount is above nothing.", field=self.label.text)
            )
        return amount.minor


class Share(_Typed):
    """Per cent, with two decimals at most; its value in basis points."""

    def read(self, text: str) -> int:
        """The basis points."""
        try:
            points = basis_points(text)
        except ValueError:
            points = 0
        if not 0 < points <= FULL:
            raise ValidationError(
                Text("Per cent from 0.01 to 100, with two decimals at most, such as 12.5.")
            )
        return points


class Moment(_Typed):
    """A day and time, UTC."""

    def read(self, text: str) -> datetime:
        """The moment."""
        try:
            if _MOMENT.fullmatch(text):
                return datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            pass  # such as the 31st of February
        raise ValidationError(Text("Please give a day and time, such as 2030-05-31T18:00."))


def _too_many_lines(field: Field) -> Text:
    return Text("%(field)s: at most %(most)s lines.", field=field.label.text, most=_MOST_LINES)


class Lines(TextAreaField):
    """One name a line; its value without repeats."""

    value: tuple[str, ...] = ()

    def pre_validate(self, form: Any) -> None:
        """Read the lines."""
        lines = list(filter(None, map(str.strip, (self.data or "").splitlines())))
        if len(lines) > _MOST_LINES or any(len(line) > _LONGEST for line in lines):
            raise ValidationError(_too_many_lines(self))
        self.value = tuple(dict.fromkeys(lines))


class Units(TextAreaField):
    """Lines of ``SKU x 2``, where one unit need not be said; its value is units by SKU."""

    value: dict[str, int]

    def pre_validate(self, form: Any) -> None:
        """Read the lines."""
        self.value = {}
        lines = list(filter(None, map(str.strip, (self.data or "").splitlines())))
        if len(lines) > _MOST_LINES or any(len(line) > _LONGEST for line in lines):
            raise ValidationError(_too_many_lines(self))
        for line in lines:
            found = _UNITS.fullmatch(line)
            name, units = (found["name"], int(found["units"])) if found else (line, 1)
            if units < 1:
                raise ValidationError(Text("%(name)s: at least 1 unit.", name=name))
            if name in self.value:
                raise ValidationError(Text("%(name)s stands there twice.", name=name))
            self.value[name] = units


def write_moment(moment: datetime | None) -> str:
    """A moment as its field takes it, with its seconds if it has any."""
    if moment is None:
        return ""
    plain = moment.astimezone(UTC).replace(tzinfo=None)
    has_seconds = plain.second or plain.microsecond
    return plain.isoformat(timespec="milliseconds" if has_seconds else "minutes")


def write_amount(minor: int, currency: str) -> str:
    """An amount as its field takes it."""
    return f"{Money(minor, currency).to_major():f}"


def write_share(basis_points: int) -> str:
    """Basis points as per cent."""
    return f"{Decimal(basis_points) / 100:f}"
