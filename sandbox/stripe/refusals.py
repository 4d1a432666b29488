"""How Stripe refuses a request."""

from __future__ import annotations

from sandbox.currencies import stripe_step


class Refused(Exception):
    """Stripe's ``invalid_request_error``."""

    def __init__(self, message: str, code: str = "", param: str = "", status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.param = param
        self.status = status


def check_step(amount: int, currency: str, param: str) -> None:
    """Refuse a last digit that the card networks do not take."""
    step = stripe_step(currency)
    if amount % step:
        code = "invalid_charge_amount_no_decimal_compatible" if step == 100 else "parameter_invalid"
        raise Refused(
            f"Invalid amount. Amounts in {currency.upper()} must be evenly divisible by {step}.",
            code,
            param,
        )
