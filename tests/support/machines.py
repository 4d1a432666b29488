"""Processes of one shop as if each ran on a machine of its own."""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import requests
from prometheus_client.parser import text_string_to_metric_families

from dev.ports import find_free
from dev.service import Service
from dev.stack import ROOT


class Machine(ABC):
    """A process with temporary files and shared figures of its own; what is shared is said in
    ``environment``. It runs the code in ``code``."""

    def __init__(
        self, name: str, host: str, environment: Mapping[str, str], folder: Path, code: Path = ROOT
    ) -> None:
        self.name = name
        self.host = host
        self.port = find_free()
        self.url = f"http://{host}:{self.port}"
        self._own = folder / name
        (self._own / "tmp").mkdir(parents=True)
        self._environment = {**environment, "TMPDIR": str(self._own / "tmp")}
        self._code = code
        self.service = self._build()

    def run(self, code: Path) -> None:
        """Start it with another version's code; it must have ended."""
        self._code = code
        self.service = self._build()
        self.service.start()

    def _build(self) -> Service:
        command, more = self._command()
        return Service(
            name=self.name,
            command=[sys.executable, "-m", *command],
            log=self._own / "log",
            environment={**self._environment, **more},
            folder=self._code,
        )

    @abstractmethod
    def _command(self) -> tuple[list[str], dict[str, str]]:
        """A module of Python with its arguments, and what else its environment says."""


class WebServer(Machine):
    """Answers at an address of its own."""

    def _command(self) -> tuple[list[str], dict[str, str]]:
        where = ["--host", self.host, "--folder", str(self._own / "run")]
        return ["serve", *where], {"PORT": str(self.port), "MOSSX_WEB_PROCESSES": "1"}


class WorkerMachine(Machine):
    """Works, and shows its figures at ``url``."""

    def _command(self) -> tuple[list[str], dict[str, str]]:
        return ["flask", "--app", "wsgi", "worker"], {"WORKER_METRICS_PORT": str(self.port)}

    def figures(self, name: str, *labels: str) -> dict[tuple[str, ...], float]:
        """One of its figures, by these labels."""
        text = requests.get(f"{self.url}/metrics", timeout=5).text
        return {
            tuple(sample.labels[each] for each in labels): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name
        }
