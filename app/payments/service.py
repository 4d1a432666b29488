"""Attempts at gateways, and the one capture of an order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog

from app.db.database import Database, Session, after_commit
from app.payments.errors import (
    AmountTooSmall,
    GatewayKeyRefused,
    GatewayRefused,
    GatewayUnknown,
    GatewayUnreachable,
)
from app.payments.gateways.base import Gateway, HostedForm, PaymentRequest
from app.payments.gateways.razorpay import RazorpayGateway
from app.payments.gateways.switchboard import Switchboard
from app.payments.models import (
    Attempt,
    AttemptState,
    Authorisation,
    AuthorisationState,
    Capture,
    CaptureState,
    ListedPayment,
    Observation,
    PaymentState,
    SeenPayment,
    SessionState,
)
from app.payments.repository import PaymentRepository
from app.shared import tracing
from app.shared.clock import now
from app.shared.errors import Conflict, NotFound
from app.shared.ids import AttemptId, OrderId, new_id
from app.shared.meters import ATTEMPTS
from app.shared.money import Money
from app.shared.texts import Text

_SEND_LEASE = timedelta(seconds=30)
_MOST_LISTED = 1_000
_log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """Whom the hosted page greets."""

    name: str
    email: str
    phone: str


class PaymentService:
    """What the shop knows and does at its gateways. Never calls one inside a transaction."""

    def __init__(self, database: Database, gateways: Switchboard, base_url: str) -> None:
        self._gateways = gateways
        self._base_url = base_url
        self._payments = PaymentRepository(database)

    def offered(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The gateways of a market's list that can be used now, in its order."""
        return self._gateways.offered(wanted)

    def takes(self, gateway: str, amount: Money) -> bool:
        """Whether the amount is not below the gateway's minimum."""
        return not amount < self.minimum(gateway, amount)

    def minimum(self, gateway: str, amount: Money) -> Money:
        """The least that the gateway takes in the currency of ``amount``."""
        return self._gateways.get(gateway).minimum(amount.currency)

    def least(self, gateways: Iterable[str], currency: str) -> Money:
        """The least that every one of these gateways takes, as far as they are offered."""
        offered = self.offered(tuple(gateways))
        minimums = [self._gateways.get(each).minimum(currency).minor for each in offered]
        return Money(max(minimums, default=0), currency)

    def check_amount(self, gateway: str, amount: Money) -> None:
        """Raise ``AmountTooSmall`` for less than the gateway takes."""
        if not self.takes(gateway, amount):
            raise AmountTooSmall(self.minimum(gateway, amount))

    # --- attempts -----------------------------------------------------------------------

    def prepare(
        self,
        *,
        order_id: OrderId,
        order_number: str,
        access_token: str,
        gateway: str,
        request: PaymentRequest,
        cart_version: int,
    ) -> Attempt:
        """Build an attempt with its exact request body and key, not stored yet."""
        return Attempt(
            id=AttemptId(request.attempt_id),
            order_id=order_id,
            order_number=order_number,
            access_token=access_token,
            gateway=gateway,
            state=AttemptState.CREATED,
            amount=request.amount,
            cart_version=cart_version,
            receipt=request.receipt,
            idempotency_key=str(uuid4()),
            request=self._gateways.get(gateway).build_request(request),
            keys=self._gateways.keys_of(gateway),
            trace=tracing.carried(),
            session_id="",
            session_url="",
            created_at=now(),
            updated_at=now(),
        )

    def store(self, attempt: Attempt, session: Session) -> None:
        """Store the intent. Raises ``DuplicateKeyError`` while the order has an open attempt."""
        self._payments.insert_attempt(attempt, session)
        _count(attempt, AttemptState.CREATED)

    def get(self, attempt_id: AttemptId) -> Attempt:
        """The attempt. Raises ``NotFound``."""
        attempt = self._payments.find_attempt(attempt_id)
        if attempt is None:
            raise NotFound(Text("This payment does not exist."))
        return attempt

    def find_by_session(self, gateway: str, session_id: str) -> Attempt | None:
        """The attempt behind a gateway's session id, or None."""
        return self._payments.find_by_session(gateway, session_id) if session_id else None

    def find_by_payment(self, gateway: str, payment_id: str) -> Attempt | None:
        """The attempt that a gateway's payment was seen for, or None."""
        return self._payments.find_attempt_of_payment(gateway, payment_id) if payment_id else None

    def find_open(self, order_id: OrderId) -> Attempt | None:
        """The order's open attempt, or None."""
        return self._payments.find_open_attempt(order_id)

    def attempts_of(self, order_id: OrderId, session: Session | None = None) -> list[Attempt]:
        """Every attempt of an order, oldest first."""
        return self._payments.attempts_of(order_id, session)

    def uncounted(self, limit: int) -> list[tuple[AttemptId, OrderId, int]]:
        """Attempts that moved, or had a payment that did, since they were counted; each with its
        order and a number for ``note_counted``."""
        return self._payments.uncounted(limit)

    def note_counted(self, attempt_id: AttemptId, moves: int) -> None:
        """Note that an attempt was counted as ``uncounted`` showed it."""
        self._payments.note_counted(attempt_id, moves)

    def authorisations_of(
        self, order_id: OrderId, session: Session | None = None
    ) -> list[Authorisation]:
        """Every payment that gateways showed for an order."""
        return self._payments.authorisations_of(order_id, session)

    def unfinished_claims(self) -> list[Capture]:
        """Claims whose end no gateway has shown yet, however young."""
        return self._payments.unfinished_captures(timedelta(0), _MOST_LISTED)

    def open_attempts(self) -> list[Attempt]:
        """Attempts that are not at their end, in no particular order."""
        return self._payments.open_attempts(_MOST_LISTED)

    def open(self, attempt: Attempt) -> Attempt:
        """Open the hosted page of a stored attempt; safe to repeat with the stored body and key.

        Raises ``GatewayUnreachable`` or ``GatewayUnknown`` if the attempt must wait, and
        ``GatewayRefused`` once it has failed for good.
        """
        if attempt.state is not AttemptState.CREATED:
            return attempt
        self._payments.touch(attempt.id)
        try:
            opened = self._reach(attempt).open(attempt)
        except GatewayRefused as refusal:
            _log.error("gateway_refused_session", attempt=attempt.id, reason=str(refusal))
            self._move(attempt, AttemptState.FAILED, failure=str(refusal)[:300])
            raise
        self._move(attempt, AttemptState.OPEN, session_id=opened.id, session_url=opened.url)
        return self.get(attempt.id)

    def observe(self, attempt: Attempt) -> Observation:
        """Ask the gateway what became of an attempt. Raises as ``Gateway`` does."""
        self._payments.touch(attempt.id)
        return self._reach(attempt).observe(attempt)

    def close(self, attempt: Attempt) -> SessionState:
        """Try to make the attempt unpayable; the state tells whether that worked."""
        if not attempt.session_id:
            attempt = self.open(attempt)
        return self._reach(attempt).close(attempt)

    def end(
        self,
        attempt: Attempt,
        state: AttemptState,
        session: Session | None = None,
        *,
        only_from: AttemptState | None = None,
    ) -> bool:
        """Move an attempt forward to ``state``; False if that is not possible (any more)."""
        return self._move(attempt, state, session, only_from=only_from)

    def _move(
        self, attempt: Attempt, state: AttemptState, session: Session | None = None, **more: Any
    ) -> bool:
        moved = self._payments.move_attempt(attempt.id, state, session, **more)
        if moved:
            _count(attempt, state)
        return moved

    def _reach(self, attempt: Attempt) -> Gateway:
        return self._gateways.reach(attempt.gateway, attempt.keys)

    def out_of_reach(self) -> list[Attempt]:
        """Unfinished attempts that were begun with keys the shop does not have any more: only their
        gateway's own pages tell what became of them."""
        return [
            each for each in self._unfinished() if not self._gateways.knows(each.gateway, each.keys)
        ]

    def begun_with(self, gateway: str, keys: str) -> list[Attempt]:
        """Unfinished attempts that were begun with these keys."""
        return [each for each in self._unfinished() if (each.gateway, each.keys) == (gateway, keys)]

    def _unfinished(self) -> list[Attempt]:
        """Attempts that are open, or whose money is to be given back."""
        returning = [self.get(each) for each in self.unfinished_returns(_MOST_LISTED)]
        open_ones = self._payments.open_attempts(_MOST_LISTED)
        return list({each.id: each for each in (*open_ones, *returning)}.values())

    def stale(self, older_than: timedelta, limit: int = 50) -> list[Attempt]:
        """Open attempts that nobody looked at for this long."""
        return self._payments.stale_attempts(older_than, limit)

    # --- authorisations and the capture ---------------------------------------------------

    def record(
        self,
        attempt: Attempt,
        payment: SeenPayment,
        state: AuthorisationState,
        *,
        reason: str = "",
        session: Session | None = None,
    ) -> bool:
        """Remember a payment, what the shop made of it, and why; False if that is no change."""
        return self._payments.record_authorisation(attempt, payment, state, reason, session)

    def reason_of(self, attempt: Attempt, payment: SeenPayment) -> Text:
        """Why a payment is what it is, as recorded."""
        return self._payments.authorisation_reason(attempt.gateway, payment.id)

    def unfinished_returns(self, limit: int = 50) -> list[AttemptId]:
        """Attempts with a payment whose giving back was begun and not finished."""
        return self._payments.attempts_with_authorisations(AuthorisationState.RETURNING, limit)

    def known_state(self, attempt: Attempt, payment: SeenPayment) -> AuthorisationState | None:
        """What was recorded of a payment before, None for a new one."""
        return self._payments.authorisation_state(attempt.gateway, payment.id)

    def claim(self, attempt: Attempt, payment: SeenPayment, session: Session) -> Capture:
        """Claim the order's capture for this payment, or return the claim that holds it."""
        return self._payments.claim(attempt, payment.id, session)

    def find_capture(self, order_id: OrderId, session: Session | None = None) -> Capture | None:
        """The order's claim or capture, or None."""
        return self._payments.find_capture(order_id, session)

    def send_capture(self, attempt: Attempt, capture: Capture) -> bool | None:
        """Capture the claimed payment; None, and nothing sent, if another worker is just doing it.

        True once the gateway itself shows all of it captured. A lost answer leaves the claim as
        it is: the next call reads first.
        """
        fenced = self._payments.take_fence(capture, _SEND_LEASE)
        if fenced is None:
            return None
        gateway = self._reach(attempt)
        # A payment can be captured once whatever the key, and Stripe replays even a saved 500
        # under an old one: each send has its own.
        key = f"{capture.order_id}:capture:{fenced.fence}"
        try:
            gateway.capture(capture.payment_id, capture.amount, key)
        except (GatewayRefused, GatewayUnknown, GatewayUnreachable) as problem:
            _log.warning("capture_unconfirmed", order=capture.order_id, reason=str(problem))
        return any(each.fulfils(capture) for each in gateway.observe(attempt).payments)

    def confirm_capture(self, attempt: Attempt, capture: Capture, session: Session) -> bool:
        """Record the capture and the end of its attempt; False if that was recorded before."""
        ended = CaptureState.CAPTURED
        if not self._payments.end_claim(capture.order_id, capture.payment_id, ended, session):
            return False
        self._move(attempt, AttemptState.AUTHORISED, session)
        self._move(attempt, AttemptState.CAPTURED, session)
        return True

    def void_capture(self, attempt: Attempt, payment: SeenPayment, session: Session) -> bool:
        """Record that the claimed payment is over (``is_over``), and close its attempt.

        False if the claim is another payment's, or has ended before.
        """
        order_id, ended, back = attempt.order_id, CaptureState.VOID, bool(payment.captured)
        if not self._payments.end_claim(order_id, payment.id, ended, session, sent_back=back):
            return False
        self._move(attempt, AttemptState.EXPIRED, session)
        return True

    def recent_payments(self, since: datetime) -> Iterator[tuple[str, ListedPayment]]:
        """Every gateway's own list of payments, each once. Raises as ``Gateway`` does, but for
        retired keys that their gateway does not know any more."""
        seen = set()
        for gateway, in_use in self._gateways.accounts():
            try:
                for listed in gateway.recent(since):
                    if (gateway.name, listed.payment.id) not in seen:
                        seen.add((gateway.name, listed.payment.id))
                        yield gateway.name, listed
            except GatewayKeyRefused:
                if in_use:
                    raise
                _log.warning("retired_keys_refused", gateway=gateway.name)

    def find_of_listed(self, gateway: str, listed: ListedPayment) -> Attempt | None:
        """The attempt behind a listed payment, or None for one that is not this shop's."""
        found = self.find_by_session(gateway, listed.session_id or "")
        if found is None and listed.attempt_id:
            found = self._payments.find_attempt(AttemptId(listed.attempt_id))
            if found and found.session_id and listed.session_id not in {None, found.session_id}:
                return None
        return found if found and found.gateway == gateway else None

    def captured_since(self, moment: datetime) -> Iterator[Capture]:
        """Captures that the shop booked from ``moment`` on, one by one."""
        return self._payments.captured_since(moment)

    def unfinished_captures(self, older_than: timedelta, limit: int = 50) -> list[Capture]:
        """Claims whose end the gateway has not shown for this long."""
        return self._payments.unfinished_captures(older_than, limit)

    def give_back(self, attempt: Attempt, payment: SeenPayment) -> AuthorisationState:
        """Return money that must not be kept: void an authorisation, refund a capture.

        Repeating it gives back nothing twice. Returns what became of the money.
        """
        fate = AuthorisationState
        gateway = self._reach(attempt)
        # All that is left is given back, which a gateway does once whatever the key; a new key
        # for each try keeps a saved 500 from being replayed for ever.
        key = f"{payment.id}-return-{self._payments.count_try(attempt.gateway, payment.id)}"
        if payment.state is PaymentState.AUTHORISED:
            return fate.VOIDED if gateway.void(payment.id, key) else fate.LEFT_TO_EXPIRE
        if payment.state is PaymentState.CAPTURED and payment.refunded < payment.captured:
            gateway.refund(payment.id, payment.captured - payment.refunded, key)
        return fate.VOIDED if payment.state is PaymentState.VOIDED else fate.REFUNDED

    def give_back_unknown(self, gateway: str, listed: ListedPayment) -> bool:
        """Return the money of a payment that no order of this shop is behind; False if it holds
        none. Raises ``Conflict`` if there is an order: its money goes back with its refunds."""
        if self.find_of_listed(gateway, listed) is not None:
            raise Conflict(Text("This payment belongs to an order: refund the order instead."))
        payment = listed.payment
        if not payment.has_money:
            return False
        reached = self._gateways.reach(gateway, "")
        # As in ``give_back``: another key for each try, so that no saved 500 is replayed.
        key = f"{payment.id}-unknown-{new_id('try')}"
        if payment.state is PaymentState.AUTHORISED:
            reached.void(payment.id, key)
        else:
            reached.refund(payment.id, payment.captured - payment.refunded, key)
        return True

    # --- hosted pages ----------------------------------------------------------

    def razorpay_form(self, attempt: Attempt, shop_name: str, customer: Customer) -> HostedForm:
        """The form to Razorpay's hosted page for an open attempt. Raises ``NotFound`` otherwise."""
        gateway = self._gateways.bare(attempt.gateway, attempt.keys)
        if not isinstance(gateway, RazorpayGateway) or not attempt.session_id:
            raise NotFound(Text("This payment cannot be continued."))
        return gateway.hosted_form(
            attempt,
            {
                "name": shop_name,
                "description": f"Order {attempt.order_number}",
                "customer": customer.name,
                "email": customer.email,
                "phone": customer.phone,
            },
            callback_url=f"{self._base_url}/payments/razorpay/callback",
            cancel_url=f"{self._base_url}/payments/{attempt.id}/cancelled",
        )

    def verify_razorpay_callback(self, session_id: str, payment_id: str, signature: str) -> Attempt:
        """The attempt that a signed callback is about.

        Raises ``BadSignature`` if the signature does not fit our own order id, ``NotFound``
        for an order that is not ours.
        """
        attempt = self.find_by_session("razorpay", session_id)
        gateway = self._gateways.bare("razorpay", attempt.keys) if attempt else None
        if attempt is None or not isinstance(gateway, RazorpayGateway):
            raise NotFound(Text("This payment does not exist."))
        gateway.verify_callback(attempt.session_id, payment_id, signature)
        return attempt


def _count(attempt: Attempt, state: AttemptState) -> None:
    after_commit(ATTEMPTS.labels(attempt.gateway, state.value).inc)
