"""Requests that find too many others waiting are told so; none waits for a database that is away.

It stands between the page cache and Flask: a page that is kept needs neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask

from app.db.database import Database
from app.web.busy import BusyPage
from app.web.turns import TOO_MANY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Patience:
    """WSGI middleware: no waiting for a database that is known to be away, nor for a turn that did
    not come."""

    def __init__(self, app: WSGIApplication, busy: WSGIApplication, database: Database) -> None:
        self._app = app
        self._busy = busy
        self._database = database

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]:
        """Pass the request on."""
        if TOO_MANY in environ:
            return self._busy(environ, start)
        with self._database.at_once_if_away():
            return self._app(environ, start)


def init_app(app: Flask, database: Database) -> None:
    """Stand in front of Flask."""
    app.wsgi_app = Patience(app.wsgi_app, BusyPage(app), database)  # type: ignore[assignment,method-assign]  # Flask's way
