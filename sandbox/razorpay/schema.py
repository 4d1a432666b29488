"""The documented fields of each call; anything else is refused.

Source: Razorpay's documentation of the Orders, Payments, Refunds and Disputes APIs, of capture
settings, and of the hosted checkout.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class Refused(Exception):
    """Razorpay's ``BAD_REQUEST_ERROR``."""

    def __init__(self, description: str, field: str = "", status: int = 400) -> None:
        super().__init__(description)
        self.description = description
        self.field = field
        self.status = status


ORDER = {
    "amount": int,
    "currency": str,
    "receipt": str,
    "notes": dict,
    "partial_payment": bool,
    "first_payment_min_amount": int,
    "payment": dict,
}
PAYMENT = {"capture": str, "capture_options": dict}
CAPTURE_OPTIONS = {"automatic_expiry_period": int, "manual_expiry_period": int, "refund_speed": str}
CAPTURE = {"amount": int, "currency": str}
REFUND = {"amount": int, "speed": str, "notes": dict, "receipt": str}
LIST = {"from", "to", "count", "skip"}
ORDER_LIST = LIST | {"receipt", "authorized", "expand[]"}
PAYMENT_LIST = LIST | {"expand[]"}
DISPUTE_LIST = LIST | {"expand[]"}
HOSTED = {
    "key_id", "order_id", "amount", "currency", "name", "description", "image", "method",
    "callback_url", "cancel_url", "prefill[name]", "prefill[email]", "prefill[contact]",
}  # fmt: skip


def check(given: Any, fields: Mapping[str, type], required: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body with known, well-typed fields only. Raises ``Refused``."""
    if not isinstance(given, dict):
        raise Refused("The request body is not a JSON object.")
    for name, value in given.items():
        if name not in fields:
            raise Refused(f"{name} is/are not required and should not be sent", name)
        if not isinstance(value, fields[name]) or (fields[name] is int and isinstance(value, bool)):
            raise Refused(f"The {name} must be of type {fields[name].__name__}.", name)
    for name in required:
        if name not in given:
            raise Refused(f"The {name} field is required.", name)
    _check_notes(given.get("notes", {}))
    if len(given.get("receipt", "")) > 40:
        raise Refused("The receipt may not be greater than 40 characters.", "receipt")
    return given


def _check_notes(notes: Mapping[str, Any]) -> None:
    if len(notes) > 15:
        raise Refused("The notes may not have more than 15 items.", "notes")
    if any(len(str(name)) > 256 or len(str(value)) > 256 for name, value in notes.items()):
        raise Refused("The notes may not be greater than 256 characters.", "notes")
