"""The worker's own port: its figures for Prometheus, and whether it lives for a supervisor."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from app.web.metrics import exposition
from app.worker import Worker

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_STUCK = 120.0  # seconds without a turn of any thread
_TEXT = "text/plain; charset=utf-8"


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nobody wants a line for each scrape."""


class WorkerPort:
    """A small HTTP server in a thread. It is for the inside: no proxy may lead here."""

    def __init__(self, worker: Worker, collectors: Iterable[Collector], port: int) -> None:
        self._worker = worker
        self._collectors = tuple(collectors)
        self._server = make_server("", port, self._answer, _Server, _Quiet)

    def start(self) -> None:
        """Answer until ``close``."""
        threading.Thread(target=self._server.serve_forever, name="port", daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            start("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [exposition(self._collectors)]
        if path == "/healthz":
            lives = self._worker.quiet_for < _STUCK
            start("200 OK" if lives else "503 Service Unavailable", [("Content-Type", _TEXT)])
            return [b"ok\n" if lives else b"stuck\n"]
        start("404 Not Found", [("Content-Type", _TEXT)])
        return [b"there are /metrics and /healthz\n"]
