"""A server that says what it was asked, for tests of the front: its two threads serve, one more
request may wait, and for three seconds.

``FRONTED`` names a folder: requests for ``…/held`` wait until a file ``go`` is there, and answers
that came to their end leave a file ``closed``.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from app.web import front
from app.web.front import Front
from app.web.turns import NOT_KEPT, ONLY_KEPT, TO_KEEP, TOO_MANY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_FOLDER = Path(os.environ["FRONTED"])
_LONGEST_HOLD = 30.0  # seconds


def app(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    """Answer by path: what was asked, a kept page, a long answer, an error, or in a while."""
    path = environ["PATH_INFO"]
    if ONLY_KEPT in environ:
        if path == "/kept":
            return _say({"kept": True}, start)
        return TO_KEEP if path == "/kept-soon" else NOT_KEPT
    if TOO_MANY in environ:
        return _say({"too_many": True}, start)
    if path == "/fails":
        raise RuntimeError("on purpose")
    if path == "/long":
        start("200 OK", [("Content-Type", "text/plain")])
        return _Long()
    if path.endswith("/held"):
        _hold()
    return _say(_told(environ), start)


def _hold() -> None:
    until = time.monotonic() + _LONGEST_HOLD
    with (_FOLDER / "held").open("a") as held:
        held.write("x")
    while not (_FOLDER / "go").exists() and time.monotonic() < until:
        time.sleep(0.01)


def _told(environ: WSGIEnvironment) -> dict[str, object]:
    body = environ["wsgi.input"].read()
    told = {key: value for key, value in environ.items() if isinstance(value, str)}
    return {**told, "size": len(body), "digest": hashlib.sha256(body).hexdigest()}


def _say(told: object, start: StartResponse) -> list[bytes]:
    body = json.dumps(told).encode()
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


class _Long:
    """Lines of a file that is made while it is sent."""

    def __iter__(self) -> Iterator[bytes]:
        for number in range(20_000):
            yield b"%d\n" % number

    def close(self) -> None:
        """It was sent, or nobody wants it any more."""
        (_FOLDER / "closed").touch()


front._WAITING, front._PATIENCE = 1, 3.0
server = Front(app, 2)
