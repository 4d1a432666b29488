"""Requests neither queue up without end, nor behind a database that is away.

It stands between the page cache and Flask. Pages that are kept need none of what others wait for:
for them some of a server's threads always stay free, or the whole shop would be as slow as its
slowest part, and with very many shoppers as slow as its longest queue.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from app.db.database import Database
from app.shared.line import Line
from app.web.errors import busy_page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_PATIENCE = 4.0  # seconds in the line
_TOO_MANY = "mossx.too_many"
_ALWAYS = ("/healthz", "/readyz", "/metrics", "/static/", "/media/")  # ask nobody


class Patience:
    """WSGI middleware: a line before Flask, and no waiting for a database that is known to be
    away."""

    def __init__(self, app: WSGIApplication, database: Database, threads: int) -> None:
        self._app = app
        self._database = database
        served, waiting = shares(threads)
        self._line = Line(served=served, waiting=waiting, patience=_PATIENCE)

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]:
        """Pass the request on when its turn comes; who has none is told so."""
        if environ["PATH_INFO"].startswith(_ALWAYS):
            return self._app(environ, start)
        with self._line.join() as served:
            if not served:
                environ[_TOO_MANY] = True
            with self._database.at_once_if_away():
                return self._app(environ, start)


def shares(threads: int) -> tuple[int, int]:
    """How many of a server's threads may serve what is not kept, and how many may wait for that; at
    least a quarter does neither."""
    served = max(1, threads * 3 // 8)
    return served, max(0, threads - served - max(1, threads // 4))


def _turn_away() -> Response | None:
    return busy_page() if _TOO_MANY in request.environ else None


def init_app(app: Flask, database: Database, threads: int) -> None:
    """Stand in front of Flask, in a server of so many threads."""
    app.before_request_funcs.setdefault(None, []).insert(0, _turn_away)
    app.wsgi_app = Patience(app.wsgi_app, database, threads)  # type: ignore[assignment,method-assign]  # Flask's way
