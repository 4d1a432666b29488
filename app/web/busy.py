"""Who finds too many others before them is told so, in a page that costs next to nothing.

It asks nobody, and it goes past Flask: a crowd that cannot be served comes again every few seconds,
and must not take the time of those who are.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask, Response
from jinja2_fragments import render_blocks
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request

from app.shared import texts
from app.web import metrics
from app.web.errors import TITLES, where_to_say
from app.web.language import COOKIE
from app.web.rendering import VARIES, asks_for_fragment

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_TEMPLATE, _FRAGMENT = "errors/busy.html", "message"
_SOON = 4  # seconds
_KEPT = ("/cart", "/checkout")


class BusyPage:
    """WSGI application. A page asks again by itself; what a form of the cart or the checkout sent
    is kept, to be sent again."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start: StartResponse, /) -> Iterable[bytes]:
        """Tell whoever asked."""
        request = Request(environ)
        with self._app.app_context(), texts.speaking(request.cookies.get(COOKIE, "")):
            response = Response(self._render(request, seconds := _soon()), 503)
        response.vary.update(VARIES)
        response.headers.update(
            {"Retry-After": str(seconds), "Cache-Control": "no-store", **where_to_say(environ)}
        )
        metrics.count_turned_away(request.method)
        return response(environ, start)

    def _render(self, request: Request, seconds: int) -> str:
        environment = self._app.jinja_env
        is_fragment = asks_for_fragment(request.environ)
        said = {
            "language": texts.current_language(),
            "title": TITLES[503],
            "is_fragment": is_fragment,
            "seconds": seconds,
            "repeats_itself": request.method in {"GET", "HEAD"},
            "fields": _fields(request),
            "action": request.full_path if request.query_string else request.path,
        }
        if is_fragment:
            return render_blocks(environment, _TEMPLATE, [_FRAGMENT], **said)
        return environment.get_template(_TEMPLATE).render(said)


def _soon() -> int:
    return _SOON + time.monotonic_ns() % _SOON  # or all would come back at once


def _fields(request: Request) -> list[tuple[str, str]]:
    """What can be sent again: none of what is too long to be read."""
    if request.method != "POST" or not request.path.startswith(_KEPT):
        return []
    try:
        return list(request.form.items(multi=True))
    except HTTPException:
        return []
