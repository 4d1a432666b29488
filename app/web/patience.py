"""Requests do not queue up behind a database that is away, nor behind one that does not answer.

It stands between the page cache and Flask. Pages that are kept need neither: for them some of a
server's threads always stay free, or the whole shop would be as slow as its slowest part.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from app.db.database import Database
from app.shared.crowd import Crowd
from app.web.errors import busy_page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_LATE = 4.0  # seconds
_CROWDED = "mossx.crowded"
_ALWAYS = ("/healthz", "/metrics", "/static/", "/media/")  # ask nobody


class Patience:
    """WSGI middleware: lets no request wait for a database that is known to be away, and turns new
    ones away while several have been waiting for long, whatever they wait for."""

    def __init__(self, app: WSGIApplication, database: Database, threads: int) -> None:
        self._app = app
        self._database = database
        self._waiting = Crowd(late=_LATE, most=most_late(threads))

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]:
        """Pass the request on."""
        if self._waiting.is_full:
            environ[_CROWDED] = True
        with self._waiting.join(), self._database.at_once_if_away():
            return self._app(environ, start)


def most_late(threads: int) -> int:
    """How many of a server's threads may wait for something late: not quite two thirds."""
    return max(1, threads * 5 // 8)


def _turn_away() -> Response | None:
    asks_nobody = request.path.startswith(_ALWAYS)
    return busy_page() if _CROWDED in request.environ and not asks_nobody else None


def init_app(app: Flask, database: Database, threads: int) -> None:
    """Stand in front of Flask, in a server of so many threads."""
    app.before_request_funcs.setdefault(None, []).insert(0, _turn_away)
    app.wsgi_app = Patience(app.wsgi_app, database, threads)  # type: ignore[assignment,method-assign]  # Flask's way
