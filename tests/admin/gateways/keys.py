"""Keys of gateways by hand, for the tests of their settings."""

from __future__ import annotations

import pytest
from flask import Flask

from app.payments.gateways.switchboard import Switchboard
from app.payments.keys import FIELDS
from app.web.registry import service
from dev.stack import Stack
from tests.support.forms import filled_form
from tests.support.staff import Staff

PAGE = "/admin/settings/gateways"
GATEWAYS = pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
ELSEWHERE = {
    "stripe": {"secret_key": "sk_test_another0000", "webhook_secret": "whsec_another0000"},
    "razorpay": {
        "key_id": "rzp_test_another0",
        "key_secret": "anothersecret00",
        "webhook_secret": "anotherwebhook00",
    },
}


def own_keys(stack: Stack, gateway: str) -> dict[str, str]:
    """The keys that the sandbox knows."""
    return {name: stack.environment[f"{gateway}_{name}".upper()] for name in FIELDS[gateway]}


def enter(owner: Staff, gateway: str, keys: dict[str, str]) -> object:
    """Enter keys in the panel's form."""
    path = f"{PAGE}/{gateway}/keys"
    return owner.post(path, filled_form(owner.get(PAGE), path, **keys))


def replace(app: Flask, gateway: str, keys: dict[str, str]) -> None:
    """Put other keys in place, without asking the gateway."""
    ring = service(Switchboard, app).keyring
    ring.enter(gateway, keys, ring.read(gateway).version)
