"""Pictures in the forms of collections, categories, the home page and the shop."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask import Blueprint
from werkzeug.datastructures import FileStorage

from app.admin.body_limits import let_staff_send
from app.catalog.models import Image
from app.media.service import MediaService
from app.shared.errors import Invalid, ShopError
from app.shared.numbers import whole
from app.web.registry import service

_MOST_BYTES = 12 * 1024 * 1024
_SOURCE = re.compile(r"(https?:/)?/[^/\\\s][^\s]*")
_LARGEST = 100_000  # pixels
_EMPTY = {"image_src": "", "image_width": "0", "image_height": "0", "image_alt": ""}


def takes_uploads(blueprint: Blueprint, most: int = _MOST_BYTES) -> None:
    """Let the forms of an area be as large as a picture, or ``most`` bytes."""
    let_staff_send(blueprint, most + 2**20)


def fields_of(image: Image | None) -> dict[str, str]:
    """A picture as the fields of a form."""
    if image is None:
        return dict(_EMPTY)
    return {
        "image_src": image.src,
        "image_width": str(image.width),
        "image_height": str(image.height),
        "image_alt": image.alt,
    }


def keep_upload(values: dict[str, str], upload: FileStorage | None, title: str) -> None:
    """Keep a picture that was sent along, at once, so that a form that is shown again still has
    it. Raises ``Invalid`` beside ``image``."""
    if values.get("image_drop"):
        values.update(_EMPTY)
    if upload is None or not upload.filename:
        return
    try:
        stored = service(MediaService).put(upload.read(), title or "picture")
    except ShopError as refusal:
        raise Invalid(refusal.message, {"image": refusal.message}) from refusal
    values.update(
        image_src=stored.src, image_width=str(stored.width), image_height=str(stored.height)
    )


def image_in(values: Mapping[str, str]) -> Image | None:
    """The picture that a form has."""
    source = values.get("image_src", "")
    if not _SOURCE.fullmatch(source):
        return None
    return Image(
        src=source,
        alt=values.get("image_alt", "").strip()[:300],
        width=_pixels(values.get("image_width", "")),
        height=_pixels(values.get("image_height", "")),
    )


def _pixels(text: str) -> int:
    return min(whole(text, 0), _LARGEST)
