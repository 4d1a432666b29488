"""What a place for pictures can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

# Steps of about one and a half: between two of them a browser saves less than a request costs.
WIDTHS = (320, 480, 640, 960, 1280, 1920)


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredImage:
    """A stored picture: its lasting address and its size in pixels."""

    src: str
    width: int
    height: int


class MediaStore(Protocol):
    """Keeps pictures and says where each width of them is."""

    @property
    def origin(self) -> str:
        """From where browsers get them (``https://host``); "" for the shop itself."""

    def put(self, data: bytes, title: str) -> StoredImage:
        """Store a picture; storing it again is a no-op.

        Raises ``PictureRefused`` for what is none, ``MediaUnavailable`` if it cannot be kept now.
        """

    def owns(self, src: str) -> bool:
        """Whether this store keeps the picture with that address."""

    def copy_url(self, src: str, width: int) -> str:
        """The address of a copy ``width`` pixels wide, or as wide as the picture is."""
