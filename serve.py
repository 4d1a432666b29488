"""The web server: granian with the shop's options, and a stop that no shopper notices.

    python -m serve [--host HOST] [--folder FOLDER] [MODULE:NAME]    serves the shop, or another's
    python -m serve --check PORT                    asks a server of this machine how it is

It is either a WSGI application or, like the shop, one that answers later and from another thread
(``app/web/front.py``).

Options come from the environment, see ``VARIABLES``. Told to stop (SIGTERM), ``/readyz`` says so
for ``MOSSX_DRAIN_SECONDS``, so that whoever sends shoppers here sends them elsewhere; then running
requests have ``MOSSX_STOP_SECONDS`` to end. A second SIGTERM, or Ctrl-C, stops without the first
wait. Where the shop says that it cannot start, with ``SystemExit``, nothing is served and the exit
code is 1. This module imports nothing of the shop: that is for the processes that answer.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import tempfile
import threading
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from granian import Granian
from granian._internal import load_target
from granian.constants import Interfaces
from granian.server import mp

VARIABLES = {
    "PORT": 8000,  # to listen on
    "MOSSX_WEB_PROCESSES": 2,
    "MOSSX_WEB_THREADS": 12,  # in each process, for what is not kept
    "MOSSX_DRAIN_SECONDS": 0,
    "MOSSX_STOP_SECONDS": 20,
}
_REFUSAL = "refused"
_MOST = 65_535
_WAITING = 1_024  # connections that may wait to be accepted
_CONNECTIONS = 4_096  # most of them idle: browsers keep theirs for the next page
_SENDING = 16  # threads that read requests and send what is kept: slow clients hold one each


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What to serve, and how."""

    target: str
    host: str
    port: int
    processes: int
    threads: int
    drain: int
    patience: int


def read_options(target: str, host: str, environment: Mapping[str, str]) -> Options:
    """The options of an environment. Raises ``SystemExit`` naming a variable that is no number."""
    values = {}
    for name, default in VARIABLES.items():
        given = environment.get(name) or str(default)
        if not given.isdecimal() or int(given) > _MOST:
            raise SystemExit(f"{name} must be a whole number up to {_MOST}")
        values[name] = int(given)
    return Options(
        target=target,
        host=host,
        port=values["PORT"],
        processes=values["MOSSX_WEB_PROCESSES"],
        threads=values["MOSSX_WEB_THREADS"],
        drain=values["MOSSX_DRAIN_SECONDS"],
        patience=values["MOSSX_STOP_SECONDS"],
    )


class WebServer:
    """granian, and a folder that its processes share for as long as it runs."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._drain = options.drain
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._marker = folder / "stopping"
        self._refusal = folder / _REFUSAL
        self._granian = Granian(
            options.target,
            address=options.host,
            port=options.port,
            interface=Interfaces.WSGI,
            websockets=False,
            workers=options.processes,
            blocking_threads=_SENDING,
            backlog=_WAITING,
            backpressure=_CONNECTIONS,  # each process's
            respawn_failed_workers=True,
            workers_kill_timeout=max(options.patience, 1),
        )
        self._granian.on_startup(self._prepare)

    def run(self) -> int:
        """Serve until told to stop, or until the shop cannot start; the exit code."""
        self._granian.serve(spawn_target=_spawn, target_loader=_load)
        return 1 if self._refusal.exists() else 0

    def _prepare(self) -> None:
        """Just before the processes are started: they inherit the environment and the limits."""
        self._marker.unlink(missing_ok=True)
        self._refusal.unlink(missing_ok=True)
        os.environ["MOSSX_STOPPING_FILE"] = str(self._marker)
        figures = Path(os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", f"{self._folder}/metrics"))
        figures.mkdir(parents=True, exist_ok=True)
        for left_over in figures.glob("*.db"):
            left_over.unlink()
        signal.signal(signal.SIGTERM, self._stop)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a connection is an open file

    def _stop(self, _: int, __: FrameType | None) -> None:
        if self._drain and not self._marker.exists():
            self._marker.touch()
            timer = threading.Timer(self._drain, self._end)
            timer.daemon = True
            timer.start()
        else:
            self._end()

    def _end(self) -> None:
        self._granian.signal_handler_interrupt()  # type: ignore[no-untyped-call]


def _load(target: str) -> Any:
    """What answers; granian calls this in each process. One that dies is replaced, but none could
    take the place of one whose environment is not fit: then all of it ends."""
    try:
        return load_target(target)
    except SystemExit:
        Path(os.environ["MOSSX_STOPPING_FILE"]).with_name(_REFUSAL).touch()
        os.kill(os.getppid(), signal.SIGINT)
        raise


def _spawn(*worker: Any) -> None:
    """Be a process that answers; granian calls this in it."""
    wrap = vars(mp)["_wsgi_call_wrap"]

    def wrap_or_open(target: Any, *options: Any) -> Any:
        if not hasattr(target, "open"):
            return wrap(target, *options)
        target.open()
        return target

    vars(mp)["_wsgi_call_wrap"] = wrap_or_open
    mp.MPServer._spawn_wsgi_worker(*worker)


def is_well(port: int) -> bool:
    """Whether the server on a port of this machine says that it is healthy."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve, or ask; the exit code."""
    parser = argparse.ArgumentParser(description="The web server of the shop.")
    parser.add_argument("target", nargs="?", default="wsgi:server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--folder", type=Path)  # for what its processes share, else a temporary one
    parser.add_argument("--check", type=int, metavar="PORT")
    given = parser.parse_args(arguments)
    if given.check is not None:
        return 0 if is_well(given.check) else 1
    options = read_options(given.target, given.host, os.environ)
    if given.folder is not None:
        return WebServer(options, given.folder).run()
    with tempfile.TemporaryDirectory(prefix="mossx-web-") as folder:
        return WebServer(options, Path(folder)).run()


if __name__ == "__main__":
    sys.exit(main())
