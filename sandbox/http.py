"""Answering as the gateways do, and breaking off where a fault says so."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

from flask import Response, request

from sandbox.faults import Fault, Faults

# Refused before anything is carried out, and not for good: rate limits, and an object that another
# request has just locked. Sources: Stripe, "Rate limits"; Razorpay, "Rate limits" and the errors of
# "Create a Normal Refund".
_NOT_NOW: Mapping[tuple[str, str], tuple[int, str, str]] = {
    ("stripe", "too_many"): (429, "rate_limit", "Too many requests."),
    ("stripe", "busy"): (429, "lock_timeout", "This object cannot be accessed right now."),
    ("razorpay", "too_many"): (
        429, "BAD_REQUEST_ERROR", "Request failed. Please try after sometime."
    ),
    ("razorpay", "busy"): (
        400, "BAD_REQUEST_ERROR",
        "Request failed because another payment operation is in progress",
    ),
}  # fmt: skip


_ODD: Mapping[str, str] = {"empty": "", "malformed": '{"id": "x", "sta', "bare": "{}"}


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


def _not_now(gateway: str, kind: str) -> Response:
    status, code, words = _NOT_NOW[gateway, kind]
    error = {"type": "invalid_request_error", "code": code, "message": words}
    if gateway == "razorpay":
        error = {"code": code, "description": words}
    return json_answer(status, {"error": error})


def with_faults(
    faults: Faults, gateway: str, carry_out: Callable[[Fault | None], Response]
) -> Response:
    """Carry a request out under the first fault that fits.

    ``carry_out`` gets the faults that have to do with idempotency keys.
    """
    fault = faults.take("request", gateway, request.method, request.path)
    kind = fault.kind if fault else ""
    if fault and kind == "drop_before":
        return hang_up()
    if fault and kind == "delay_before":
        time.sleep(fault.seconds)
    saved = fault if kind in {"error_500", "error_500_after", "slow"} else None
    answer = _not_now(gateway, kind) if (gateway, kind) in _NOT_NOW else carry_out(saved)
    if fault and kind == "delay_after":
        time.sleep(fault.seconds)
    if kind == "drop_after":
        return hang_up()
    if kind == "html_502":
        return Response("<html><body>Bad gateway</body></html>", 502, mimetype="text/html")
    if kind in _ODD:
        return Response(_ODD[kind], 200, mimetype="application/json")
    return answer
