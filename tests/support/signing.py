"""Webhooks as Stripe signs them."""

from __future__ import annotations

import hashlib
import hmac
import time


def stripe_headers(secret: str, body: bytes, age: int = 0) -> dict[str, str]:
    """The signature of a body that was sent ``age`` seconds ago."""
    stamp = int(time.time()) - age
    return {"Stripe-Signature": f"t={stamp},v1={sign(secret, f'{stamp}.'.encode() + body)}"}


def sign(secret: str, message: bytes) -> str:
    """The message's HMAC in hexadecimal."""
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
