"""Files that are written beside their place, and take it once they are whole."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def replaceable(path: Path) -> Path:
    """The file that a path leads to, there or not. Raises ``OSError`` for a folder, and for a
    device or a pipe: a file in its place would be the end of it."""
    place = path.resolve()
    if place.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if place.exists() and not place.is_file():
        raise OSError(errno.EINVAL, "Not a file that can be replaced", str(path))
    return place
