"""Names of stored pictures. They change with the content, so an address may be kept for ever."""

from __future__ import annotations

import re

from slugify import slugify

from app.media.picture import Master

_LONGEST = 60
_STEM = re.compile(r"[a-z0-9-]+-(?P<tone>[0-9a-f]{6})-[0-9a-f]{16}")


def stem_of(title: str, master: Master) -> str:
    """``dune-mug-d8cfc0-0123456789abcdef``: words, colour, and the hash of what was given."""
    words = slugify(title, max_length=_LONGEST) or "picture"
    return f"{words}-{master.tone}-{master.digest}"


def tone_in(address: str) -> str:
    """The colour that the picture's name tells, as ``#rrggbb``; empty if it tells none."""
    stem = address.rsplit("/", 1)[-1].rsplit(".", 1)[0]
    match = _STEM.fullmatch(stem)
    return f"#{match['tone']}" if match else ""
