"""Pictures for tests, made on the spot."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image as Picture


def encoded(picture: Picture.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The picture as a file."""
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Picture.Image:
    """The picture in a file, decoded."""
    picture = Picture.open(io.BytesIO(data))
    picture.load()
    return picture


def two_halves(width: int, height: int) -> Picture.Image:
    """Red above, blue below."""
    picture = Picture.new("RGB", (width, height), "#ff0000")
    picture.paste("#0000ff", (0, height // 2, width, height))
    return picture
