"""A shop of a given size on real servers, for measuring."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from rich.progress import Progress

from app import create_app
from app.catalog.service import CatalogService
from app.db.database import Database
from app.db.migrations import upgrade
from app.web.registry import service
from bench.catalog_data import fill
from dev.ports import find_free
from dev.stack import EMBEDDED, ROOT, Stack

PACKED = {"Accept-Encoding": "gzip"}
_MOST_WORK = 600.0  # seconds
_LOOK, _IDLE = 4.0, 0.3  # seconds; processors that an idle shop takes at most
_PASSING = {"server", "date", "connection", "transfer-encoding"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Shop:
    """A running shop."""

    size: int
    stack: Stack

    @property
    def url(self) -> str:
        """Where it answers."""
        return self.stack.environment["BASE_URL"]

    def memory(self) -> list[int]:
        """Resident bytes of each web process, the largest first."""
        server = self.stack.services["web"].pid
        children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
        return sorted((_resident(int(each)) for each in children), reverse=True)

    def wait_until_idle(self) -> None:
        """Until it has done with what was stored and with its first pages. Raises ``RuntimeError``
        if it never has."""
        until = time.monotonic() + _MOST_WORK
        while self._busy(_LOOK) > _IDLE:
            if time.monotonic() > until:
                raise RuntimeError("The shop never comes to rest.")

    def _busy(self, seconds: float) -> float:
        """How many processors all of it takes meanwhile."""
        before = self._processor_time()
        time.sleep(seconds)
        return (self._processor_time() - before) / seconds

    def _processor_time(self) -> float:
        servers = [psutil.Process(each.pid) for each in self.stack.services.values()]
        every = [*servers, *(child for each in servers for child in each.children(recursive=True))]
        return sum(each.cpu_times().user + each.cpu_times().system for each in every)


def _resident(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


@contextmanager
def shop_of(size: int, bar: Progress, kept: Path | None = None) -> Iterator[Shop]:
    """A shop with ``size`` products, on servers of its own: empty ones, or what is ``kept``."""
    task = bar.add_task(f"Storing {size:,} products", total=size)
    with _folder(kept) as folder:
        stack = Stack(folder, environment={}, own_sessions=False)  # as what it is compared with
        try:
            stack.start(EMBEDDED)
            app = create_app(stack.environment)
            database = service(Database, app)
            upgrade(database)
            if database["products"].find_one() is None:
                fill(database, size, lambda done, _: bar.update(task, completed=done))
            service(CatalogService, app).packer.run()
            database.close()
            stack.start()
            bar.remove_task(task)
            yield Shop(size=size, stack=stack)
        finally:
            stack.stop()


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="mossx-bench-") as folder:
        yield Path(folder)


@contextmanager
def bare_of(url: str, kind: str, asked: Mapping[str, str]) -> Iterator[str]:
    """The address of a bare application (``wsgi`` or ``flask``) that answers what ``url`` does
    when ``asked`` with these headers, behind the server that the shop runs on."""
    body, headers = fetch(url, asked)
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "body", Path(folder) / "headers"
        told[0].write_bytes(body)
        told[1].write_text(json.dumps(headers))
        port = find_free()
        bare = {"BENCH_KIND": kind, "BENCH_BODY": str(told[0]), "BENCH_HEADERS": str(told[1])}
        server = subprocess.Popen(
            [sys.executable, "-m", "serve", "bench.bare:app"],
            cwd=ROOT,
            env={**os.environ, **bare, "PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            address = f"http://127.0.0.1:{port}/"
            _wait_for(address)
            yield address
        finally:
            server.terminate()
            server.wait()


def _wait_for(url: str) -> None:
    for _ in range(200):
        try:
            fetch(url)
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"{url} does not answer")


def named(url: str) -> dict[str, str]:
    """The headers of a browser that has been there: it takes packed pages, and has a name."""
    cookies = [value for name, value in fetch(url)[1] if name.lower() == "set-cookie"]
    return {**PACKED, "Cookie": "; ".join(each.split(";")[0] for each in cookies)}


def fetch(url: str, asked: Mapping[str, str] = PACKED) -> tuple[bytes, list[tuple[str, str]]]:
    """The packed body of a page and its own headers. Raises ``OSError`` where nothing answers."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        connection.request("GET", url.split(parts.netloc, 1)[1] or "/", headers=dict(asked))
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"{url} answered {answer.status}")
    return body, [pair for pair in answer.getheaders() if pair[0].lower() not in _PASSING]
