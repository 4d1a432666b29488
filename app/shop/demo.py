"""What the demo store says of itself, from ``demo/shop.json``."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from app.shared.errors import Conflict
from app.shop.profile import ShopProfiles

_FILE = Path(__file__).resolve().parents[2] / "demo" / "shop.json"


def describe_demo_shop(profiles: ShopProfiles, file: Path = _FILE) -> None:
    """Store it, unless somebody stored a profile before."""
    profile = profiles.read()
    if not profile.version:
        words = json.loads(file.read_text(encoding="utf-8"))
        with suppress(Conflict):  # somebody was faster
            profiles.store(replace(profile, **words))
