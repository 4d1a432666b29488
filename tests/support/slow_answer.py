"""A WSGI application that answers when a file is there: ``SLOW_ANSWER`` names its folder."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

_PATIENCE = 20.0  # seconds


def app(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    """Say that the request began, and wait for ``go``."""
    folder = Path(os.environ["SLOW_ANSWER"])
    (folder / "began").touch()
    until = time.monotonic() + _PATIENCE
    while not (folder / "go").exists() and time.monotonic() < until:
        time.sleep(0.02)
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "4")])
    return [b"done"]
