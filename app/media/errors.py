"""Why a picture is not kept."""

from __future__ import annotations

from app.shared.errors import Invalid, Unavailable


class PictureRefused(Invalid):
    """What was given is no picture, or one too large to be worked on."""

    def __init__(self, message: str) -> None:
        super().__init__(message, {"picture": message})


class MediaUnavailable(Unavailable):
    """The place where pictures are kept does not take them now; nothing was stored."""
