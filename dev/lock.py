"""One owner for the embedded servers' data, and how others find its servers."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import IO


class DataLock:
    """Held by the process whose servers use a data folder; freed by the kernel when it dies."""

    def __init__(self, data: Path) -> None:
        self._folder = data / "run"
        self._card = self._folder / "services.json"
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Become the owner, or say that somebody else is."""
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / "lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def publish(self, environment: dict[str, str], names: tuple[str, ...]) -> None:
        """Tell other commands where the servers are."""
        known = {name: environment[name] for name in names if name in environment}
        descriptor = os.open(self._card, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(known, file)

    def read(self) -> dict[str, str]:
        """Where the owner's servers are; empty until it has said so."""
        try:
            return {
                str(name): str(value) for name, value in json.loads(self._card.read_text()).items()
            }
        except (OSError, ValueError, AttributeError):
            return {}

    def free(self) -> None:
        """Give the folder back."""
        self._card.unlink(missing_ok=True)
        if self._file:
            self._file.close()
            self._file = None
