"""Razorpay's objects and how they move. Every function runs inside a ledger transaction."""

from __future__ import annotations

import json
import re
from typing import Any

from sandbox.currencies import razorpay_step
from sandbox.ledger import Ledger, Object, new_id, seconds
from sandbox.razorpay import schema
from sandbox.razorpay.schema import Refused
from sandbox.webhooks import Webhooks

_ACCOUNT = "acc_MossXSandbox01"
_MINIMUM = 100
_AUTHORISATION_LIFE = 5 * 24 * 3600


class RazorpayBooks:
    """Orders, payments and refunds of one account."""

    def __init__(self, ledger: Ledger, webhooks: Webhooks) -> None:
        self._ledger = ledger
        self._webhooks = webhooks
        self.refunds_begin_as = "processed"

    def emit(self, kind: str, **entities: Object) -> None:
        """Send an event about these entities."""
        payload = {name: {"entity": shown(entity)} for name, entity in entities.items()}
        event = {
            "entity": "event",
            "account_id": _ACCOUNT,
            "event": kind,
            "contains": list(payload),
            "payload": payload,
            "created_at": seconds(),
        }
        self._webhooks.queue("razorpay", kind, event)

    # --- orders -----------------------------------------------------------------------------

    def create_order(self, body: Any) -> Object:
        """Create an order. There is no idempotency: each call makes one more."""
        given = schema.check(body, schema.ORDER, ("amount", "currency"))
        if given["amount"] < _MINIMUM:
            raise Refused("Order amount less than minimum amount allowed", "amount")
        if len(given["currency"]) != 3 or not given["currency"].isupper():
            raise Refused("Currency is not supported", "currency")
        _check_step(given["amount"], given["currency"])
        payment = schema.check(given.get("payment", {}), schema.PAYMENT)
        options = schema.check(payment.get("capture_options", {}), schema.CAPTURE_OPTIONS)
        if payment and payment.get("capture") not in {"automatic", "manual"}:
            raise Refused("The capture must be automatic or manual.", "capture")
        if options.get("refund_speed", "normal") not in {"normal", "optimum"}:
            raise Refused("The refund_speed must be normal or optimum.", "refund_speed")
        order = {
            "id": new_id("order"),
            "entity": "order",
            "amount": given["amount"],
            "amount_paid": 0,
            "amount_due": given["amount"],
            "currency": given["currency"],
            "receipt": given.get("receipt"),
            "offer_id": None,
            "status": "created",
            "attempts": 0,
            "notes": given.get("notes") or [],
            "created_at": seconds(),
            "_capture": payment.get("capture", "automatic"),
            "_life": options.get("manual_expiry_period", _AUTHORISATION_LIFE // 60) * 60,
        }
        return self._ledger.put("razorpay.order", order, ref=order["receipt"] or "")

    def order(self, identity: str) -> Object:
        """The order."""
        order = self._ledger.get("razorpay.order", identity)
        if order is None:
            raise Refused("The id provided does not exist", "id")
        return order

    def orders(self, receipt: str | None = None) -> list[Object]:
        """Orders, newest first."""
        return self._ledger.find("razorpay.order", receipt)

    # --- payments -----------------------------------------------------------------------------

    def begin_payment(self, order: Object, details: dict[str, str]) -> Object:
        """A shopper chose how to pay."""
        payment = {
            "id": new_id("pay"),
            "entity": "payment",
            "amount": order["amount"],
            "currency": order["currency"],
            "status": "created",
            "order_id": order["id"],
            "invoice_id": None,
            "international": False,
            "method": details.get("method", "upi"),
            "amount_refunded": 0,
            "refund_status": None,
            "captured": False,
            "description": details.get("description"),
            "email": details.get("email"),
            "contact": details.get("contact"),
            "notes": details.get("notes") or order["notes"],
            "fee": None,
            "tax": None,
            "error_code": None,
            "error_description": None,
            "error_source": None,
            "error_step": None,
            "error_reason": None,
            "acquirer_data": {},
            "created_at": seconds(),
        }
        order["attempts"] += 1
        order["status"] = "attempted"
        self._ledger.put("razorpay.order", order)
        return self._ledger.put("razorpay.payment", payment, ref=order["id"])

    def fail(self, payment: Object, late_at: float | None = None) -> Object:
        """The payment failed; with ``late_at`` it will turn out authorised after all."""
        payment.update(
            status="failed",
            error_code="BAD_REQUEST_ERROR",
            error_description="Payment was not completed on time."
            if late_at
            else "Payment declined by the bank",
            error_source="bank",
            error_step="payment_authorization",
            error_reason="payment_timed_out" if late_at else "payment_failed",
        )
        if late_at:
            payment["_late_at"] = late_at
        self._ledger.put("razorpay.payment", payment)
        self.emit("payment.failed", payment=payment)
        return payment

    def authorise(self, payment: Object) -> Object:
        """The bank reserves the money; with automatic capture it is taken at once."""
        order = self.order(payment["order_id"])
        payment.update(status="authorized", error_code=None, error_description=None,
                       error_source=None, error_step=None, error_reason=None)  # fmt: skip
        payment.pop("_late_at", None)
        payment["_expires_at"] = seconds() + order["_life"]
        self._ledger.put("razorpay.payment", payment)
        self.emit("payment.authorized", payment=payment)
        if order["_capture"] == "automatic":
            return self._take(payment)
        return payment

    def payment(self, identity: str) -> Object:
        """The payment."""
        payment = self._ledger.get("razorpay.payment", identity)
        if payment is None:
            raise Refused("The id provided does not exist", "id")
        return payment

    def payments(self, order_id: str | None = None) -> list[Object]:
        """Payments, newest first."""
        return self._ledger.find("razorpay.payment", order_id)

    def capture(self, identity: str, body: Any) -> Object:
        """Take an authorised payment: the whole amount, in its currency, once."""
        given = schema.check(body, schema.CAPTURE, ("amount", "currency"))
        payment = self.payment(identity)
        if payment["captured"]:
            raise Refused("This payment has already been captured")
        if payment["status"] != "authorized":
            raise Refused(
                "Only payments which have been authorized and not yet captured can be captured"
            )
        if given["amount"] != payment["amount"]:
            raise Refused("Capture amount must be equal to the amount authorized", "amount")
        if given["currency"] != payment["currency"]:
            raise Refused("The currency of the capture must be that of the payment", "currency")
        return self._take(payment)

    def _take(self, payment: Object) -> Object:
        payment.update(status="captured", captured=True, fee=round(payment["amount"] * 0.02), tax=0)
        self._ledger.put("razorpay.payment", payment)
        order = self.order(payment["order_id"])
        order.update(status="paid", amount_paid=order["amount"], amount_due=0)
        self._ledger.put("razorpay.order", order)
        self.emit("payment.captured", payment=payment)
        self.emit("order.paid", payment=payment, order=order)
        return payment

    # --- refunds ------------------------------------------------------------------------------

    def create_refund(self, identity: str, body: Any, key: str | None = None) -> Object:
        """Give captured money back, never more than was captured.

        With a key ("Create a Normal Refund (Idempotent Request)") a repeat gets the same refund,
        and another body a 409.
        """
        given = schema.check(body or {}, schema.REFUND)
        if key is None:
            return self._create_refund(identity, given)
        if not re.fullmatch(r"[A-Za-z0-9_-]{10,}", key):
            raise Refused(
                "The idempotency key must be at least 10 characters long and must only contain "
                "alphanumeric characters, underscores, and hyphens"
            )
        fingerprint = json.dumps([identity, given], sort_keys=True)
        saved = self._ledger.saved_answer(f"razorpay:{key}")
        if saved is None:
            refund = self._create_refund(identity, given)
            self._ledger.save_answer(f"razorpay:{key}", fingerprint, 200, refund["id"])
            return refund
        if saved[0] != fingerprint:
            raise Refused(
                "Different request with the same idempotency key has already been processed.",
                status=409,
            )
        return self.refund(saved[2])

    def _create_refund(self, identity: str, given: dict[str, Any]) -> Object:
        payment = self.payment(identity)
        left = payment["amount"] - payment["amount_refunded"]
        if not payment["captured"]:
            raise Refused("The payment status should be captured for action to be taken")
        if left <= 0:
            raise Refused("The payment has been fully refunded already")
        amount = given.get("amount", left)
        if amount < _MINIMUM and amount != left:
            raise Refused("The amount must be at least INR 1.00", "amount")
        if amount > left:
            raise Refused("The refund amount provided is greater than amount captured", "amount")
        _check_step(amount, payment["currency"])
        return self._refund(payment, amount, given)

    def _refund(self, payment: Object, amount: int, given: dict[str, Any]) -> Object:
        refund = {
            "id": new_id("rfnd"),
            "entity": "refund",
            "amount": amount,
            "currency": payment["currency"],
            "payment_id": payment["id"],
            "notes": given.get("notes") or [],
            "receipt": given.get("receipt"),
            "acquirer_data": {"arn": None},
            "created_at": seconds(),
            "batch_id": None,
            "status": self.refunds_begin_as,
            "speed_processed": "normal",
            "speed_requested": given.get("speed", "normal"),
        }
        payment["amount_refunded"] += amount
        whole = payment["amount_refunded"] == payment["amount"]
        payment["refund_status"] = "full" if whole else "partial"
        if whole:
            payment["status"] = "refunded"
        self._ledger.put("razorpay.payment", payment)
        self._ledger.put("razorpay.refund", refund, ref=payment["id"])
        self.emit("refund.created", refund=refund, payment=payment)
        if refund["status"] == "processed":
            self.emit("refund.processed", refund=refund, payment=payment)
        return refund

    def end_refund(self, identity: str, *, good: bool) -> Object:
        """The bank's late word on a refund."""
        refund = self.refund(identity)
        payment = self.payment(refund["payment_id"])
        refund["status"] = "processed" if good else "failed"
        self._ledger.put("razorpay.refund", refund, ref=payment["id"])
        if not good:
            payment["amount_refunded"] -= refund["amount"]
            payment["refund_status"] = "partial" if payment["amount_refunded"] else None
            payment["status"] = "captured"
            self._ledger.put("razorpay.payment", payment)
        self.emit(f"refund.{refund['status']}", refund=refund, payment=payment)
        return refund

    def refund(self, identity: str) -> Object:
        """The refund."""
        refund = self._ledger.get("razorpay.refund", identity)
        if refund is None:
            raise Refused("The id provided does not exist", "id")
        return refund

    def refunds(self, payment_id: str | None = None) -> list[Object]:
        """Refunds, newest first."""
        return self._ledger.find("razorpay.refund", payment_id)

    # --- time -----------------------------------------------------------------------------------

    def tick(self, moment: float) -> None:
        """Authorise what authorises late, and give back authorisations nobody captured."""
        for payment in self.payments():
            if payment["status"] == "failed" and payment.get("_late_at", moment + 1) <= moment:
                self.authorise(payment)
            elif payment["status"] == "authorized" and payment["_expires_at"] <= moment:
                self.lapse(payment)

    def lapse(self, payment: Object) -> Object:
        """Nobody captured it in time: given back by a refund of a payment never captured."""
        if payment["status"] != "authorized":
            raise Refused("Only payments which have been authorized can lapse")
        self._refund(payment, payment["amount"], {})
        return payment


def _check_step(amount: int, currency: str) -> None:
    """Refuse a last digit that is not 0 of a currency with three decimals."""
    if amount % razorpay_step(currency):
        raise Refused("The amount must end in 0 for currencies with three decimals", "amount")


def shown(item: Object) -> Object:
    """The object as the API shows it, without the sandbox's own notes."""
    return {name: value for name, value in item.items() if not name.startswith("_")}
