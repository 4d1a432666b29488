"""Stripe: hosted Checkout Sessions with manual capture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar, cast

import stripe

from app.payments.dispute_models import DisputeState, SeenDispute
from app.payments.errors import (
    BadSignature,
    GatewayFaulted,
    GatewayKeyRefused,
    GatewayRefused,
    GatewayUnknown,
    GatewayUnreachable,
)
from app.payments.gateways.amounts import STRIPE
from app.payments.gateways.base import OpenedSession, PaymentRequest, WebhookHint
from app.payments.gateways.events import SENSELESS, event_in, named, said
from app.payments.models import (
    Attempt,
    ListedPayment,
    Observation,
    PaymentState,
    RefundState,
    SeenPayment,
    SeenRefund,
    SessionState,
)
from app.shared.money import Money

T = TypeVar("T")
TIMEOUT = 10.0  # seconds; the SDK's own default is 80
RETRIES = 2  # the SDK repeats with the same idempotency key

# Methods that can be authorised now and captured later (Stripe: "Place a hold on a payment
# method"); others would capture at once and escape the claim.
_HOLDABLE = ["card", "link", "amazon_pay", "cashapp", "klarna", "paypal", "revolut_pay"]

_INTENT_STATES = {
    "requires_payment_method": PaymentState.FAILED,  # not tried yet, or declined: nothing moves
    "requires_capture": PaymentState.AUTHORISED,
    "succeeded": PaymentState.CAPTURED,
    "canceled": PaymentState.VOIDED,
}
_REFUND_STATES = {
    "succeeded": RefundState.SUCCEEDED,
    "failed": RefundState.FAILED,
    "canceled": RefundState.FAILED,
}
_DISPUTE_STATES = {
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "warning_closed": DisputeState.CLOSED,
    "prevented": DisputeState.CLOSED,
}
_REFERENCE = "refund_id"
_SESSION_STATES = {
    "open": SessionState.OPEN,
    "complete": SessionState.COMPLETE,
    "expired": SessionState.EXPIRED,
}


class StripeGateway:
    """The Stripe account of the shop."""

    name = "stripe"

    def __init__(self, secret_key: str, webhook_secret: str, api_base: str) -> None:
        self._webhook_secret = webhook_secret
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": api_base},
            max_network_retries=RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
        )

    def minimum(self, currency: str) -> Money:
        """The documented minimum charge."""
        return STRIPE.minimum(currency)

    def build_request(self, request: PaymentRequest) -> dict[str, Any]:
        """The body of ``POST /v1/checkout/sessions``."""
        reference = {"attempt_id": request.attempt_id, "order_number": request.order_number}
        return {
            "mode": "payment",
            "client_reference_id": request.order_number,
            "customer_email": request.email,
            "success_url": f"{request.return_url}?session_id={{CHECKOUT_SESSION_ID}}",
            "cancel_url": request.cancel_url,
            "expires_at": request.expires_at,
            "allowed_payment_method_types": list(_HOLDABLE),
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": request.amount.currency.lower(),
                        "unit_amount": STRIPE.write(request.amount),
                        "product_data": {"name": request.description},
                    },
                }
            ],
            "metadata": reference,
            "payment_intent_data": {
                "capture_method": "manual",
                "description": request.description,
                "metadata": reference,
            },
        }

    def open(self, attempt: Attempt) -> OpenedSession:
        """Create the session with the stored body and key."""
        return _call(
            lambda: _opened(
                self._client.v1.checkout.sessions.create(
                    params=cast("Any", attempt.request),
                    options={"idempotency_key": attempt.idempotency_key},
                )
            )
        )

    def observe(self, attempt: Attempt) -> Observation:
        """Read the session together with its payment intent."""
        return _call(
            lambda: _observation(
                self._client.v1.checkout.sessions.retrieve(
                    attempt.session_id, params={"expand": ["payment_intent.latest_charge"]}
                )
            )
        )

    def close(self, attempt: Attempt) -> SessionState:
        """Expire the session, then read what it is: a shopper may have paid meanwhile.

        Under a key of the SDK's own each time: to expire twice harms nothing, and a 500 that Stripe
        has saved under a key of ours would be replayed for a day.
        """
        try:
            _call(lambda: self._client.v1.checkout.sessions.expire(attempt.session_id))
        except GatewayRefused:
            pass  # no longer open: the read below says what it is instead
        return self.observe(attempt).session

    def capture(self, payment_id: str, amount: Money, key: str) -> None:
        """Capture the whole authorised amount."""
        _call(
            lambda: self._client.v1.payment_intents.capture(
                payment_id,
                params={"amount_to_capture": STRIPE.write(amount)},
                options={"idempotency_key": key},
            )
        )

    def void(self, payment_id: str, key: str) -> bool:
        """Cancel the payment intent: the hold on the shopper's money ends at once."""
        _call(
            lambda: self._client.v1.payment_intents.cancel(
                payment_id, options={"idempotency_key": key}
            )
        )
        return True

    def refund(self, payment_id: str, amount: Money, key: str, reference: str = "") -> None:
        """Refund a captured payment intent."""
        params: Any = {"payment_intent": payment_id, "amount": STRIPE.write(amount)}
        if reference:
            params["metadata"] = {_REFERENCE: reference}
        _call(
            lambda: self._client.v1.refunds.create(params=params, options={"idempotency_key": key})
        )

    def refunds(self, payment_id: str) -> tuple[SeenRefund, ...]:
        """The refunds of a payment intent; an order never has a hundred."""
        params: Any = {"payment_intent": payment_id, "limit": 100}
        return _call(
            lambda: tuple(map(_seen_refund, self._client.v1.refunds.list(params=params).data))
        )

    def dispute(self, dispute_id: str) -> SeenDispute:
        """Read a dispute."""
        return _call(lambda: _seen_dispute(self._client.v1.disputes.retrieve(dispute_id)))

    def recent_disputes(self, since: datetime) -> Iterator[SeenDispute]:
        """The account's disputes, page by page."""
        params: Any = {"created": {"gte": int(since.timestamp())}, "limit": 100}
        while True:
            listed = _call(partial(self._client.v1.disputes.list, params=params))
            yield from _call(partial(_seen_disputes, listed))
            if not listed.has_more or not listed.data:
                return
            params = {**params, "starting_after": listed.data[-1].id}

    def recent(self, since: datetime) -> Iterator[ListedPayment]:
        """The account's payment intents, page by page."""
        last, more = "", True
        while more:
            payments, more = _call(partial(self._listed, since, last))
            yield from payments
            last = payments[-1].payment.id if payments else ""

    def _listed(self, since: datetime, last: str) -> tuple[list[ListedPayment], bool]:
        """A page of them, and whether there is another."""
        params: Any = {
            "created": {"gte": int(since.timestamp())},
            "limit": 100,
            "expand": ["data.latest_charge"],
        }
        if last:
            params["starting_after"] = last
        listed = self._client.v1.payment_intents.list(params=params)
        return list(map(_listed_payment, listed.data)), bool(listed.has_more and listed.data)

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        """Verify ``Stripe-Signature`` over the raw body (tolerance five minutes)."""
        signature = headers.get("Stripe-Signature", "")
        try:
            text = body.decode("utf-8")
            stripe.WebhookSignature.verify_header(
                text, signature, self._webhook_secret, stripe.Webhook.DEFAULT_TOLERANCE
            )
            event = event_in(body)
            entity = event["data"]["object"]
            is_session = entity.get("object") == "checkout.session"
            is_dispute = entity.get("object") == "dispute"
            return WebhookHint(
                event_id=named(event["id"]),
                kind=said(event["type"]),
                session_id=said(entity.get("id")) if is_session else "",
                attempt_id=said((entity.get("metadata") or {}).get("attempt_id")),
                # A refund's metadata are its own, so are a dispute's: they name the payment alone.
                payment_id=said(entity.get("payment_intent")),
                dispute_id=said(entity.get("id")) if is_dispute else "",
            )
        except (stripe.SignatureVerificationError, *SENSELESS) as error:
            raise BadSignature(type(error).__name__) from error


# These are called inside ``_call``: an answer that makes no sense is unknown, like a lost one.


def _opened(session: stripe.checkout.Session) -> OpenedSession:
    if not session.id or not session.url:
        raise GatewayUnknown("a session without id or address")
    return OpenedSession(id=session.id, url=session.url)


def _observation(session: stripe.checkout.Session) -> Observation:
    intent = session.payment_intent
    state = _SESSION_STATES.get(session.status or "")
    if state is None or isinstance(intent, str):
        raise GatewayUnknown("a session in an unknown state")
    return Observation(session=state, payments=(_seen(intent),) if intent else ())


def _listed_payment(intent: stripe.PaymentIntent) -> ListedPayment:
    metadata = cast("Any", intent.metadata.to_dict()) if intent.metadata else {}
    return ListedPayment(
        payment=_seen(intent), session_id=None, attempt_id=str(metadata.get("attempt_id", ""))
    )


def _seen(intent: stripe.PaymentIntent) -> SeenPayment:
    currency = intent.currency
    charge = intent.latest_charge
    refunded = charge.amount_refunded if isinstance(charge, stripe.Charge) else 0
    return SeenPayment(
        id=intent.id,
        state=_INTENT_STATES.get(intent.status, PaymentState.PENDING),
        amount=STRIPE.read(intent.amount, currency),
        captured=STRIPE.read(intent.amount_received, currency),
        refunded=STRIPE.read(refunded, currency),
    )


def _seen_refund(refund: stripe.Refund) -> SeenRefund:
    metadata = cast("Any", refund.metadata.to_dict()) if refund.metadata else {}
    return SeenRefund(
        id=refund.id,
        reference=str(metadata.get(_REFERENCE, "")),
        amount=STRIPE.read(refund.amount, refund.currency),
        state=_REFUND_STATES.get(refund.status or "", RefundState.PENDING),
    )


def _seen_dispute(dispute: stripe.Dispute) -> SeenDispute:
    due, intent = dispute.evidence_details.due_by, dispute.payment_intent
    return SeenDispute(
        id=dispute.id,
        payment_id=intent if isinstance(intent, str) else "",
        amount=STRIPE.read(dispute.amount, dispute.currency),
        reason=dispute.reason,
        state=_DISPUTE_STATES.get(dispute.status, DisputeState.OPEN),
        inquiry=dispute.status.startswith("warning_") or dispute.status == "prevented",
        respond_by=datetime.fromtimestamp(due, UTC) if due else None,
    )


def _seen_disputes(listed: stripe.ListObject[stripe.Dispute]) -> list[SeenDispute]:
    return list(map(_seen_dispute, listed.data))


def _call(work: Callable[[], T]) -> T:
    """Run an SDK call and sort its failures by what they prove."""
    try:
        return work()
    except stripe.APIConnectionError as error:
        # The SDK has used up its retries; a request may have been executed unseen.
        raise GatewayUnknown(str(error.user_message or error)) from error
    except stripe.IdempotencyError as error:
        raise GatewayFaulted("the idempotency key was used with another body") from error
    except stripe.RateLimitError as error:
        raise GatewayUnreachable("rate limited") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise GatewayKeyRefused("the gateway refused the key") from error
    except (stripe.InvalidRequestError, stripe.CardError) as error:
        raise GatewayRefused(str(error.user_message or error)) from error
    except stripe.StripeError as error:
        if error.http_status == 409:  # which the SDK has no error of its own for
            raise GatewayUnknown("a request with the same key is in flight") from error
        # With a JSON error of its own Stripe has spoken; an HTML page may come from in between.
        answered = isinstance(error.json_body, dict) and "error" in error.json_body
        kind = GatewayFaulted if answered else GatewayUnknown
        raise kind(type(error).__name__) from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise GatewayUnknown(f"odd reply: {type(error).__name__}") from error
