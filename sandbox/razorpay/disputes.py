"""Razorpay's disputes: what a payer's bank takes back. Inside a ledger transaction."""

from __future__ import annotations

from sandbox.ledger import Ledger, Object, new_id, seconds
from sandbox.razorpay.objects import RazorpayBooks
from sandbox.razorpay.schema import Refused

_DAYS = 24 * 3600
_PROOFS = (
    "summary", "shipping_proof", "billing_proof", "cancellation_proof", "customer_communication",
    "proof_of_service", "explanation_letter", "refund_confirmation", "access_activity_log",
    "refund_cancellation_policy", "term_and_conditions", "others", "submitted_at",
)  # fmt: skip


class RazorpayDisputes:
    """Disputes of one account. The money is deducted when one is lost."""

    def __init__(self, books: RazorpayBooks, ledger: Ledger) -> None:
        self._books = books
        self._ledger = ledger

    def all(self) -> list[Object]:
        """Disputes, newest first."""
        return self._ledger.find("razorpay.dispute")

    def get(self, identity: str) -> Object:
        """The dispute."""
        dispute = self._ledger.get("razorpay.dispute", identity)
        if dispute is None:
            raise Refused("The id provided does not exist", "id")
        return dispute

    def open(self, payment_id: str, *, inquiry: bool, amount: int | None) -> Object:
        """A bank asks for information, or claims the money."""
        payment = self._books.payment(payment_id)
        if not payment["captured"]:
            raise Refused("Only captured payments can be disputed")
        dispute = {
            "id": new_id("disp"),
            "entity": "dispute",
            "payment_id": payment_id,
            "amount": amount or payment["amount"],
            "currency": payment["currency"],
            "amount_deducted": 0,
            "reason_code": "goods_or_services_not_received_or_partially_received",
            "reason_description": "Goods or services not received",
            "respond_by": seconds() + 9 * _DAYS,
            "status": "open",
            "phase": "retrieval" if inquiry else "chargeback",
            "created_at": seconds(),
            "evidence": {"amount": amount or payment["amount"], **dict.fromkeys(_PROOFS)},
        }
        return self._move(dispute, "created")

    def move(self, identity: str, outcome: str) -> Object:
        """An inquiry becomes a chargeback, or it comes to its end."""
        dispute = self.get(identity)
        if dispute["status"] in {"won", "lost", "closed"}:
            raise Refused(f"This dispute is {dispute['status']}")
        if outcome == "escalated":
            dispute["phase"] = "chargeback"
            return self._move(dispute, "action_required")
        dispute["status"] = outcome
        dispute["amount_deducted"] = dispute["amount"] if outcome == "lost" else 0
        return self._move(dispute, outcome)

    def _move(self, dispute: Object, event: str) -> Object:
        self._ledger.put("razorpay.dispute", dispute, ref=dispute["payment_id"])
        payment = self._books.payment(dispute["payment_id"])
        self._books.emit(f"payment.dispute.{event}", payment=payment, dispute=dispute)
        return dispute
