"""Answering as the gateways do, and breaking off where a fault says so."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

from flask import Response, request

from sandbox.faults import Fault, Faults


def json_answer(status: int, body: Any, headers: dict[str, str] | None = None) -> Response:
    """A JSON answer."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Response(text, status, headers, mimetype="application/json")


def hang_up() -> Response:
    """Cut the connection without an answer."""
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=200)


def with_faults(
    faults: Faults, gateway: str, carry_out: Callable[[Fault | None], Response]
) -> Response:
    """Carry a request out under the first fault that fits.

    ``carry_out`` gets the faults that must be saved under an idempotency key.
    """
    fault = faults.take("request", gateway, request.method, request.path)
    kind = fault.kind if fault else ""
    if fault and kind == "drop_before":
        return hang_up()
    if fault and kind == "delay_before":
        time.sleep(fault.seconds)
    saved = fault if kind in {"error_500", "error_500_after"} else None
    answer = carry_out(saved)
    if fault and kind == "delay_after":
        time.sleep(fault.seconds)
    if kind == "drop_after":
        return hang_up()
    if kind == "html_502":
        return Response("<html><body>Bad gateway</body></html>", 502, mimetype="text/html")
    if kind == "empty":
        return Response("", 200, mimetype="application/json")
    if kind == "malformed":
        return Response('{"id": "x", "sta', 200, mimetype="application/json")
    return answer
