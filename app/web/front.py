"""What granian talks to: a kept page is sent by the thread that read the request, everything else
is made by Flask in a few threads of its own, first come, first served.

Waiting for a turn costs no thread, so a crowd keeps nobody from the pages that are there already.
It needs an answer that is given later and by another thread, which WSGI has no word for and
granian's side of it allows: see ``serve.py``.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from app.shared.line import Line
from app.web.turns import NOT_KEPT, ONLY_KEPT, TO_KEEP, TOO_MANY
from app.web.wsgi_answers import Answer, code_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

_WAITING = 500  # requests in the line
_PATIENCE = 10.0  # seconds in it
_CATALOG = 4  # threads for pages that will be kept, which have a line of their own
_FEW = 1  # threads for pages while orders wait
_ORDER = ("POST", "/checkout")
_MAY_WAIT = ("/payments/", "/webhooks/", "/admin")  # for gateways, for each other, for large files
_ASIDE = 4  # threads for what stands in no line
_ASKED = 2  # threads for supervisors, whom pictures that are being made keep from nothing
_FORM = 2**19  # bytes of a body that is read before it stands in line: what everybody may send
_ALIVE = "/healthz"  # asks nobody, so it is answered at once
_SUPERVISORS = ("/readyz", "/metrics")
_NO_LINE = ("/static/", "/media/", "/favicon.ico")  # ask nobody
_ALWAYS = {
    "SCRIPT_NAME": "",
    "SERVER_SOFTWARE": "granian",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.multithread": True,
    "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}
_log = structlog.get_logger()


class Answering(Protocol):
    """Granian's side of a request. It is answered once, by any thread."""

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Send all of it."""

    def response_iter(
        self, status: int, headers: list[tuple[str, str]], body: Iterable[bytes]
    ) -> None:
        """Send what there is to iterate, and close it."""


class Front:
    """Stands before the shop, a WSGI application that knows ``app.web.turns``; so many threads make
    its pages in this process.

    Half of them are for what may wait for a gateway or for its turn to write. Who has paid goes
    first there, and while orders wait few pages are made: a crowd that fills its carts would take
    the database from those who want to order, who then come again and again.
    """

    def __init__(self, app: WSGIApplication, threads: int) -> None:
        self._app = app
        half = max(threads // 2, 1)
        self._patient = Line(served=half, waiting=_WAITING, patience=_PATIENCE)
        self._line = Line(
            served=max(threads - half, 2),
            waiting=_WAITING,
            patience=_PATIENCE,
            few=_FEW,
            yields_to=self._patient,
        )
        self._catalog = Line(served=_CATALOG, waiting=_WAITING, patience=_PATIENCE)
        self._aside = ThreadPoolExecutor(_ASIDE, "aside")
        self._asked = ThreadPoolExecutor(_ASKED, "asked")

    def open(self) -> None:
        """Begin, in the process that answers."""
        self._line.open()
        self._catalog.open()
        self._patient.open()

    def __call__(self, answering: Answering, environ: WSGIEnvironment) -> None:
        """Answer a request, now or later."""
        kept: Iterable[bytes] = NOT_KEPT
        if environ["REQUEST_METHOD"] in {"GET", "HEAD"}:
            kept = self._send_kept(answering, environ)
            if kept is not NOT_KEPT and kept is not TO_KEEP:
                return
        environ.update(_ALWAYS)
        visit = _Visit(self._app, answering, environ)
        if environ["PATH_INFO"] == _ALIVE:
            visit.run()
        elif environ["PATH_INFO"] in _SUPERVISORS:
            self._asked.submit(visit.run)
        elif environ["PATH_INFO"].startswith(_NO_LINE):
            self._aside.submit(visit.run)
        elif visit.is_large:  # for staff alone, and refused to others before it is read
            visit.run()
        elif visit.read_form():
            self._queue(visit, to_keep=kept is TO_KEEP)

    def _queue(self, visit: _Visit, *, to_keep: bool) -> None:
        method, path = visit.environ["REQUEST_METHOD"], visit.environ["PATH_INFO"]
        goes_first = path.startswith(_MAY_WAIT)
        line = self._catalog if to_keep else self._line
        if goes_first or (method, path) == _ORDER:
            line = self._patient
        line.join(visit.run, lambda: self._turn_away(visit), first=goes_first)

    def _send_kept(self, answering: Answering, environ: WSGIEnvironment) -> Iterable[bytes]:
        """What the shop has; sent, unless it is one of the lists that say what it has not."""
        kept = _Kept()
        environ[ONLY_KEPT] = True
        body = self._app(environ, kept)
        del environ[ONLY_KEPT]
        if body is not NOT_KEPT and body is not TO_KEEP:
            answering.response_bytes(code_of(kept.status), kept.headers, b"".join(body))
        return body

    def _turn_away(self, visit: _Visit) -> None:
        visit.environ[TOO_MANY] = True
        self._aside.submit(visit.run)


class _Kept:
    """What is said of a page that is there, of which nothing is written beside its body."""

    __slots__ = ("headers", "status")

    def __call__(self, status: str, headers: list[tuple[str, str]], _: object = None) -> Any:
        self.status, self.headers = status, headers


class _Visit:
    """A request that Flask answers."""

    def __init__(
        self, app: WSGIApplication, answering: Answering, environ: WSGIEnvironment
    ) -> None:
        self._app = app
        self._answering = answering
        self.environ = environ
        length = environ.get("CONTENT_LENGTH", "")
        self._length = int(length) if length.isdecimal() else None
        self.is_large = self._length is not None and self._length > _FORM

    def read_form(self) -> bool:
        """Read the body: granian has it only for the thread that brought the request. False, and
        answered, if the client went away, or does not say how long a long one is.

        What comes in chunks (RFC 9112, 7.1) gets its length here, which Flask goes by.
        """
        most = _FORM + 1 if self._length is None else self._length
        body = self.environ["wsgi.input"].read(most)
        refusal = 0
        if self._length is None:
            self.environ.pop("HTTP_TRANSFER_ENCODING", None)
            self.environ["CONTENT_LENGTH"] = str(len(body)) if body else ""
            refusal = 411 if len(body) == most else 0
        elif len(body) < most:
            refusal = 400
        if refusal:
            self._answering.response_bytes(refusal, [("connection", "close")], b"")
            return False
        self.environ["wsgi.input"] = io.BytesIO(body)
        return True

    def run(self) -> None:
        """Have it answered; also by an error, so that no thread is lost."""
        try:
            self._answer()
        except Exception:  # noqa: BLE001 - the thread is needed
            _log.exception("request_failed")
            self._answering.response_bytes(500, [("content-type", "text/plain")], b"Sorry.\n")

    def _answer(self) -> None:
        answer = Answer()
        parts = self._app(self.environ, answer)
        if answer.has("content-length"):  # so all of it is there
            body = answer.whole(parts)
            self._answering.response_bytes(answer.code, answer.headers, body)
        else:
            self._answering.response_iter(answer.code, answer.headers, answer.pieces(parts))
