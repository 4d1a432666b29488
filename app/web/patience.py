"""Requests that find too many others waiting are told so; none waits for a database that is away.

It stands between the page cache and Flask: a page that is kept needs neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from app.db.database import Database
from app.web.errors import busy_page
from app.web.turns import TOO_MANY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Patience:
    """WSGI middleware: no waiting for a database that is known to be away."""

    def __init__(self, app: WSGIApplication, database: Database) -> None:
        self._app = app
        self._database = database

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]:
        """Pass the request on."""
        with self._database.at_once_if_away():
            return self._app(environ, start)


def _turn_away() -> Response | None:
    return busy_page() if TOO_MANY in request.environ else None


def init_app(app: Flask, database: Database) -> None:
    """Stand in front of Flask."""
    app.before_request_funcs.setdefault(None, []).insert(0, _turn_away)
    app.wsgi_app = Patience(app.wsgi_app, database)  # type: ignore[assignment,method-assign]  # Flask's way
