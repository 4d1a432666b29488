"""Secrets for development: made once, kept in a private file."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path


def _new() -> dict[str, str]:
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "JWT_SECRET_KEY": secrets.token_urlsafe(48),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "RAZORPAY_KEY_ID": f"rzp_test_{secrets.token_hex(7)}",
        "RAZORPAY_KEY_SECRET": secrets.token_hex(12),
        "RAZORPAY_WEBHOOK_SECRET": secrets.token_hex(16),
    }


def development_keys(path: Path) -> dict[str, str]:
    """Read the secrets from ``path``, or make them there, readable by their owner alone."""
    try:
        known = json.loads(path.read_text())
    except (OSError, ValueError):
        known = {}
    keys = {**_new(), **{str(name): str(value) for name, value in known.items()}}
    if keys != known:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(keys, file, indent=1)
    return keys
