"""What the shop's pages are compared with: the least an application can do with the same bytes.

``BENCH_KIND`` is ``wsgi`` or ``flask``. ``BENCH_BODY`` names a file with a body as the shop sent it,
packed; ``BENCH_HEADERS`` one with its headers.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_BODY = Path(os.environ["BENCH_BODY"]).read_bytes()
_HEADERS = [tuple(pair) for pair in json.loads(Path(os.environ["BENCH_HEADERS"]).read_text())]


def _wsgi(_: WSGIEnvironment, start: StartResponse) -> list[bytes]:
    """A bare WSGI application."""
    start("200 OK", _HEADERS)
    return [_BODY]


def _flask() -> Flask:
    """A bare Flask route."""
    made = Flask(__name__)

    @made.get("/")
    def constant() -> Response:
        return Response(_BODY, headers=_HEADERS)

    return made


app = _wsgi if os.environ["BENCH_KIND"] == "wsgi" else _flask()
