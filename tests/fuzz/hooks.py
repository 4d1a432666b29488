"""The gateways' webhooks and callback: events of payments that are there, mutated before and after
they are signed, unsigned, sent again and out of order."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from tests.fuzz.asking import Ask
from tests.fuzz.bodies import FORM, deep, form_body, json_body
from tests.fuzz.making import Target, pick
from tests.fuzz.people import GUEST
from tests.fuzz.plans import Plan
from tests.fuzz.world import World

_STRIPE_KINDS = (
    "checkout.session.completed", "checkout.session.expired", "payment_intent.succeeded",
    "payment_intent.amount_capturable_updated", "payment_intent.canceled", "charge.refunded", "nonsense",
)  # fmt: skip
_RAZORPAY_KINDS = (
    "payment.authorized", "payment.captured", "payment.failed", "order.paid", "refund.processed", "",
)  # fmt: skip
CALLBACK = "/payments/razorpay/callback"
PATHS = ("/webhooks/stripe", "/webhooks/razorpay", CALLBACK)


class Hooks:
    """Makes what a gateway, or somebody in its name, sends."""

    def __init__(self, world: World, environment: Mapping[str, str]) -> None:
        self._secrets = {
            PATHS[0]: environment["STRIPE_WEBHOOK_SECRET"],
            PATHS[1]: environment["RAZORPAY_WEBHOOK_SECRET"],
            CALLBACK: environment["RAZORPAY_KEY_SECRET"],
        }
        self._attempts = list(world.database["payment_attempts"].find())
        self._payments = world.sandbox.ledger()["payments"]
        self._sent: list[Ask] = []

    def ask(self, number: int, kind: str, target: Target, plan: Plan, *, signed: bool) -> Ask:
        """A request to a webhook or to the callback."""
        ask = Ask(
            number=number,
            kind=kind,
            endpoint=target.endpoint,
            method="POST",
            person=GUEST,
            path=target.rule,
            content_type="application/json",
        )
        if target.rule == CALLBACK:
            self._call_back(ask, plan, signed=signed)
            return ask
        if signed and plan.method % 6 == 0 and self._sent:
            again = pick(self._sent, plan.who)
            ask.path, ask.body, ask.headers = again.path, again.body, dict(again.headers)
            return ask
        ask.body = self._body(target.rule, plan)
        ask.headers = self._headers(target.rule, ask.body, plan, signed=signed)
        if not signed and plan.who % 3 == 0 and ask.body:  # signed, and changed afterwards
            good = self._headers(target.rule, ask.body, plan, signed=True)
            ask.headers, ask.body = good, _flipped(ask.body, plan.form)
        if signed:
            self._sent.append(ask)
        return ask

    def _body(self, path: str, plan: Plan) -> bytes:
        if plan.shape == "broken":
            return deep()
        if plan.shape == "bytes":
            return b'{"id": "\xff\xfe"}'
        if plan.shape == "nothing":
            return b""
        if plan.shape == "json":
            return json_body(plan.document)
        event = self._stripe(plan) if path == PATHS[0] else self._razorpay(plan)
        for change in plan.changes:
            event = _replaced(event, change.at, plan.document if change.at % 2 else change.value)
        return json_body(event)

    def _headers(self, path: str, body: bytes, plan: Plan, *, signed: bool) -> dict[str, str]:
        secret = (
            self._secrets[path]
            if signed
            else pick(("x", "", self._secrets[PATHS[1]] + " "), plan.who)
        )
        stamp = int(time.time()) - (0 if signed or plan.who % 5 else 4_000)
        if path == PATHS[0]:
            seal = _sealed(secret, f"{stamp}.".encode() + body)
            forged = pick(
                (f"t={stamp},v1={seal}", f"v1={seal}", "t=x,v1=", "", "t=1,v1=é"), plan.method
            )
            return {"Stripe-Signature": f"t={stamp},v1={seal}" if signed else forged}
        headers = {"X-Razorpay-Signature": _sealed(secret, body)}
        if plan.fresh:
            headers["X-Razorpay-Event-Id"] = pick(("evt_1", "é", "x" * 2_000, ""), plan.form)
        return headers

    def _stripe(self, plan: Plan) -> Any:
        attempt = pick(self._attempts, plan.who)
        session = {
            "id": attempt.get("session_id", "cs_x"),
            "object": pick(("checkout.session", "payment_intent", "charge"), plan.method),
            "metadata": {"attempt_id": attempt["_id"]},
            "amount_total": 1,
            "currency": "usd",
            "payment_status": "paid",
            "payment_intent": pick(self._payments, plan.form)["id"],
        }
        return {
            "id": f"evt_{plan.form % 40}",
            "object": "event",
            "type": pick(_STRIPE_KINDS, plan.form),
            "data": {"object": session},
        }

    def _razorpay(self, plan: Plan) -> Any:
        attempt = pick(self._attempts, plan.who)
        payment = {
            "id": pick(self._payments, plan.form)["id"],
            "order_id": attempt.get("session_id", "order_x"),
            "amount": 1,
            "currency": "INR",
            "status": "captured",
            "notes": {"attempt_id": attempt["_id"]},
        }
        return {
            "entity": "event",
            "event": pick(_RAZORPAY_KINDS, plan.form),
            "payload": {
                "payment": {"entity": payment},
                "order": {"entity": {"id": payment["order_id"], "receipt": "x"}},
            },
        }

    def _call_back(self, ask: Ask, plan: Plan, *, signed: bool) -> None:
        attempt = pick(self._attempts, plan.who)
        session = str(attempt.get("session_id", ""))
        payment = str(pick(self._payments, plan.form)["id"])
        seal = _sealed(self._secrets[CALLBACK] if signed else "x", f"{session}|{payment}".encode())
        fields = [
            ("razorpay_order_id", session),
            ("razorpay_payment_id", payment),
            ("razorpay_signature", seal),
        ]
        if plan.method % 3 == 0 and signed:  # a failure comes unsigned, and only says where to look
            about = json.dumps({"order_id": session}) if plan.fresh else plan.form
            fields = [("error[code]", "BAD"), ("error[metadata]", str(about))]
        for change in plan.changes:
            place = change.at % len(fields)
            fields[place] = (fields[place][0], change.value)
        ask.content_type, ask.body = FORM, form_body(fields)


def _sealed(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _flipped(body: bytes, at: int) -> bytes:
    place = at % len(body)
    return body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container of a document with each key in it."""
    inner = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    found = []
    for key, each in inner:
        found += [(value, key), *_places(each)]
    return found


def _replaced(event: Any, at: int, value: Any) -> Any:
    """The event with another value, or nothing, at one of its places."""
    changed = copy.deepcopy(event)
    places = _places(changed)
    if not places:
        return value
    holder, key = pick(places, at)
    if at % 7 == 0 and isinstance(holder, dict):
        del holder[key]
    else:
        holder[key] = value
    return changed
