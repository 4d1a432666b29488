"""The system's Chromium, for the browser tests and whatever photographs pages."""

from __future__ import annotations

import shutil

# The shell is Chromium without a window: half the work, and the same engine.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def find_chromium(*, whole: bool = False) -> str | None:
    """The path of a Chromium, one with a window first if it is to be ``whole``; None if the system
    has none."""
    names = reversed(_NAMES) if whole else _NAMES
    return next((found for name in names if (found := shutil.which(name))), None)
