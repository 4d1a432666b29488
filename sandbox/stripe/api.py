"""Stripe's HTTP API."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import stripe.params as p
import stripe.params.checkout as pc
from flask import Blueprint, Response, request

from sandbox.faults import Fault, Faults
from sandbox.http import json_answer, with_faults
from sandbox.ledger import Ledger, Object, new_id
from sandbox.stripe.disputes import StripeDisputes
from sandbox.stripe.objects import StripeBooks, shown
from sandbox.stripe.params import BadParameter, check, decode
from sandbox.stripe.refusals import Refused

Work = Callable[[dict[str, Any]], Object]
Route = tuple[str, str, Any, Callable[..., Object]]  # method, path, schema, work


class StripeApi:
    """Routes under ``/v1`` for Stripe, with authentication, idempotency and faults."""

    def __init__(
        self,
        books: StripeBooks,
        disputes: StripeDisputes,
        ledger: Ledger,
        faults: Faults,
        secret_key: str,
    ) -> None:
        self._books = books
        self._disputes = disputes
        self._ledger = ledger
        self._faults = faults
        self._secret_key = secret_key
        self._in_flight: set[str] = set()
        self._lock = threading.Lock()

    def blueprint(self) -> Blueprint:
        """The routes."""
        api = Blueprint("stripe_api", __name__, url_prefix="/v1")

        def add(method: str, path: str, schema: Any, work: Callable[..., Object]) -> None:
            def view(**names: str) -> Response:
                return self._answer(schema, lambda params: work(*names.values(), params))

            api.add_url_rule(path, f"{method} {path}", view, methods=[method])

        for route in (*self._sessions_routes(), *self._intents_routes(), *self._other_routes()):
            add(*route)
        return api

    def _sessions_routes(self) -> list[Route]:
        books, path = self._books, "/checkout/sessions"

        def listed(params: dict[str, Any]) -> Object:
            return self._list(books.sessions(), params, ("payment_intent",))

        def expire(one: str, _: dict[str, Any]) -> Object:
            return books.expire_session(one)

        return [
            ("POST", path, pc.SessionCreateParams, books.create_session),
            ("GET", path, pc.SessionListParams, listed),
            ("GET", f"{path}/<one>", pc.SessionRetrieveParams, self._session),
            ("POST", f"{path}/<one>/expire", pc.SessionExpireParams, expire),
        ]

    def _intents_routes(self) -> list[Route]:
        books, path = self._books, "/payment_intents"

        def read(one: str, params: dict[str, Any]) -> Object:
            return self._intent(books.intent(one), params)

        def capture(one: str, params: dict[str, Any]) -> Object:
            return self._intent(books.capture(one, params), params)

        return [
            ("GET", path, p.PaymentIntentListParams, self._intents),
            ("GET", f"{path}/<one>", p.PaymentIntentRetrieveParams, read),
            ("POST", f"{path}/<one>/capture", p.PaymentIntentCaptureParams, capture),
            ("POST", f"{path}/<one>/cancel", p.PaymentIntentCancelParams, books.cancel),
        ]

    def _other_routes(self) -> list[Route]:
        books = self._books

        def charges(params: dict[str, Any]) -> Object:
            return self._list(books.charges(params.get("payment_intent")), params, ())

        def refunds(params: dict[str, Any]) -> Object:
            return self._list(books.refunds(params.get("payment_intent")), params, ("charge",))

        def events(params: dict[str, Any]) -> Object:
            return self._list(books.events(), params, ("type",))

        return [
            ("GET", "/charges", p.ChargeListParams, charges),
            ("GET", "/charges/<one>", p.ChargeRetrieveParams, lambda one, _: books.charge(one)),
            ("POST", "/refunds", p.RefundCreateParams, books.create_refund),
            ("GET", "/refunds", p.RefundListParams, refunds),
            ("GET", "/refunds/<one>", p.RefundRetrieveParams, lambda one, _: books.refund(one)),
            ("GET", "/events", p.EventListParams, events),
            ("GET", "/events/<one>", p.EventRetrieveParams, lambda one, _: books.event(one)),
        ]

    def list_disputes(self) -> Response:
        """``GET /v1/disputes``."""

        def listed(params: dict[str, Any]) -> Object:
            return self._list(self._disputes.all(params.get("payment_intent")), params, ("charge",))

        return self._answer(p.DisputeListParams, listed)

    def show_dispute(self, one: str) -> Response:
        """``GET /v1/disputes/<id>``."""
        return self._answer(p.DisputeRetrieveParams, lambda _: self._disputes.get(one))

    def _session(self, identity: str, params: dict[str, Any]) -> Object:
        session = dict(self._books.session(identity))
        if session["payment_intent"] and any(
            e.startswith("payment_intent") for e in params.get("expand", ())
        ):
            inner = [each.removeprefix("payment_intent.") for each in params["expand"]]
            session["payment_intent"] = self._intent(
                self._books.intent(session["payment_intent"]), {"expand": inner}
            )
        return session

    def _intent(self, intent: Object, params: dict[str, Any]) -> Object:
        if intent["latest_charge"] and "latest_charge" in params.get("expand", ()):
            return {**intent, "latest_charge": self._books.charge(intent["latest_charge"])}
        return intent

    def _intents(self, params: dict[str, Any]) -> Object:
        listed = self._list(self._books.intents(), params, ("customer",))
        inner = [each.removeprefix("data.") for each in params.get("expand", ())]
        listed["data"] = [self._intent(each, {"expand": inner}) for each in listed["data"]]
        return listed

    def _list(
        self, items: list[Object], params: dict[str, Any], filters: tuple[str, ...]
    ) -> Object:
        """Newest first, cut by cursor, creation time and limit."""
        for name in filters:
            if name in params:
                items = [each for each in items if each.get(name) == params[name]]
        created = params.get("created")
        if isinstance(created, dict):
            tests = {"gte": int.__ge__, "gt": int.__gt__, "lte": int.__le__, "lt": int.__lt__}
            for name, bound in created.items():
                items = [each for each in items if tests[name](each["created"], bound)]
        elif created is not None:
            items = [each for each in items if each["created"] == created]
        ids = [each["id"] for each in items]
        if params.get("starting_after") in ids:
            items = items[ids.index(params["starting_after"]) + 1 :]
        limit = params.get("limit", 10)
        if not 1 <= limit <= 100:
            raise Refused("limit must be between 1 and 100.", "parameter_invalid_integer", "limit")
        return {
            "object": "list",
            "url": request.path,
            "has_more": len(items) > limit,
            "data": [shown(each) for each in items[:limit]],
        }

    # --- the way of a request ---------------------------------------------------------------

    def _answer(self, schema: Any, work: Work) -> Response:
        return with_faults(
            self._faults, "stripe", lambda fault: self._carry_out(schema, work, fault)
        )

    def _carry_out(self, schema: Any, work: Work, fault: Fault | None) -> Response:
        headers = {"Request-Id": new_id("req")}
        if not self._authorised():
            return _error(
                401, "Invalid API Key provided.", "invalid_request_error", headers=headers
            )
        pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
        key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
        if not key:
            status, body = self._run(pairs, schema, work, fault)
            return json_answer(status, body, headers)
        return self._idempotent(key, pairs, schema, work, fault, headers)

    def _idempotent(
        self,
        key: str,
        pairs: list[tuple[str, str]],
        schema: Any,
        work: Work,
        fault: Fault | None,
        headers: dict[str, str],
    ) -> Response:
        """Same key and parameters: the saved answer. Other parameters: 400. In flight: 409."""
        headers["Idempotency-Key"] = key
        fingerprint = hashlib.sha256(json.dumps([request.path, sorted(pairs)]).encode()).hexdigest()
        with self._lock:
            saved = self._ledger.saved_answer(key)
            if saved is None and key in self._in_flight:
                message = (
                    "There is currently another in-progress request using this Idempotent Key."
                )
                return _error(
                    409, message, "idempotency_error", "idempotency_key_in_use", headers=headers
                )
            if saved is None:
                self._in_flight.add(key)
        if saved is not None:
            if saved[0] != fingerprint:
                message = "Keys for idempotent requests can only be used with the same parameters."
                return _error(400, message, "idempotency_error", headers=headers)
            return json_answer(saved[1], saved[2], {**headers, "Idempotent-Replayed": "true"})
        try:
            status, body = self._run(pairs, schema, work, fault, save=(key, fingerprint))
            return json_answer(status, body, headers)
        finally:
            with self._lock:
                self._in_flight.discard(key)

    def _run(
        self,
        pairs: list[tuple[str, str]],
        schema: Any,
        work: Work,
        fault: Fault | None,
        save: tuple[str, str] | None = None,
    ) -> tuple[int, str]:
        """Check, execute and save the answer in one transaction; refusals before execution are
        not saved, failures of the execution are."""
        try:
            params = check(decode(pairs), schema)
        except BadParameter as bad:
            return 400, _error_body(bad.message, "invalid_request_error", bad.code, bad.param)
        if fault and fault.kind == "slow":
            time.sleep(fault.seconds)
        crash = _error_body("An unknown error occurred.", "api_error")
        with self._ledger.transaction():
            if fault and fault.kind == "error_500":
                status, body = 500, crash
            else:
                try:
                    status, body = 200, json.dumps(shown(work(params)))
                except Refused as no:
                    status, body = (
                        no.status,
                        _error_body(no.message, "invalid_request_error", no.code, no.param),
                    )
                if fault and fault.kind == "error_500_after":
                    status, body = 500, crash
            if save:
                self._ledger.save_answer(*save, status, body)
        return status, body

    def _authorised(self) -> bool:
        given = request.headers.get("Authorization", "")
        if given.startswith("Basic "):
            try:
                key = base64.b64decode(given[6:]).decode().split(":")[0]
            except ValueError:
                return False
        else:
            key = given.removeprefix("Bearer ")
        return bool(self._secret_key) and hmac.compare_digest(
            key.encode(), self._secret_key.encode()
        )


def _error_body(message: str, kind: str, code: str = "", param: str = "") -> str:
    error = {"type": kind, "message": message, "code": code, "param": param}
    return json.dumps({"error": {name: value for name, value in error.items() if value}})


def _error(
    status: int, message: str, kind: str, code: str = "", *, headers: dict[str, str]
) -> Response:
    return json_answer(status, _error_body(message, kind, code), headers)
