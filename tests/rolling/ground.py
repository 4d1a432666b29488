"""The machines of the campaign: two web servers and a worker, of whichever version, and a proxy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from dev.stack import EMBEDDED, ROOT, Stack
from tests.support.door import Door, Front, readiness
from tests.support.machines import Machine, WebServer, WorkerMachine
from tests.support.waiting import wait_until

LOOKS_EVERY = 1.0  # seconds between two questions of the proxy
DRAIN = 4  # seconds; longer than the proxy takes to notice
_START = 120.0
_STOP = 60.0
_COMMAND = 240.0


class Ground:
    """Everything that runs. Machines are started by the thread that makes this."""

    def __init__(self, folder: Path, old: Path) -> None:
        self.old = old
        self._stack = Stack(folder, environment={}, parts=(*EMBEDDED, "sandbox"))
        self.environment = {
            **self._stack.environment,
            "MOSSX_DATA_DIR": str(folder / "volume"),
            "MOSSX_PROXIES": "1",
            "MOSSX_DRAIN_SECONDS": str(DRAIN),
            "FLASK_APP": "wsgi",
        }
        self._folder = folder
        hosts = {"web-one": "127.0.0.2", "web-two": "127.0.0.3"}
        self.web = {name: self._web(name, host, old) for name, host in hosts.items()}
        self.worker = WorkerMachine("worker", "127.0.0.1", self.environment, folder, old)
        self.door = Door([each.url for each in self.web.values()])
        self.front = Front(self.environment["BASE_URL"], self.door)

    def _web(self, name: str, host: str, code: Path) -> WebServer:
        return WebServer(name, host, self.environment, self._folder, code)

    def open(self) -> dict[str, Any]:
        """Start the old version; what ``opening`` says of its shop."""
        self._stack.start()
        self.command(self.old, "-m", "flask", "db", "upgrade")
        told = self.command(self.old, "-P", str(ROOT / "tests" / "rolling" / "opening.py"))
        for each in (*self.web.values(), self.worker):
            each.service.start()
        wait_until(lambda: all(readiness(url) == 200 for url in self.door.urls), _START)
        self.front.start()
        opened: dict[str, Any] = json.loads(told.splitlines()[-1])
        return opened

    def command(self, code: Path, *words: str) -> str:
        """What one of a version's programs prints. Raises ``subprocess.CalledProcessError``."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=code,
            env={**os.environ, **self.environment, "PYTHONPATH": str(code)},
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=_COMMAND,
        )
        return done.stdout

    def replace(self, machine: Machine, code: Path) -> None:
        """Stop a machine as a supervisor does, start it with other code, and wait until it is
        ready."""
        process = machine.service.process
        assert process is not None
        process.send_signal(signal.SIGTERM)
        assert process.wait(_STOP) == 0, f"{machine.name} did not stop by itself"
        machine.run(code)
        if isinstance(machine, WebServer):
            wait_until(lambda: readiness(machine.url) == 200, _START)
            wait_until(lambda: machine.url in self.door.ready)

    def refuses_early(self) -> bool:
        """Whether a server of the new version says that it is not ready while migrations wait."""
        early = self._web("web-early", "127.0.0.4", ROOT)
        early.service.start()
        try:
            wait_until(lambda: readiness(early.url), _START)
            return readiness(early.url) == 503
        finally:
            early.service.kill()

    def stop(self) -> None:
        """Everything."""
        self.front.stop()
        for each in (*self.web.values(), self.worker):
            each.service.kill()
        self._stack.stop()

    def logs(self) -> dict[str, str]:
        """The machines' logs by their names."""
        return {
            each.name: each.service.log.read_text(errors="replace")
            for each in (*self.web.values(), self.worker)
            if each.service.log.exists()
        }
