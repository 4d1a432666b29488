"""What stands before the shop's web servers: a proxy, as part of a client or at an address."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import MaxRetryError, NewConnectionError

_REPEATABLE = {"GET", "HEAD"}
_PATIENCE = 60.0  # seconds
_OF_THE_LINE = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


class Door(HTTPAdapter):
    """Leads each request to one of the servers that are ready, in turn.

    It keeps to what is asked of a proxy: the next server gets a request whose server refuses the
    connection, or breaks it if the request may be repeated. A ``POST`` that a server has begun to
    read is never sent again; who asked is told that the connection broke.
    """

    def __init__(self, urls: Sequence[str]) -> None:
        super().__init__(pool_maxsize=64)
        self.urls = list(urls)
        self.ready = list(urls)
        self.served: Counter[tuple[str, int]] = Counter()  # server and status
        self.passed_over = 0  # requests that another server had to answer
        self._turns = count()

    def look(self) -> None:
        """Ask every server whether it is ready."""
        self.ready = [url for url in self.urls if readiness(url) == 200]

    @contextmanager
    def looking(self, every: float) -> Iterator[None]:
        """Ask them again and again."""
        over = threading.Event()

        def work() -> None:
            while not over.wait(every):
                self.look()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        yield
        over.set()
        thread.join()

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """The first answer. Raises ``requests.ConnectionError`` if there is none."""
        ready, turn = self.ready, next(self._turns)
        problem = requests.ConnectionError("no server is ready", request=request)
        for step in range(len(ready)):
            try:
                return self.send_to(ready[(turn + step) % len(ready)], request, *args, **more)
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
                problem = error
                if request.method not in _REPEATABLE and not _was_refused(error):
                    break
                self.passed_over += 1
        raise problem

    def send_to(
        self, server: str, request: requests.PreparedRequest, *args: Any, **more: Any
    ) -> requests.Response:
        """What one server answers; to the client it comes from the shop's address."""
        copy = request.copy()
        copy.headers["Host"] = urlsplit(str(request.url)).netloc
        copy.url = server + request.path_url
        answer = super().send(copy, *args, **more)
        answer.content  # noqa: B018 - reads it: half an answer is passed on to nobody
        answer.url, answer.request = str(request.url), request
        self.served[server, answer.status_code] += 1
        return answer


class Everywhere(Door):
    """Leads each request to all servers at the same moment; the last one's answer is passed on."""

    def send(self, request: requests.PreparedRequest, *args: Any, **more: Any) -> requests.Response:
        """The answer of the last server in the list."""

        def ask(server: str) -> requests.Response:
            return self.send_to(server, request, *args, **more)

        with ThreadPoolExecutor(len(self.urls)) as pool:
            return list(pool.map(ask, self.urls))[-1]


class Front:
    """A proxy at the shop's own address, for gateways and whoever knows of one server only."""

    def __init__(self, base: str, door: Door) -> None:
        self.door = door  # may be changed at any time
        front = self

        class Handler(_Handler):
            def pass_on(self) -> None:
                self.pass_through(base, front.door)

            do_GET = do_HEAD = do_POST = pass_on  # noqa: N815 - the base's names

        parts = urlsplit(base)
        self._server = ThreadingHTTPServer((str(parts.hostname), int(parts.port or 80)), Handler)
        self._server.daemon_threads = True

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def stop(self) -> None:
        """Listen no more."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def pass_through(self, base: str, door: Door) -> None:
        """Ask the door, and hang up if it has no answer."""
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = requests.Request(self.command, base + self.path, data=body).prepare()
        request.headers.update(self.headers.items())
        request.headers["Accept-Encoding"] = "identity"
        try:
            answer = door.send(request, timeout=_PATIENCE)
        except requests.RequestException:
            self.close_connection = True
            return
        self.send_response(answer.status_code)
        for name, value in answer.raw.headers.items():
            if name.lower() not in _OF_THE_LINE:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        """Nobody reads it."""


def readiness(url: str) -> int:
    """The status with which a server says whether it is ready, 0 if it does not answer."""
    try:
        return requests.get(f"{url}/readyz", timeout=5).status_code
    except requests.RequestException:
        return 0


def _was_refused(error: requests.RequestException) -> bool:
    """Whether the server took nothing of the request: there was no connection."""
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
