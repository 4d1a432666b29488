"""Webhooks about disputes, as the gateways shape and sign them."""

from __future__ import annotations

import json
from typing import Any

import requests
from flask import Flask

from tests.support.gateways import Sandbox
from tests.support.signing import sign, stripe_headers


class DisputeHooks:
    """Sends them to the shop."""

    def __init__(self, app: Flask, sandbox: Sandbox, environment: dict[str, str]) -> None:
        self._client = app.test_client()
        self._url = sandbox.url
        self._keys = environment
        self._count = 0

    def send(self, dispute_id: str, event: str = "updated", **changed: Any) -> None:
        """Tell of a dispute as the gateway shows it now, but for what is ``changed``."""
        self._count += 1
        dispute = {**self.read(dispute_id), **changed}
        if dispute_id.startswith("du_"):
            body = json.dumps(
                {
                    "id": f"evt_{dispute_id}_{self._count}",
                    "object": "event",
                    "type": f"charge.dispute.{event}",
                    "data": {"object": dispute},
                }
            ).encode()
            headers = stripe_headers(self._keys["STRIPE_WEBHOOK_SECRET"], body)
            path = "/webhooks/stripe"
        else:
            payment = self._razorpay(f"payments/{dispute['payment_id']}")
            body = json.dumps(
                {
                    "entity": "event",
                    "event": f"payment.dispute.{event}",
                    "contains": ["payment", "dispute"],
                    "payload": {"payment": {"entity": payment}, "dispute": {"entity": dispute}},
                    "created_at": self._count,
                }
            ).encode()
            headers = {"X-Razorpay-Signature": sign(self._keys["RAZORPAY_WEBHOOK_SECRET"], body)}
            path = "/webhooks/razorpay"
        answer = self._client.post(path, data=body, headers=headers)
        assert answer.status_code == 200, answer.text

    def read(self, dispute_id: str) -> dict[str, Any]:
        """The dispute as the gateway shows it."""
        if not dispute_id.startswith("du_"):
            return self._razorpay(f"disputes/{dispute_id}")
        answer = requests.get(
            f"{self._url}/v1/disputes/{dispute_id}",
            headers={"Authorization": f"Bearer {self._keys['STRIPE_SECRET_KEY']}"},
            timeout=5,
        )
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def _razorpay(self, path: str) -> dict[str, Any]:
        keys = (self._keys["RAZORPAY_KEY_ID"], self._keys["RAZORPAY_KEY_SECRET"])
        answer = requests.get(f"{self._url}/v1/{path}", auth=keys, timeout=5)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found
