"""Giving back money that must not be kept, and telling everybody: to the end, whatever dies.

The intention is stored before the gateway is called, so that a crash in between leaves a payment
marked as ``returning``, which the next look at its attempt finishes.
"""

from __future__ import annotations

from app.checkout.events import PAYMENT_RETURNED
from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.orders.service import OrderService
from app.payments.events import ALERT
from app.payments.models import Attempt, AttemptState, AuthorisationState, SeenPayment
from app.payments.service import PaymentService
from app.shared.meters import DUPLICATES
from app.shared.texts import Text, to_words

_FATES = {
    AuthorisationState.VOIDED: Text("The hold on the money was released at once."),
    AuthorisationState.LEFT_TO_EXPIRE: Text(
        "The bank releases the hold by itself within a few days."
    ),
    AuthorisationState.REFUNDED: Text("The money was sent back."),
}
_PREVENTED = {
    AuthorisationState.VOIDED: "voided_authorisation",
    AuthorisationState.LEFT_TO_EXPIRE: "voided_authorisation",
    AuthorisationState.REFUNDED: "second_payment_sent_back",
}


class Returns:
    """Payments that lost."""

    def __init__(
        self, database: Database, outbox: Outbox, orders: OrderService, payments: PaymentService
    ) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = orders
        self._payments = payments

    def begin(self, attempt: Attempt, payment: SeenPayment, reason: str) -> None:
        """Give a payment back for ``reason``. Raises as ``Gateway`` does; it is finished later
        then."""
        self._payments.record(attempt, payment, AuthorisationState.RETURNING, reason=reason)
        self.finish(attempt, payment)

    def begin_again(self, attempt: Attempt, payment: SeenPayment) -> None:
        """Give a payment back that was given back before: the bank returned it. Raises as
        ``begin`` does."""
        message = "A payment that was sent back was returned by the bank. It is sent back again."

        def work(session: Session) -> None:
            self._payments.record(attempt, payment, AuthorisationState.RETURNING, session=session)
            self._orders.note(attempt.order_id, "refund_failed", message, session=session)
            payload = {
                "order_id": attempt.order_id,
                "payment_id": payment.id,
                "message": message,
            }
            self._outbox.publish(ALERT, payload, session)

        self._database.in_transaction(work)
        self.finish(attempt, payment)

    def finish(self, attempt: Attempt, payment: SeenPayment) -> None:
        """Finish what was begun, and tell how; repeating it changes nothing. What was to lapse and
        was captured by somebody is told twice: its money went another way than was said."""
        fate = self._payments.give_back(attempt, payment)
        reason = self._payments.reason_of(attempt, payment)
        message = Text(
            "A payment was not taken. %(reason)s. %(fate)s", reason=reason, fate=_FATES[fate]
        )
        claim = self._payments.find_capture(attempt.order_id)
        is_winner = claim is not None and claim.attempt_id == attempt.id

        def work(session: Session) -> None:
            if not self._payments.record(attempt, payment, fate, session=session):
                return  # somebody else finished it, and told
            if not is_winner:
                self._payments.end(attempt, AttemptState.LOST, session)
            self._tell(attempt, payment, fate, message, session)

        self._database.in_transaction(work)
        DUPLICATES.labels(_PREVENTED[fate]).inc()

    def _tell(
        self,
        attempt: Attempt,
        payment: SeenPayment,
        fate: AuthorisationState,
        message: str,
        session: Session,
    ) -> None:
        self._orders.note(
            attempt.order_id,
            "payment_returned",
            message,
            public=True,
            session=session,
            key=f"returned:{payment.id}:{fate}",
        )
        payload = {
            "order_id": attempt.order_id,
            "payment_id": payment.id,
            "message": message,
            "words": to_words(message),
            "fate": fate.value,
        }
        for topic in (ALERT, PAYMENT_RETURNED):
            self._outbox.publish(topic, payload, session, key=f"{topic}:{payment.id}:{fate}")
