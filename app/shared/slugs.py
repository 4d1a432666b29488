"""Addresses that are made from what something is called."""

from __future__ import annotations

from slugify import slugify

from app.shared.texts import Text

NO_ADDRESS = Text("Please give it an address: its name has no letters for one.")


def slug_from(name: str, longest: int) -> str:
    """Small letters, digits and hyphens for a name; "" where it has no letter or digit."""
    return slugify(name, max_length=longest)
