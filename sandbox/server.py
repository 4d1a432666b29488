"""The sandbox as one application: both gateways, the ledger's view, the faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template, request

from sandbox.currencies import decimals
from sandbox.faults import Faults
from sandbox.http import json_answer
from sandbox.ledger import Ledger, Object
from sandbox.razorpay.api import RazorpayApi
from sandbox.razorpay.disputes import RazorpayDisputes
from sandbox.razorpay.objects import RazorpayBooks
from sandbox.razorpay.pages import RazorpayPages
from sandbox.razorpay.schema import Refused as RazorpayRefused
from sandbox.stripe.api import StripeApi
from sandbox.stripe.disputes import StripeDisputes
from sandbox.stripe.objects import StripeBooks
from sandbox.stripe.pages import StripePages
from sandbox.stripe.refusals import Refused as StripeRefused
from sandbox.webhooks import Webhooks


@dataclass(frozen=True, kw_only=True, slots=True)
class Keys:
    """The accounts' keys, named as the shop's environment names them."""

    stripe_secret_key: str = ""
    stripe_webhook_secret: str = ""
    razorpay_key_id: str = ""
    razorpay_key_secret: str = ""
    razorpay_webhook_secret: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Keys:
        """Read them; a gateway without keys refuses every request."""
        return cls(**{name: environment.get(name.upper(), "") for name in cls.__dataclass_fields__})


@dataclass(frozen=True, slots=True)
class Disputes:
    """Those of both gateways."""

    stripe: StripeDisputes
    razorpay: RazorpayDisputes

    def of(self, identity: str) -> StripeDisputes | RazorpayDisputes:
        """Of the gateway that this payment or dispute is of."""
        return self.stripe if identity.startswith(("pi_", "du_")) else self.razorpay


@dataclass
class Sandbox:
    """The application with its threads."""

    app: Flask
    webhooks: Webhooks
    razorpay: RazorpayBooks
    ledger: Ledger

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._clock = threading.Thread(target=self._tick, name="clock", daemon=True)

    def start(self) -> None:
        """Start delivering webhooks and letting time pass."""
        self.webhooks.start()
        self._clock.start()

    def stop(self) -> None:
        """End both."""
        self._stop.set()
        self.webhooks.stop()

    def _tick(self) -> None:
        while not self._stop.wait(0.5):
            with self.ledger.transaction():
                self.razorpay.tick(time.time())


def _shown(units: int, currency: str, gateway: str) -> str:
    """An amount in a gateway's units as a person reads it."""
    places = decimals(gateway, currency)
    return f"{currency.upper()} {Decimal(units).scaleb(-places):,.{places}f}"


def create_sandbox(path: Path, base: str, keys: Keys, hooks: dict[str, str]) -> Sandbox:
    """Build it; ``hooks`` are the shop's webhook addresses by gateway."""
    ledger, faults = Ledger(path), Faults()
    secrets = {"stripe": keys.stripe_webhook_secret, "razorpay": keys.razorpay_webhook_secret}
    webhooks = Webhooks(ledger, faults, hooks, secrets)
    stripe = StripeBooks(ledger, webhooks, base)
    razorpay = RazorpayBooks(ledger, webhooks)
    disputes = Disputes(StripeDisputes(stripe, ledger), RazorpayDisputes(razorpay, ledger))
    app = Flask("sandbox", root_path=str(Path(__file__).parent))
    app.jinja_env.filters["amount"] = _shown
    stripe_api = StripeApi(stripe, disputes.stripe, ledger, faults, keys.stripe_secret_key)
    razorpay_api = RazorpayApi(
        razorpay,
        disputes.razorpay,
        ledger,
        faults,
        keys.razorpay_key_id,
        keys.razorpay_key_secret,
    )
    for blueprint in (
        stripe_api.blueprint(),
        StripePages(stripe, ledger).blueprint(),
        razorpay_api.blueprint(),
        RazorpayPages(razorpay, ledger, keys.razorpay_key_id, keys.razorpay_key_secret).blueprint(),
    ):
        app.register_blueprint(blueprint)
    _add_control(app, ledger, faults, stripe, razorpay)
    _add_fault_routes(app, faults)
    _add_bank_routes(app, ledger, stripe, razorpay)
    _add_shared_routes(app, stripe_api, razorpay_api)
    _add_dispute_routes(app, ledger, disputes)
    return Sandbox(app=app, webhooks=webhooks, razorpay=razorpay, ledger=ledger)


def _add_control(
    app: Flask, ledger: Ledger, faults: Faults, stripe: StripeBooks, razorpay: RazorpayBooks
) -> None:
    """The routes for people and for tests."""

    @app.get("/")
    def home() -> str:
        return render_template("ledger.html", ledger=view(stripe, razorpay, ledger))

    @app.get("/sandbox/ledger")
    def show_ledger() -> Response:
        return json_answer(200, view(stripe, razorpay, ledger))

    @app.post("/sandbox/reset")
    def reset() -> Response:
        ledger.clear()
        faults.clear()
        stripe.refunds_begin_as, razorpay.refunds_begin_as = "succeeded", "processed"
        return json_answer(200, {"reset": True})


def _add_fault_routes(app: Flask, faults: Faults) -> None:
    @app.get("/sandbox/faults")
    def list_faults() -> Response:
        return json_answer(200, faults.shown())

    @app.delete("/sandbox/faults")
    def clear_faults() -> Response:
        faults.clear()
        return json_answer(200, [])

    @app.post("/sandbox/faults")
    def add_faults() -> Response:
        given: Any = request.get_json(silent=True)
        try:
            faults.add(given if isinstance(given, list) else [given])
        except (TypeError, ValueError) as error:
            return json_answer(422, {"error": str(error)})
        return json_answer(201, faults.shown())


def _add_bank_routes(
    app: Flask, ledger: Ledger, stripe: StripeBooks, razorpay: RazorpayBooks
) -> None:
    """What banks do in their own time."""

    @app.post("/sandbox/slow-refunds")
    def slow_refunds() -> Response:
        stripe.refunds_begin_as = razorpay.refunds_begin_as = "pending"
        return json_answer(200, {"refunds": "pending"})

    @app.post("/sandbox/refunds/<identity>/<any(success, failure):outcome>")
    def end_refund(identity: str, outcome: str) -> Response:
        books = stripe if identity.startswith("re_") else razorpay
        try:
            with ledger.transaction():
                return json_answer(200, books.end_refund(identity, good=outcome == "success"))
        except (StripeRefused, RazorpayRefused) as no:
            return json_answer(404, {"error": str(no)})

    @app.post("/sandbox/late-authorise/<payment>")
    def late_authorise(payment: str) -> Response:
        try:
            with ledger.transaction():
                return json_answer(200, razorpay.authorise(razorpay.payment(payment)))
        except RazorpayRefused as no:
            return json_answer(404, {"error": no.description})

    @app.post("/sandbox/lapse/<payment>")
    def lapse(payment: str) -> Response:
        try:
            with ledger.transaction():
                if payment.startswith("pi_"):
                    return json_answer(
                        200, stripe.cancel(payment, {"cancellation_reason": "expired"})
                    )
                return json_answer(200, razorpay.lapse(razorpay.payment(payment)))
        except (StripeRefused, RazorpayRefused) as no:
            return json_answer(404, {"error": str(no)})


def _add_shared_routes(app: Flask, stripe: StripeApi, razorpay: RazorpayApi) -> None:
    """What both gateways have at the same address."""

    def asked() -> StripeApi | RazorpayApi:
        return razorpay if razorpay.is_asked() else stripe

    @app.get("/v1/disputes")
    def list_disputes() -> Response:
        return asked().list_disputes()

    @app.get("/v1/disputes/<one>")
    def show_dispute(one: str) -> Response:
        return asked().show_dispute(one)


def _add_dispute_routes(app: Flask, ledger: Ledger, disputes: Disputes) -> None:
    """What shoppers do at their banks."""

    @app.post("/sandbox/disputes")
    def open_dispute() -> Response:
        given: Any = request.get_json(silent=True)
        if not isinstance(given, dict) or not isinstance(given.get("payment"), str):
            return json_answer(422, {"error": "a payment is needed"})
        try:
            with ledger.transaction():
                opened = disputes.of(given["payment"]).open(
                    given["payment"],
                    inquiry=bool(given.get("inquiry")),
                    amount=given.get("amount"),
                )
        except (StripeRefused, RazorpayRefused) as no:
            return json_answer(404, {"error": str(no)})
        return json_answer(201, opened)

    @app.post("/sandbox/disputes/<identity>/<any(escalated, won, lost, closed):outcome>")
    def move_dispute(identity: str, outcome: str) -> Response:
        try:
            with ledger.transaction():
                return json_answer(200, disputes.of(identity).move(identity, outcome))
        except (StripeRefused, RazorpayRefused) as no:
            return json_answer(404, {"error": str(no)})


def view(stripe: StripeBooks, razorpay: RazorpayBooks, ledger: Ledger) -> Object:
    """Every payment with what was captured and given back, and sums by currency."""
    with ledger.transaction():
        payments = [*_stripe_payments(stripe), *_razorpay_payments(razorpay)]
    payments.sort(key=lambda each: each["created"], reverse=True)
    captured: dict[str, int] = {}
    for each in payments:
        net = each["captured"] - each["refunded"]
        captured[each["currency"]] = captured.get(each["currency"], 0) + net
    return {
        "payments": payments,
        "refunds": [
            {"id": each["id"], "amount": each["amount"], "status": each["status"]}
            for each in (*stripe.refunds(), *razorpay.refunds())
        ],
        "sessions": len(stripe.sessions()) + len(razorpay.orders()),
        "net_captured": captured,
        "undelivered_webhooks": ledger.undelivered(),
    }


def _stripe_payments(stripe: StripeBooks) -> list[Object]:
    charges = {each["payment_intent"]: each for each in stripe.charges()}
    sessions = {
        each["payment_intent"]: each for each in stripe.sessions() if each["payment_intent"]
    }
    return [
        {
            "gateway": "stripe",
            "id": intent["id"],
            "session": sessions[intent["id"]]["id"],
            "attempt_id": intent["metadata"].get("attempt_id", ""),
            "order_number": intent["metadata"].get("order_number", ""),
            "status": intent["status"],
            "amount": intent["amount"],
            "captured": intent["amount_received"],
            "refunded": charges.get(intent["id"], {}).get("amount_refunded", 0),
            "currency": intent["currency"].upper(),
            "created": intent["created"],
        }
        for intent in stripe.intents()
    ]


def _razorpay_payments(razorpay: RazorpayBooks) -> list[Object]:
    orders = {each["id"]: each for each in razorpay.orders()}
    result = []
    for payment in razorpay.payments():
        notes = orders[payment["order_id"]]["notes"] or {}
        captured = payment["amount"] if payment["captured"] else 0
        result.append(
            {
                "gateway": "razorpay",
                "id": payment["id"],
                "session": payment["order_id"],
                "attempt_id": notes.get("attempt_id", ""),
                "order_number": notes.get("order_number", ""),
                "status": payment["status"],
                "amount": payment["amount"],
                "captured": captured,
                "refunded": payment["amount_refunded"] if captured else 0,
                "currency": payment["currency"],
                "created": payment["created_at"],
            }
        )
    return result
