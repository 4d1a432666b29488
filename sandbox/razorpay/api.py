"""Razorpay's HTTP API."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Callable, Set
from typing import Any

from flask import Blueprint, Response, request

from sandbox.faults import Fault, Faults
from sandbox.http import json_answer, with_faults
from sandbox.ledger import Ledger, Object
from sandbox.razorpay import schema
from sandbox.razorpay.disputes import RazorpayDisputes
from sandbox.razorpay.objects import RazorpayBooks, shown
from sandbox.razorpay.schema import Refused


class RazorpayApi:
    """Routes under ``/v1`` for Razorpay, with basic authentication and faults."""

    def __init__(
        self,
        books: RazorpayBooks,
        disputes: RazorpayDisputes,
        ledger: Ledger,
        faults: Faults,
        key_id: str,
        key_secret: str,
    ) -> None:
        self._books = books
        self._disputes = disputes
        self._ledger = ledger
        self._faults = faults
        self._key_id = key_id
        self._key_secret = key_secret
        self._in_flight: set[str] = set()
        self._lock = threading.Lock()

    def blueprint(self) -> Blueprint:
        """The routes."""
        api = Blueprint("razorpay_api", __name__, url_prefix="/v1")
        books = self._books

        def add(method: str, path: str, work: Callable[..., Object]) -> None:
            def view(**names: str) -> Response:
                return self._answer(lambda: work(*names.values()))

            api.add_url_rule(path, f"{method} {path}", view, methods=[method])

        add("POST", "/orders", lambda: books.create_order(_body()))
        add(
            "GET",
            "/orders",
            lambda: _page(books.orders(request.args.get("receipt")), schema.ORDER_LIST),
        )
        add("GET", "/orders/<one>", books.order)
        add(
            "GET",
            "/orders/<one>/payments",
            lambda one: _page(books.payments(books.order(one)["id"]), schema.PAYMENT_LIST, 100),
        )
        add("GET", "/payments", lambda: _page(books.payments(), schema.PAYMENT_LIST))
        add("GET", "/payments/<one>", books.payment)
        add("POST", "/payments/<one>/capture", lambda one: books.capture(one, _body()))
        add(
            "POST",
            "/payments/<one>/refund",
            lambda one: books.create_refund(
                one, _body(), request.headers.get("X-Refund-Idempotency")
            ),
        )
        add(
            "GET",
            "/payments/<one>/refunds",
            lambda one: _page(books.refunds(books.payment(one)["id"]), schema.LIST),
        )
        return api

    def is_asked(self) -> bool:
        """Whether the request comes with this account's key: both gateways have disputes at the
        same address."""
        given = request.authorization
        return bool(self._key_id) and given is not None and given.username == self._key_id

    def list_disputes(self) -> Response:
        """``GET /v1/disputes``."""
        return self._answer(lambda: _page(self._disputes.all(), schema.DISPUTE_LIST))

    def show_dispute(self, one: str) -> Response:
        """``GET /v1/disputes/<id>``."""
        return self._answer(lambda: self._disputes.get(one))

    def _answer(self, work: Callable[[], Object]) -> Response:
        return with_faults(self._faults, "razorpay", lambda fault: self._carry_out(work, fault))

    def _carry_out(self, work: Callable[[], Object], fault: Fault | None) -> Response:
        given = request.authorization
        user, secret = (given.username or "", given.password or "") if given else ("", "")
        known = hmac.compare_digest(user.encode(), self._key_id.encode())
        if (
            not self._key_id
            or not known
            or not hmac.compare_digest(secret.encode(), self._key_secret.encode())
        ):
            return json_answer(401, _error("Authentication failed", ""))
        if fault and fault.kind == "error_500":
            return json_answer(500, _error("The server encountered an error.", "", "SERVER_ERROR"))
        key = request.headers.get("X-Refund-Idempotency", "")
        with self._lock:
            if key in self._in_flight:
                message = "Another request with the same idempotency key is still in progress."
                return json_answer(409, _error(message, ""))
            if key:
                self._in_flight.add(key)
        try:
            if fault and fault.kind == "slow":
                time.sleep(fault.seconds)
            with self._ledger.transaction():
                answer = json_answer(200, shown(work()))
        except Refused as no:
            answer = json_answer(no.status, _error(no.description, no.field))
        finally:
            with self._lock:
                self._in_flight.discard(key)
        if fault and fault.kind == "error_500_after":
            return json_answer(500, _error("The server encountered an error.", "", "SERVER_ERROR"))
        return answer


def _body() -> Any:
    return request.get_json(silent=True) if request.data else {}


def _page(items: list[Object], allowed: Set[str], default: int = 10) -> Object:
    """A collection, newest first, cut by time, ``skip`` and ``count``."""
    unknown = set(request.args) - set(allowed)
    if unknown:
        name = min(unknown)
        raise Refused(f"{name} is/are not required and should not be sent", name)
    numbers = {}
    for name in ("from", "to", "count", "skip"):
        text = request.args.get(name, "")
        if text and not text.isdigit():
            raise Refused(f"The {name} must be an integer.", name)
        if text:
            numbers[name] = int(text)
    count = numbers.get("count", default)
    if not 1 <= count <= 100:
        raise Refused("The count must be between 1 and 100.", "count")
    start, end = numbers.get("from", 0), numbers.get("to", 2**62)
    items = [each for each in items if start <= each["created_at"] <= end]
    chosen = items[numbers.get("skip", 0) :][:count]
    return {"entity": "collection", "count": len(chosen), "items": [shown(each) for each in chosen]}


def _error(description: str, field: str, code: str = "BAD_REQUEST_ERROR") -> Object:
    error: Object = {
        "code": code,
        "description": description,
        "source": "business",
        "step": "payment_initiation",
        "reason": "input_validation_failed",
        "metadata": {},
    }
    if field:
        error["field"] = field
    return {"error": error}
