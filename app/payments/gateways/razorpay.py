"""Razorpay: orders with manual capture, paid on the hosted checkout page.

Sources: Razorpay documentation, "Hosted integration", "Capture settings", "Orders API".
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import razorpay
import requests
from razorpay.errors import BadRequestError

from app.payments.dispute_models import DisputeState, SeenDispute
from app.payments.errors import (
    BadSignature,
    GatewayFaulted,
    GatewayKeyRefused,
    GatewayRefused,
    GatewayUnknown,
    GatewayUnreachable,
)
from app.payments.gateways.amounts import RAZORPAY
from app.payments.gateways.base import HostedForm, OpenedSession, PaymentRequest, WebhookHint
from app.payments.gateways.events import SENSELESS, event_in, said
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
TIMEOUT = (3.05, 10.0)  # seconds to connect, to read; the SDK has none of its own
_PAGE = 100
_MANUAL_EXPIRY = 7200  # minutes until an uncaptured authorisation is given back (five days)

_STATES = {
    "created": PaymentState.PENDING,
    "authorized": PaymentState.AUTHORISED,
    "captured": PaymentState.CAPTURED,
    "refunded": PaymentState.REFUNDED,
    "failed": PaymentState.FAILED,
}
_REFUND_STATES = {"processed": RefundState.SUCCEEDED, "failed": RefundState.FAILED}
_DISPUTE_STATES = {
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
    "closed": DisputeState.CLOSED,
}
_INQUIRIES = frozenset({"fraud", "retrieval"})  # phases in which the bank asks, and takes nothing
_REFERENCE = "refund_id"
# One error code stands for what is never carried out and for what only was not now, and the SDK
# tells nobody the status: these are told by it, whatever the words.
_BY_STATUS: Mapping[int, tuple[type[Exception], str]] = {
    401: (GatewayKeyRefused, "the gateway refused the key"),
    409: (GatewayUnknown, "a request with the same key is in flight"),
    429: (GatewayUnreachable, "rate limited"),
}
_BUSY = "another payment operation is in progress"
_OTHER_BODY = "Different request with the same idempotency key"


class RazorpayGateway:
    """The Razorpay account of the shop."""

    name = "razorpay"

    def __init__(self, key_id: str, key_secret: str, webhook_secret: str, api_base: str) -> None:
        self._key_id = key_id
        self._key_secret = key_secret
        self._webhook_secret = webhook_secret
        self._base = api_base
        self._client = razorpay.Client(auth=(key_id, key_secret), base_url=api_base)
        self._client.session.hooks["response"].append(_heed_status)

    def minimum(self, currency: str) -> Money:
        """The documented minimum charge."""
        return RAZORPAY.minimum(currency)

    def build_request(self, request: PaymentRequest) -> dict[str, Any]:
        """The body of ``POST /v1/orders``."""
        return {
            "amount": RAZORPAY.write(request.amount),
            "currency": request.amount.currency,
            "receipt": request.receipt,
            "notes": {"attempt_id": request.attempt_id, "order_number": request.order_number},
            "payment": {
                "capture": "manual",
                "capture_options": {
                    "manual_expiry_period": _MANUAL_EXPIRY,
                    "refund_speed": "optimum",
                },
            },
        }

    def open(self, attempt: Attempt) -> OpenedSession:
        """Create the gateway's order, or find the one that an earlier, lost answer was about.

        There is no idempotency key: the receipt is looked up first.
        """
        known = _call(lambda: self._client.order.all({"receipt": attempt.receipt}, timeout=TIMEOUT))
        for order in _items(known):
            if order.get("receipt") == attempt.receipt:
                return OpenedSession(id=_text(order, "id"), url="")
        created = _call(lambda: self._client.order.create(attempt.request, timeout=TIMEOUT))
        return OpenedSession(id=_text(created, "id"), url="")

    def observe(self, attempt: Attempt) -> Observation:
        """Read every payment of the order. An order stays payable until one succeeds; one that
        was given back uncaptured did not."""
        found = _call(lambda: self._client.order.payments(attempt.session_id, timeout=TIMEOUT))
        payments = tuple(_seen(item) for item in _items(found))
        complete = any(
            bool(payment.captured) or payment.state is PaymentState.AUTHORISED
            for payment in payments
        )
        return Observation(
            session=SessionState.COMPLETE if complete else SessionState.OPEN, payments=payments
        )

    def close(self, attempt: Attempt) -> SessionState:
        """Razorpay cannot close an order: say expired only if no payment of it is under way.

        One that is authorised later loses its claim and lapses by itself.
        """
        observed = self.observe(attempt)
        if observed.session is SessionState.COMPLETE:
            return SessionState.COMPLETE
        pending = any(payment.state is PaymentState.PENDING for payment in observed.payments)
        return SessionState.OPEN if pending else SessionState.EXPIRED

    def capture(self, payment_id: str, amount: Money, key: str) -> None:
        """Capture the authorised amount; the SDK drops the currency unless it is passed."""
        _call(
            lambda: self._client.payment.capture(
                payment_id, RAZORPAY.write(amount), {"currency": amount.currency}, timeout=TIMEOUT
            )
        )

    def void(self, payment_id: str, key: str) -> bool:
        """Razorpay has no void: an authorisation lapses and is given back by itself."""
        return False

    def refund(self, payment_id: str, amount: Money, key: str, reference: str = "") -> None:
        """Refund a captured payment ("Create a Normal Refund (Idempotent Request)").

        Their key must have ten characters or more of a narrow alphabet: a digest of ours has.
        """
        notes = {"notes": {_REFERENCE: reference}} if reference else {}
        digest = hashlib.sha256(key.encode()).hexdigest()
        _call(
            lambda: self._client.payment.refund(
                payment_id,
                {"amount": RAZORPAY.write(amount), **notes},
                headers={"X-Refund-Idempotency": digest},
                timeout=TIMEOUT,
            )
        )

    def refunds(self, payment_id: str) -> tuple[SeenRefund, ...]:
        """The refunds of a payment; an order never has a hundred."""
        found = _call(
            lambda: self._client.payment.fetch_multiple_refund(
                payment_id, {"count": _PAGE}, timeout=TIMEOUT
            )
        )
        return tuple(_seen_refund(item) for item in _items(found))

    def dispute(self, dispute_id: str) -> SeenDispute:
        """Read a dispute."""
        return _seen_dispute(_call(lambda: self._client.dispute.fetch(dispute_id, timeout=TIMEOUT)))

    def recent_disputes(self, since: datetime) -> Iterator[SeenDispute]:
        """The account's disputes, page by page."""
        skip = 0
        while items := self._disputes_from(since, skip):
            yield from map(_seen_dispute, items)
            skip += len(items)

    def _disputes_from(self, since: datetime, skip: int) -> list[Mapping[str, Any]]:
        query = {"from": int(since.timestamp()), "count": _PAGE, "skip": skip}
        return _items(_call(lambda: self._client.dispute.all(query, timeout=TIMEOUT)))

    def hosted_form(
        self, attempt: Attempt, request: Mapping[str, str], callback_url: str, cancel_url: str
    ) -> HostedForm:
        """The form that takes the shopper to the hosted checkout page.

        ``request`` holds ``name``, ``description`` and the shopper's ``customer``, ``email``,
        ``phone``.
        """
        return HostedForm(
            action=f"{self._base}/v1/checkout/embedded",
            fields=(
                ("key_id", self._key_id),
                ("order_id", attempt.session_id),
                ("amount", str(RAZORPAY.write(attempt.amount))),
                ("currency", attempt.amount.currency),
                ("name", request["name"]),
                ("description", request["description"]),
                ("prefill[name]", request["customer"]),
                ("prefill[email]", request["email"]),
                ("prefill[contact]", request["phone"]),
                ("notes[attempt_id]", attempt.id),
                ("callback_url", callback_url),
                ("cancel_url", cancel_url),
            ),
        )

    def verify_callback(self, session_id: str, payment_id: str, signature: str) -> None:
        """Check the callback's signature over our own order id. Raises ``BadSignature``."""
        message = f"{session_id}|{payment_id}".encode()
        expected = hmac.new(self._key_secret.encode(), message, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise BadSignature("callback")

    def recent(self, since: datetime) -> Iterator[ListedPayment]:
        """The account's payments, page by page."""
        skip = 0
        while items := self._listed(since, skip):
            for item in items:
                notes = item.get("notes")
                yield ListedPayment(
                    payment=_seen(item),
                    session_id=str(item.get("order_id") or ""),
                    attempt_id=str(notes.get("attempt_id", "")) if isinstance(notes, dict) else "",
                )
            skip += len(items)

    def _listed(self, since: datetime, skip: int) -> list[Mapping[str, Any]]:
        query = {"from": int(since.timestamp()), "count": _PAGE, "skip": skip}
        return _items(_call(lambda: self._client.payment.all(query, timeout=TIMEOUT)))

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        """Verify ``X-Razorpay-Signature`` over the raw body."""
        signature = headers.get("X-Razorpay-Signature", "")
        expected = hmac.new(self._webhook_secret.encode(), body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected.encode(), signature.encode()):
            raise BadSignature("webhook")
        try:
            event = event_in(body)
            entities = {name: part["entity"] for name, part in event["payload"].items()}
            payment, order = entities.get("payment") or {}, entities.get("order") or {}
            dispute = entities.get("dispute") or {}
            notes = payment.get("notes") or {}
            return WebhookHint(
                # The header is not covered by the signature: the body's digest counts as well.
                event_id=headers.get("X-Razorpay-Event-Id") or hashlib.sha256(body).hexdigest(),
                kind=said(event["event"]),
                session_id=said(payment.get("order_id") or order.get("id")),
                attempt_id=said(notes.get("attempt_id")) if isinstance(notes, dict) else "",
                payment_id=said(payment.get("id") or dispute.get("payment_id")),
                dispute_id=said(dispute.get("id")),
            )
        except SENSELESS as error:
            raise BadSignature(type(error).__name__) from error


def _seen(item: Mapping[str, Any]) -> SeenPayment:
    try:
        currency = str(item["currency"]).upper()
        amount, refunded = int(item["amount"]), int(item.get("amount_refunded") or 0)
        captured = amount if item.get("captured") else 0
        state = _STATES.get(str(item["status"]), PaymentState.PENDING)
        return SeenPayment(
            id=str(item["id"]),
            state=state,
            amount=RAZORPAY.read(amount, currency),
            captured=RAZORPAY.read(captured, currency),
            refunded=RAZORPAY.read(refunded, currency),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnknown("a payment without its fields") from error


def _seen_refund(item: Mapping[str, Any]) -> SeenRefund:
    notes = item.get("notes")
    try:
        return SeenRefund(
            id=str(item["id"]),
            reference=str(notes.get(_REFERENCE, "")) if isinstance(notes, dict) else "",
            amount=RAZORPAY.read(int(item["amount"]), str(item["currency"])),
            state=_REFUND_STATES.get(str(item["status"]), RefundState.PENDING),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise GatewayUnknown("a refund without its fields") from error


def _seen_dispute(item: Any) -> SeenDispute:
    try:
        status, due = str(item["status"]), item.get("respond_by")
        return SeenDispute(
            id=str(item["id"]),
            payment_id=str(item["payment_id"]),
            amount=RAZORPAY.read(int(item["amount"]), str(item["currency"])),
            reason=str(item.get("reason_code") or ""),
            state=_DISPUTE_STATES.get(status, DisputeState.OPEN),
            inquiry=str(item["phase"]) in _INQUIRIES,
            respond_by=datetime.fromtimestamp(int(due), UTC) if due else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise GatewayUnknown("a dispute without its fields") from error


def _items(answer: Any) -> list[Mapping[str, Any]]:
    items = answer.get("items") if isinstance(answer, dict) else None
    if not isinstance(items, list) or not all(isinstance(each, dict) for each in items):
        raise GatewayUnknown("a list without items")
    return items


def _text(answer: Any, field: str) -> str:
    value = answer.get(field) if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value:
        raise GatewayUnknown(f"an answer without {field}")
    return value


def _heed_status(answer: requests.Response, *_: Any, **__: Any) -> None:
    """Raise what an answer's status says, before the SDK reads its words."""
    told = _BY_STATUS.get(answer.status_code)
    if told is not None:
        if _OTHER_BODY in answer.text:
            raise GatewayFaulted("the idempotency key was used with another body")
        kind, why = told
        raise kind(why)


def _call(work: Callable[[], T]) -> T:
    """Run an SDK call and sort its failures by what they prove."""
    try:
        return work()
    except (GatewayUnknown, GatewayUnreachable):
        raise  # told by the status
    except BadRequestError as error:
        if _BUSY in str(error):  # "wait a few seconds and retry"; it may be our own request
            raise GatewayUnknown(str(error)) from error
        raise GatewayRefused(str(error)) from error
    except requests.exceptions.ConnectTimeout as error:
        raise GatewayUnreachable("no connection") from error
    except (requests.RequestException, razorpay.errors.GatewayError) as error:
        raise GatewayUnknown(type(error).__name__) from error
    except Exception as error:
        # ServerError, JSONDecodeError, TypeError …: the SDK raises what it trips over.
        raise GatewayUnknown(f"odd reply: {type(error).__name__}") from error
