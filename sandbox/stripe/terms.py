"""What Stripe checks of a new session: what is paid for, how much, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.currencies import stripe_minimum
from sandbox.stripe.refusals import Refused, check_step

_HALF_HOUR, _DAY = 30 * 60, 24 * 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """``total`` in minor units of ``currency``; ``expires_at`` in seconds since 1970."""

    lines: list[dict[str, Any]]
    total: int
    currency: str
    expires_at: int


def session_terms(params: dict[str, Any], created: int) -> Terms:
    """The terms of a session that is created at this second. Raises ``Refused``."""
    if params.get("mode") != "payment":
        raise Refused("This sandbox supports mode=payment only.", "parameter_invalid", "mode")
    if not params.get("success_url"):
        raise Refused("Missing required param: success_url.", "parameter_missing", "success_url")
    lines = [_line(each) for each in params.get("line_items") or []]
    currencies = {line["currency"] for line in lines}
    total = sum(line["amount_total"] for line in lines)
    if len(currencies) != 1:
        raise Refused("All line items must have the same currency.", "parameter_invalid")
    (currency,) = currencies
    if total < stripe_minimum(currency):
        raise Refused(
            f"The Checkout Session's total amount due must add up to at least "
            f"{stripe_minimum(currency)} {currency}.",
            "amount_too_small",
        )
    check_step(total, currency, "line_items[0][price_data][unit_amount]")
    expires_at = params.get("expires_at", created + _DAY)
    if not _HALF_HOUR <= expires_at - created <= _DAY:
        raise Refused(
            "expires_at must be between 30 minutes and 24 hours from now.",
            "parameter_invalid",
            "expires_at",
        )
    return Terms(lines=lines, total=total, currency=currency, expires_at=expires_at)


def _line(given: dict[str, Any]) -> dict[str, Any]:
    price = given.get("price_data")
    if not price or "unit_amount" not in price or "currency" not in price:
        raise Refused(
            "Each line item needs price_data with currency and unit_amount.",
            "parameter_missing",
            "line_items[0][price_data]",
        )
    name = (price.get("product_data") or {}).get("name")
    if not name:
        raise Refused(
            "Missing required param: product_data[name].",
            "parameter_missing",
            "line_items[0][price_data][product_data][name]",
        )
    quantity = given.get("quantity", 1)
    if price["unit_amount"] < 0 or quantity < 1:
        raise Refused(
            "Invalid amount or quantity.",
            "parameter_invalid_integer",
            "line_items[0][quantity]",
        )
    currency = price["currency"].lower()
    return {
        "name": name,
        "quantity": quantity,
        "currency": currency,
        "amount_total": price["unit_amount"] * quantity,
    }
