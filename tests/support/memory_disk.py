"""A folder in memory for what the tests' servers write: they sync each commit, which disks feel."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")
_NEEDED = 6 * 2**30  # bytes, with room to spare: a whole run leaves about a tenth of it


def use_memory() -> Path | None:
    """Put temporary files into memory if there is enough and nobody chose another place.

    Processes started from now on do the same. Returns the folder, to be removed at the end.
    """
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK):
        return None
    if shutil.disk_usage(_MEMORY).free < _NEEDED:
        return None
    folder = tempfile.mkdtemp(prefix="mossx-tests-", dir=_MEMORY)
    os.environ["TMPDIR"] = tempfile.tempdir = folder
    return Path(folder)
