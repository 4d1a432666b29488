"""A span for each request that reaches Flask. Pages from the page cache never do, and have none.

What a client sends in ``traceparent`` is not believed: a trace begins here.
"""

from __future__ import annotations

import structlog
from flask import Flask, Response, g, request

from app.shared import tracing
from app.web.logs import plain_path


def _start() -> None:
    g.span = tracing.span(f"{request.method} {_route()}", {"http.request.method": request.method},
                          kind="server")  # fmt: skip
    g.span.__enter__()
    if carried := tracing.carried():
        structlog.contextvars.bind_contextvars(trace_id=carried.split("-")[1])


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "(no route)"


def _note(response: Response) -> Response:
    tracing.note(
        {
            "http.route": _route(),
            "url.path": plain_path(),
            "http.response.status_code": response.status_code,
            "mossx.request": g.get("request_id", ""),
        }
    )
    return response


def _end(_: BaseException | None) -> None:
    span = g.pop("span", None)
    if span is not None:
        span.__exit__(None, None, None)


def init_app(app: Flask) -> None:
    """Begin a span with each request, and end it with the answer."""
    app.before_request(_start)
    app.after_request(_note)
    app.teardown_request(_end)
