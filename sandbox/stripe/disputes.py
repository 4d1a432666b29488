"""Stripe's disputes: what a card holder's bank takes back. Inside a ledger transaction."""

from __future__ import annotations

from sandbox.ledger import Ledger, Object, new_id, seconds
from sandbox.stripe.objects import StripeBooks
from sandbox.stripe.refusals import Refused

_DAYS = 24 * 3600
_OVER = frozenset({"won", "lost", "warning_closed"})


class StripeDisputes:
    """Disputes of one account; an inquiry is one whose status begins with ``warning_``."""

    def __init__(self, books: StripeBooks, ledger: Ledger) -> None:
        self._books = books
        self._ledger = ledger

    def all(self, intent: str | None = None) -> list[Object]:
        """Disputes, newest first."""
        return self._ledger.find("stripe.dispute", intent)

    def get(self, identity: str) -> Object:
        """The dispute."""
        dispute = self._ledger.get("stripe.dispute", identity)
        if dispute is None:
            raise Refused(f"No such dispute: {identity}", "resource_missing", "dispute", 404)
        return dispute

    def open(self, intent_id: str, *, inquiry: bool, amount: int | None) -> Object:
        """A bank asks, or takes the money back at once."""
        charge = self._books.charge(self._books.intent(intent_id)["latest_charge"] or "")
        if not charge["captured"]:
            raise Refused("Nothing was taken by this charge.")
        dispute = {
            "id": new_id("du", 24),
            "object": "dispute",
            "amount": amount or charge["amount_captured"],
            "balance_transactions": [],
            "charge": charge["id"],
            "created": seconds(),
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {},
            "evidence_details": {
                "due_by": seconds() + 9 * _DAYS,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
                "submission_method": "not_submitted",
            },
            "is_charge_refundable": inquiry,
            "livemode": False,
            "metadata": {},
            "network_reason_code": "10.4",
            "payment_intent": intent_id,
            "reason": "fraudulent",
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
        self._put(dispute)
        self._books.emit("charge.dispute.created", dispute)
        if not inquiry:
            self._books.emit("charge.dispute.funds_withdrawn", dispute)
        return dispute

    def move(self, identity: str, outcome: str) -> Object:
        """An inquiry becomes a chargeback, or it comes to its end."""
        dispute = self.get(identity)
        if dispute["status"] in _OVER:
            raise Refused(f"This dispute is {dispute['status']}.")
        if outcome == "escalated":
            dispute |= {"status": "needs_response", "is_charge_refundable": False}
            self._put(dispute)
            self._books.emit("charge.dispute.updated", dispute)
            self._books.emit("charge.dispute.funds_withdrawn", dispute)
            return dispute
        dispute["status"] = "warning_closed" if outcome == "closed" else outcome
        self._put(dispute)
        self._books.emit("charge.dispute.closed", dispute)
        if outcome == "won":
            self._books.emit("charge.dispute.funds_reinstated", dispute)
        return dispute

    def _put(self, dispute: Object) -> None:
        self._ledger.put("stripe.dispute", dispute, ref=dispute["payment_intent"])
