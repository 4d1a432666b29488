"""One supervised server process."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class ServiceFailed(Exception):
    """A server did not come up; the message ends with the tail of its log."""


def _die_with_parent() -> None:
    """Ask the kernel to stop this child when its supervisor dies, even by kill -9 (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(kw_only=True)
class Service:
    """A server with its command, environment, log file and a probe that says it is ready."""

    name: str
    command: list[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    patience: float = 30.0  # seconds to come up, and half of them to go
    folder: Path | None = None  # to run in, else that of whoever starts it
    own_session: bool = True  # so that Ctrl-C reaches it through whoever started it
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id, 0 if it was never started."""
        return self.process.pid if self.process else 0

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start and wait until ready. Raises ``ServiceFailed``."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=self.own_session,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - no threads fork here
            )
        deadline = time.monotonic() + self.patience
        while not self.ready():
            if not self.alive or time.monotonic() > deadline:
                self.stop()
                raise ServiceFailed(f"{self.name} did not start:\n{self.tail()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process and everything it started: politely, then firmly."""
        if self.process is None:
            return
        if self.alive:
            self.process.terminate()
            try:
                self.process.wait(self.patience / 2)
            except subprocess.TimeoutExpired:
                pass
        self.kill()

    def kill(self) -> None:
        """Kill the whole process group at once."""
        if self.process is None:
            return
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.process.wait()

    def tail(self, lines: int = 15) -> str:
        """The end of the log."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])
