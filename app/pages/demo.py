"""The demo store's pages, from ``demo/pages.json``."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from app.pages.models import ContentPage
from app.pages.service import ContentPages
from app.shared.errors import Conflict

_FILE = Path(__file__).resolve().parents[2] / "demo" / "pages.json"


def make_demo_pages(pages: ContentPages, file: Path = _FILE) -> int:
    """Make those that never were there; how many were made. What is there stays as it is, and
    what was taken down stays down."""
    added = 0
    for values in json.loads(file.read_text(encoding="utf-8")):
        if not pages.ever_was(values["slug"]):
            with suppress(Conflict):  # another process was faster
                pages.add(ContentPage(**values))
                added += 1
    return added
