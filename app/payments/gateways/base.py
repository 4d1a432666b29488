"""What the shop asks of a gateway, in the shop's own words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from app.payments.dispute_models import SeenDispute
from app.payments.models import Attempt, ListedPayment, Observation, SeenRefund, SessionState
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentRequest:
    """What is to be paid, by whom, and where the shopper goes afterwards (absolute URLs)."""

    attempt_id: str
    order_number: str
    receipt: str
    description: str
    amount: Money
    email: str
    name: str
    phone: str
    return_url: str
    cancel_url: str
    expires_at: int  # Unix seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenedSession:
    """The gateway's side of an attempt: its id, and the hosted page if it has an address."""

    id: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookHint:
    """A verified webhook: which attempt to look at again. Its claims are never believed."""

    event_id: str
    kind: str
    session_id: str
    attempt_id: str
    payment_id: str = ""
    dispute_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostedForm:
    """A form the shopper's browser posts to the gateway."""

    action: str
    fields: tuple[tuple[str, str], ...]


class Gateway(Protocol):
    """A payment gateway. Every method may raise ``GatewayRefused`` (final, not executed),
    ``GatewayUnreachable`` (not executed) or ``GatewayUnknown`` (read before anything else)."""

    name: str

    def minimum(self, currency: str) -> Money:
        """The least that it charges in a currency."""

    def build_request(self, request: PaymentRequest) -> dict[str, Any]:
        """The exact body of the call that opens a session, to be stored before it is sent."""

    def open(self, attempt: Attempt) -> OpenedSession:
        """Open the session for a stored attempt; repeating it returns the same session."""

    def observe(self, attempt: Attempt) -> Observation:
        """Read the session and its payments."""

    def close(self, attempt: Attempt) -> SessionState:
        """Make sure no new payment can begin, where the gateway can; the state it is in then."""

    def capture(self, payment_id: str, amount: Money, key: str) -> None:
        """Capture an authorised payment. A normal return says executed, and nothing more."""

    def void(self, payment_id: str, key: str) -> bool:
        """Release an authorisation; False where the gateway only lets it lapse by itself."""

    def refund(self, payment_id: str, amount: Money, key: str, reference: str = "") -> None:
        """Give captured money back. Repeating it with the same key refunds once; ``reference``
        (at most 200 characters) marks the refund in ``refunds``."""

    def refunds(self, payment_id: str) -> tuple[SeenRefund, ...]:
        """Read every refund of a payment."""

    def dispute(self, dispute_id: str) -> SeenDispute:
        """Read a dispute."""

    def recent_disputes(self, since: datetime) -> Iterator[SeenDispute]:
        """Every dispute that was opened from ``since`` on."""

    def recent(self, since: datetime) -> Iterator[ListedPayment]:
        """Every payment the gateway knows from ``since`` on, whoever made it."""

    def read_webhook(self, body: bytes, headers: Mapping[str, str]) -> WebhookHint:
        """Verify the raw body and find what it is about. Raises ``BadSignature``."""
