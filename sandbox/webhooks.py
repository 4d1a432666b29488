"""Webhooks: queued with their cause, signed, sent again until they are taken."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from typing import Any

import requests

from sandbox.faults import Faults
from sandbox.ledger import Ledger, new_id

_MOST_TRIES = 40
_LONGEST_PAUSE = 30.0


class Webhooks:
    """The queue and the thread that empties it."""

    def __init__(
        self, ledger: Ledger, faults: Faults, urls: dict[str, str], secrets: dict[str, str]
    ) -> None:
        self._ledger = ledger
        self._faults = faults
        self._urls = urls
        self._secrets = secrets
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def queue(self, gateway: str, event: str, payload: dict[str, Any]) -> None:
        """Queue an event, twice, late, forged or not at all if a fault says so."""
        if not self._urls.get(gateway):
            return
        event_id = str(payload.get("id") or new_id("evt"))
        body = json.dumps(payload, separators=(",", ":")).encode()
        fault = self._faults.take("webhook", gateway, "POST", event)
        kind = fault.kind if fault else ""
        if kind == "lose":
            return
        due = time.time()
        if fault and kind in {"delay", "reorder"}:
            due += fault.seconds
        for _ in range(2 if kind == "duplicate" else 1):
            self._ledger.queue(gateway, event, event_id, body, due, forged=kind == "forge")

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the delivery at hand."""
        self._stop.set()
        self._thread.join(timeout=6)

    def _run(self) -> None:
        with requests.Session() as session:
            while not self._stop.is_set():
                due = self._ledger.due_deliveries(time.time())
                for delivery in due:
                    if self._stop.is_set():
                        return
                    self._deliver(session, *delivery)
                if not due:
                    self._stop.wait(0.1)

    def _deliver(
        self,
        session: requests.Session,
        seq: int,
        gateway: str,
        event_id: str,
        body: bytes,
        tries: int,
        forged: bool,
    ) -> None:
        headers = self._headers(gateway, event_id, body, forged)
        try:
            answer = session.post(self._urls[gateway], data=body, headers=headers, timeout=5)
            done = answer.status_code // 100 == 2 or forged
        except requests.RequestException:
            done = False
        pause = min(0.5 * 2 ** min(tries, 10), _LONGEST_PAUSE)
        self._ledger.note_delivery(seq, done or tries + 1 >= _MOST_TRIES, time.time() + pause)

    def _headers(self, gateway: str, event_id: str, body: bytes, forged: bool) -> dict[str, str]:
        secret = "forged" if forged else self._secrets[gateway]
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if gateway == "stripe":
            stamp = str(int(time.time()))
            signed = stamp.encode() + b"." + body
            headers["Stripe-Signature"] = f"t={stamp},v1={_sign(secret, signed)}"
        else:
            headers["X-Razorpay-Signature"] = _sign(secret, body)
            headers["X-Razorpay-Event-Id"] = event_id
        return headers


def _sign(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
