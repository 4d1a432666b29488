"""Structured logs: one JSON object a line in production, readable lines in development."""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request

from app.shared.ids import new_id

_REQUEST_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
_SECRET_KEYS = re.compile(
    r"secret|password|token|signature|authorization|cookie|card|email|phone", re.IGNORECASE
)
_ADDRESS = re.compile(r"""[^\s@<>()[\]{}"',;:=/]+@[\w.-]+\.\w+""")
_log = structlog.get_logger()


def _hide_secrets(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key in event:
        if _SECRET_KEYS.search(key):
            event[key] = "[hidden]"
    return event


def _hide_addresses(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Cut e-mail addresses out of texts: libraries quote them in their errors, with the trace."""
    for key, value in event.items():
        if isinstance(value, str) and "@" in value:
            event[key] = _ADDRESS.sub("[hidden]", value)
    return event


def plain_path() -> str:
    """The request's path, without the secret that a mailed link carries in it."""
    token = (request.view_args or {}).get("token", "")
    return request.path.replace(token, "[hidden]") if token else request.path


class _Output:
    """Standard output, which may lose a line: a full disk under the log fails no request."""

    def write(self, text: str) -> None:
        try:
            sys.stdout.write(text)
        except (OSError, ValueError):
            return

    def flush(self) -> None:
        try:
            sys.stdout.flush()
        except (OSError, ValueError):
            return


def configure(production: bool) -> None:
    """Set structlog up for the whole process."""
    last = (
        structlog.processors.JSONRenderer()
        if production
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _hide_secrets,
            structlog.processors.format_exc_info,
            _hide_addresses,
            last,
        ],
        logger_factory=structlog.WriteLoggerFactory(_Output()),  # type: ignore[arg-type]  # all that it asks for
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )


def _start() -> None:
    given = request.headers.get("X-Request-Id", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else new_id("req")
    g.started = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _finish(response: Response) -> Response:
    if "request_id" in g:
        response.headers["X-Request-Id"] = g.request_id
        if request.endpoint not in {"static", "media.original", "media.resized", "health.healthz"}:
            _log.info(
                "request",
                method=request.method,
                path=plain_path(),
                status=response.status_code,
                ms=round((time.perf_counter() - g.started) * 1000, 1),
            )
    return response


def init_app(app: Flask) -> None:
    """Give every request an id, and log each answer without its query string."""
    app.before_request(_start)
    app.after_request(_finish)
