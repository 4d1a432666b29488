"""Stripe's objects and how they move. Every function runs inside a ledger transaction."""

from __future__ import annotations

from typing import Any

import stripe

from sandbox.ledger import Ledger, Object, new_id, seconds
from sandbox.stripe.refusals import Refused, check_step
from sandbox.stripe.terms import session_terms
from sandbox.webhooks import Webhooks


class StripeBooks:
    """Sessions, payment intents, charges, refunds and events of one account."""

    def __init__(self, ledger: Ledger, webhooks: Webhooks, base: str) -> None:
        self._ledger = ledger
        self._webhooks = webhooks
        self._base = base
        self.refunds_begin_as = "succeeded"

    # --- events ---------------------------------------------------------------------------

    def emit(self, kind: str, item: Object) -> None:
        """Note an event, and send it."""
        event = {
            "id": new_id("evt", 24),
            "object": "event",
            "api_version": stripe.api_version,
            "created": seconds(),
            "data": {"object": item},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        self._ledger.put("stripe.event", event)
        self._webhooks.queue("stripe", kind, event)

    # --- sessions -------------------------------------------------------------------------

    def create_session(self, params: dict[str, Any]) -> Object:
        """Open a hosted payment page."""
        created = seconds()
        terms = session_terms(params, created)
        identity = new_id("cs_test", 40)
        intent = params.get("payment_intent_data") or {}
        session = {
            "id": identity,
            "object": "checkout.session",
            "amount_subtotal": terms.total,
            "amount_total": terms.total,
            "cancel_url": params.get("cancel_url"),
            "client_reference_id": params.get("client_reference_id"),
            "created": created,
            "currency": terms.currency,
            "customer": None,
            "customer_email": params.get("customer_email"),
            "customer_details": None,
            "expires_at": terms.expires_at,
            "livemode": False,
            "metadata": params.get("metadata") or {},
            "mode": "payment",
            "payment_intent": None,
            "payment_status": "unpaid",
            "status": "open",
            "success_url": params["success_url"],
            "ui_mode": "hosted_page",
            "url": f"{self._base}/c/pay/{identity}",
            "_lines": terms.lines,
            "_intent": intent,
        }
        return self._ledger.put("stripe.session", session)

    def session(self, identity: str) -> Object:
        """The session, expired if its time has come."""
        session = self._ledger.get("stripe.session", identity)
        if session is None:
            raise Refused(f"No such checkout.session: {identity}", "resource_missing", "id", 404)
        if session["status"] == "open" and session["expires_at"] <= seconds():
            return self._expire(session)
        return session

    def expire_session(self, identity: str) -> Object:
        """Close an open session."""
        session = self.session(identity)
        if session["status"] != "open":
            raise Refused(
                f"Only open Checkout Sessions can be expired. This one is {session['status']}."
            )
        return self._expire(session)

    def _expire(self, session: Object) -> Object:
        session["status"], session["url"] = "expired", None
        self._ledger.put("stripe.session", session)
        self.emit("checkout.session.expired", shown(session))
        return session

    def sessions(self) -> list[Object]:
        """All sessions, newest first."""
        return self._ledger.find("stripe.session")

    # --- paying on the hosted page ----------------------------------------------------------

    def begin_payment(self, session: Object, email: str) -> Object:
        """The payment intent of a session that is being paid."""
        identity = session["payment_intent"]
        if identity:
            return self.intent(identity)
        given = session["_intent"]
        intent = {
            "id": new_id("pi", 24),
            "object": "payment_intent",
            "amount": session["amount_total"],
            "amount_capturable": 0,
            "amount_received": 0,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": given.get("capture_method", "automatic"),
            "created": seconds(),
            "currency": session["currency"],
            "customer": None,
            "description": given.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": given.get("metadata") or {},
            "payment_method_types": ["card"],
            "receipt_email": email or session["customer_email"],
            "status": "requires_payment_method",
        }
        session["payment_intent"] = intent["id"]
        self._ledger.put("stripe.session", session)
        return self._ledger.put("stripe.intent", intent, ref=session["id"])

    def decline(self, intent: Object) -> None:
        """The bank says no."""
        intent["status"] = "requires_payment_method"
        intent["last_payment_error"] = {
            "type": "card_error",
            "code": "card_declined",
            "message": "Your card was declined.",
        }
        self._ledger.put("stripe.intent", intent)
        self.emit("payment_intent.payment_failed", intent)

    def challenge(self, intent: Object) -> None:
        """The bank wants 3-D Secure."""
        intent["status"] = "requires_action"
        self._ledger.put("stripe.intent", intent)
        self.emit("payment_intent.requires_action", intent)

    def authorise(self, session: Object, intent: Object) -> None:
        """The bank says yes: money is held, or taken at once with automatic capture."""
        manual = intent["capture_method"] == "manual"
        charge = {
            "id": new_id("ch", 24),
            "object": "charge",
            "amount": intent["amount"],
            "amount_captured": 0 if manual else intent["amount"],
            "amount_refunded": 0,
            "captured": not manual,
            "created": seconds(),
            "currency": intent["currency"],
            "metadata": intent["metadata"],
            "paid": True,
            "payment_intent": intent["id"],
            "refunded": False,
            "status": "succeeded",
        }
        self._ledger.put("stripe.charge", charge, ref=intent["id"])
        intent.update(
            status="requires_capture" if manual else "succeeded",
            amount_capturable=intent["amount"] if manual else 0,
            amount_received=0 if manual else intent["amount"],
            latest_charge=charge["id"],
            last_payment_error=None,
        )
        self._ledger.put("stripe.intent", intent)
        session.update(status="complete", url=None, payment_status="unpaid" if manual else "paid")
        self._ledger.put("stripe.session", session)
        kind = "amount_capturable_updated" if manual else "succeeded"
        self.emit(f"payment_intent.{kind}", intent)
        self.emit("checkout.session.completed", shown(session))

    # --- intents --------------------------------------------------------------------------

    def intent(self, identity: str) -> Object:
        """The payment intent."""
        intent = self._ledger.get("stripe.intent", identity)
        if intent is None:
            raise Refused(f"No such payment_intent: {identity}", "resource_missing", "intent", 404)
        return intent

    def intents(self) -> list[Object]:
        """All intents, newest first."""
        return self._ledger.find("stripe.intent")

    def capture(self, identity: str, params: dict[str, Any]) -> Object:
        """Take the held money, once; what is not captured is released."""
        intent = self.intent(identity)
        if intent["status"] != "requires_capture":
            raise Refused(
                f"This PaymentIntent has a status of {intent['status']} and could not be captured.",
                "payment_intent_unexpected_state",
            )
        amount = params.get("amount_to_capture", intent["amount_capturable"])
        if not 0 < amount <= intent["amount_capturable"]:
            raise Refused(
                "amount_to_capture is more than can be captured.",
                "amount_too_large",
                "amount_to_capture",
            )
        check_step(amount, intent["currency"], "amount_to_capture")
        charge = self.charge(intent["latest_charge"])
        charge.update(captured=True, amount_captured=amount, amount_refunded=0)
        self._ledger.put("stripe.charge", charge)
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        self._ledger.put("stripe.intent", intent)
        self.emit("payment_intent.succeeded", intent)
        self.emit("charge.captured", charge)
        return intent

    def cancel(self, identity: str, params: dict[str, Any]) -> Object:
        """Release the held money."""
        intent = self.intent(identity)
        if intent["status"] in {"succeeded", "canceled"}:
            raise Refused(
                f"This PaymentIntent has a status of {intent['status']} and cannot be canceled.",
                "payment_intent_unexpected_state",
            )
        intent.update(
            status="canceled",
            amount_capturable=0,
            canceled_at=seconds(),
            cancellation_reason=params.get("cancellation_reason"),
        )
        self._ledger.put("stripe.intent", intent)
        self.emit("payment_intent.canceled", intent)
        return intent

    def charge(self, identity: str) -> Object:
        """The charge."""
        charge = self._ledger.get("stripe.charge", identity)
        if charge is None:
            raise Refused(f"No such charge: {identity}", "resource_missing", "id", 404)
        return charge

    def charges(self, intent: str | None = None) -> list[Object]:
        """Charges, newest first."""
        return self._ledger.find("stripe.charge", intent)

    # --- refunds --------------------------------------------------------------------------

    def create_refund(self, params: dict[str, Any]) -> Object:
        """Give captured money back, never more than was captured."""
        if params.get("payment_intent"):
            charge = self.charge(self.intent(params["payment_intent"])["latest_charge"] or "")
        else:
            charge = self.charge(params.get("charge", ""))
        left = charge["amount_captured"] - charge["amount_refunded"]
        if not charge["captured"] or left <= 0:
            raise Refused("This charge has nothing left to refund.", "charge_already_refunded")
        amount = params.get("amount", left)
        if amount > left - self._disputed(charge):
            raise Refused(
                "The charge has been charged back; it cannot be refunded.", "charge_disputed"
            )
        if not 0 < amount <= left:
            raise Refused(
                f"Refund amount is greater than unrefunded amount on charge ({left}).",
                "amount_too_large",
                "amount",
            )
        check_step(amount, charge["currency"], "amount")
        refund = {
            "id": new_id("re", 24),
            "object": "refund",
            "amount": amount,
            "charge": charge["id"],
            "created": seconds(),
            "currency": charge["currency"],
            "metadata": params.get("metadata") or {},
            "payment_intent": charge["payment_intent"],
            "reason": params.get("reason"),
            "status": self.refunds_begin_as,
        }
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
        self._ledger.put("stripe.charge", charge)
        self._ledger.put("stripe.refund", refund, ref=charge["payment_intent"])
        self.emit("refund.created", refund)
        self.emit("charge.refunded", charge)
        return refund

    def _disputed(self, charge: Object) -> int:
        """What of a charge its card holder's bank has taken, or is taking, back."""
        found = self._ledger.find("stripe.dispute", charge["payment_intent"])
        return sum(
            each["amount"]
            for each in found
            if not each["is_charge_refundable"] and each["status"] != "won"
        )

    def end_refund(self, identity: str, *, good: bool) -> Object:
        """The bank's late word: a pending refund succeeds, or one comes back."""
        refund = self.refund(identity)
        refund["status"] = "succeeded" if good else "failed"
        self._ledger.put("stripe.refund", refund, ref=refund["payment_intent"])
        if not good:
            charge = self.charge(refund["charge"])
            charge["amount_refunded"] -= refund["amount"]
            charge["refunded"] = False
            self._ledger.put("stripe.charge", charge)
        self.emit("refund.updated" if good else "refund.failed", refund)
        return refund

    def refund(self, identity: str) -> Object:
        """The refund."""
        refund = self._ledger.get("stripe.refund", identity)
        if refund is None:
            raise Refused(f"No such refund: {identity}", "resource_missing", "id", 404)
        return refund

    def refunds(self, intent: str | None = None) -> list[Object]:
        """Refunds, newest first."""
        return self._ledger.find("stripe.refund", intent)

    def events(self) -> list[Object]:
        """Events, newest first."""
        return self._ledger.find("stripe.event")

    def event(self, identity: str) -> Object:
        """The event."""
        event = self._ledger.get("stripe.event", identity)
        if event is None:
            raise Refused(f"No such event: {identity}", "resource_missing", "id", 404)
        return event


def shown(item: Object) -> Object:
    """The object as the API shows it, without the sandbox's own notes."""
    return {name: value for name, value in item.items() if not name.startswith("_")}
