"""Errors a shopper or an admin may be told about; the web layer maps each kind to a status once."""

from __future__ import annotations

from collections.abc import Mapping


class ShopError(Exception):
    """A rule of the shop said no. ``message`` is fit to be shown to the person who asked."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotFound(ShopError):
    """What was asked for does not exist, or not for this person."""


class Invalid(ShopError):
    """The input breaks a rule. ``fields`` maps a form field to the message beside it."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields: dict[str, str] = dict(fields or {})


class Forbidden(ShopError):
    """The person may not do this."""


class Conflict(ShopError):
    """The state changed under the request; ``retry_after`` seconds may help."""

    def __init__(self, message: str, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ShopError):
    """Something the shop needs does not answer now; nothing was changed."""

    def __init__(self, message: str, retry_after: int = 5) -> None:
        super().__init__(message)
        self.retry_after = retry_after
