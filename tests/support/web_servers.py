"""Web servers of the shop, and of other applications, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from dev.ports import find_free
from dev.stack import ROOT


class WebServers:
    """Web servers by their address."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = {**os.environ, **environment}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, target: str = "wsgi:server", *, drain: int = 0) -> str:
        """One more, which says for ``drain`` seconds that it is about to stop."""
        port = find_free()
        own = {
            "PORT": str(port),
            "MOSSX_WEB_PROCESSES": "1",
            "MOSSX_DRAIN_SECONDS": str(drain),
        }
        self.processes[url := f"http://127.0.0.1:{port}"] = subprocess.Popen(
            [sys.executable, "-m", "serve", target],
            cwd=ROOT,
            env={**self._environment, **own},
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        return url

    def tell_to_stop(self, url: str) -> None:
        """Send SIGTERM."""
        self.processes[url].send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Leave nothing running."""
        for process in self.processes.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
