"""Payment documents. Unique indexes and conditional updates hold the promises, not this code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from app.db.database import Database, Document, Session
from app.db.moments import find_passed, passed
from app.payments.models import (
    Attempt,
    AttemptState,
    Authorisation,
    AuthorisationState,
    Capture,
    CaptureState,
    SeenPayment,
)
from app.payments.rules import (
    ATTEMPT_TRANSITIONS,
    AUTHORISATION_TRANSITIONS,
    CAPTURE_TRANSITIONS,
    OPEN_STATES,
    sources_of,
)
from app.shared.clock import now
from app.shared.ids import AttemptId, OrderId
from app.shared.money import Money
from app.shared.texts import Text, from_words, to_words

_AT_ONCE = 100  # captures in memory, of very many


class PaymentRepository:
    """Reads and writes attempts, authorisations and captures."""

    def __init__(self, database: Database) -> None:
        self._attempts = database["payment_attempts"]
        self._authorisations = database["authorisations"]
        self._captures = database["captures"]

    def insert_attempt(self, attempt: Attempt, session: Session) -> None:
        """Store a new attempt. Raises ``DuplicateKeyError`` if the order has an open one."""
        self._attempts.insert_one(
            {
                "_id": attempt.id,
                "order_id": attempt.order_id,
                "order_number": attempt.order_number,
                "access_token": attempt.access_token,
                "gateway": attempt.gateway,
                "state": attempt.state.value,
                "open": attempt.state in OPEN_STATES,
                "amount": attempt.amount.minor,
                "currency": attempt.amount.currency,
                "cart_version": attempt.cart_version,
                "receipt": attempt.receipt,
                "idempotency_key": attempt.idempotency_key,
                "request": attempt.request,
                "keys": attempt.keys,
                "trace": attempt.trace,
                "created_at": attempt.created_at,
                "updated_at": attempt.updated_at,
                "uncounted": 1,
            },
            session=session,
        )

    def find_attempt(self, attempt_id: AttemptId, session: Session | None = None) -> Attempt | None:
        """The attempt, or None."""
        return _maybe(self._attempts.find_one({"_id": attempt_id}, session=session))

    def find_by_session(self, gateway: str, session_id: str) -> Attempt | None:
        """The attempt behind a gateway's session or order id, or None."""
        return _maybe(self._attempts.find_one({"gateway": gateway, "session_id": session_id}))

    def attempts_of(self, order_id: OrderId, session: Session | None = None) -> list[Attempt]:
        """Every attempt of an order, oldest first."""
        found = self._attempts.find({"order_id": order_id}, session=session)
        return [_attempt(document) for document in found.sort("created_at", 1)]

    def uncounted(self, limit: int) -> list[tuple[AttemptId, OrderId, int]]:
        """Attempts that moved since they were counted, with their order and how often."""
        wanted = {"order_id": 1, "uncounted": 1}
        found = self._attempts.find({"uncounted": {"$gte": 1}}, wanted).limit(limit)
        return [(each["_id"], each["order_id"], each["uncounted"]) for each in found]

    def note_counted(self, attempt_id: AttemptId, moves: int) -> None:
        """Note that an attempt was counted, unless it has moved again since."""
        self._attempts.update_one(
            {"_id": attempt_id, "uncounted": moves}, {"$set": {"uncounted": 0}}
        )

    def find_open_attempt(
        self, order_id: OrderId, session: Session | None = None
    ) -> Attempt | None:
        """The order's one open attempt, or None."""
        query = {"order_id": order_id, "open": True}
        return _maybe(self._attempts.find_one(query, session=session))

    def stale_attempts(self, older_than: timedelta, limit: int) -> list[Attempt]:
        """Open attempts that nobody looked at for a while."""
        by = now() - older_than
        return list(
            map(_attempt, find_passed(self._attempts, {"open": True}, "updated_at", by, limit))
        )

    def open_attempts(self, limit: int) -> list[Attempt]:
        """Attempts that are not at their end, in no particular order."""
        return [_attempt(each) for each in self._attempts.find({"open": True}).limit(limit)]

    def touch(self, attempt_id: AttemptId) -> None:
        """Note that the attempt was looked at just now."""
        self._attempts.update_one({"_id": attempt_id}, {"$set": {"updated_at": now()}})

    def move_attempt(
        self,
        attempt_id: AttemptId,
        target: AttemptState,
        session: Session | None = None,
        *,
        only_from: AttemptState | None = None,
        **also: Any,
    ) -> bool:
        """Move an attempt forward; False if its state does not lead there, or is not
        ``only_from``."""
        change = {"state": target.value, "open": target in OPEN_STATES, "updated_at": now(), **also}
        sources = sources_of(ATTEMPT_TRANSITIONS, target)
        if only_from is not None:
            sources = [state for state in sources if state == only_from.value]
        result = self._attempts.update_one(
            {"_id": attempt_id, "state": {"$in": sources}},
            {"$set": change, "$inc": {"uncounted": 1}},
            session=session,
        )
        return bool(result.modified_count)

    def record_authorisation(
        self,
        attempt: Attempt,
        payment: SeenPayment,
        state: AuthorisationState,
        reason: str = "",
        session: Session | None = None,
    ) -> bool:
        """Remember a payment that a gateway showed for an attempt, or move it forward.

        A state that does not lead there stays: False.
        """
        identity = f"{attempt.gateway}:{payment.id}"
        told = {"reason": reason, "words": to_words(reason)} if reason else {}
        document = {
            "order_id": attempt.order_id,
            "attempt_id": attempt.id,
            "gateway": attempt.gateway,
            "gateway_payment_id": payment.id,
            "amount": payment.amount.minor,
            "currency": payment.amount.currency,
            "state": state.value,
            "reason": reason,
            "words": to_words(reason),
            "created_at": now(),
        }
        stored = self._authorisations.update_one(
            {"_id": identity}, {"$setOnInsert": document}, upsert=True, session=session
        )
        moved = self._authorisations.update_one(
            {"_id": identity, "state": {"$in": sources_of(AUTHORISATION_TRANSITIONS, state)}},
            {"$set": {"state": state.value, **told}},
            session=session,
        )
        self._attempts.update_one({"_id": attempt.id}, {"$inc": {"uncounted": 1}}, session=session)
        return stored.upserted_id is not None or bool(moved.modified_count)

    def authorisations_of(
        self, order_id: OrderId, session: Session | None = None
    ) -> list[Authorisation]:
        """Every payment that gateways showed for an order."""
        return [
            Authorisation(
                gateway=each["gateway"],
                attempt_id=AttemptId(each["attempt_id"]),
                payment_id=each["gateway_payment_id"],
                amount=Money(each["amount"], each["currency"]),
                state=AuthorisationState(each["state"]),
                reason=from_words(each.get("reason", ""), each.get("words")),
                created_at=each["created_at"],
            )
            for each in self._authorisations.find({"order_id": order_id}, session=session)
        ]

    def find_attempt_of_payment(self, gateway: str, payment_id: str) -> Attempt | None:
        """The attempt for which a gateway showed this payment, or None."""
        found = self._authorisations.find_one({"_id": f"{gateway}:{payment_id}"}, {"attempt_id": 1})
        return self.find_attempt(AttemptId(found["attempt_id"])) if found else None

    def authorisation_state(self, gateway: str, payment_id: str) -> AuthorisationState | None:
        """What the shop last recorded of a payment, None if it is new."""
        found = self._authorisations.find_one({"_id": f"{gateway}:{payment_id}"}, {"state": 1})
        return AuthorisationState(found["state"]) if found else None

    def authorisation_reason(self, gateway: str, payment_id: str) -> Text:
        """Why the payment is in its state, ``""`` if nothing was noted."""
        wanted = {"reason": 1, "words": 1}
        found = self._authorisations.find_one({"_id": f"{gateway}:{payment_id}"}, wanted) or {}
        return from_words(found.get("reason", ""), found.get("words"))

    def count_try(self, gateway: str, payment_id: str) -> int:
        """Count one more try to give a payment back; how many there are now."""
        identity = {"_id": f"{gateway}:{payment_id}"}
        self._authorisations.update_one(identity, {"$inc": {"tries": 1}})
        found = self._authorisations.find_one(identity, {"tries": 1})
        return int(found["tries"]) if found else 0

    def attempts_with_authorisations(
        self, state: AuthorisationState, limit: int
    ) -> list[AttemptId]:
        """Attempts with a payment recorded in this state."""
        query = {"state": state.value}
        found = self._authorisations.find(query, {"attempt_id": 1}).limit(limit)
        return [document["attempt_id"] for document in found]

    def claim(self, attempt: Attempt, payment_id: str, session: Session) -> Capture:
        """Claim the order's one capture for a payment, or return the claim that was there first.

        Insert-or-read by ``_id = order_id``: the unique key decides, once and for ever.
        """
        document = {
            "_id": attempt.order_id,
            "attempt_id": attempt.id,
            "gateway": attempt.gateway,
            "payment_id": payment_id,
            "amount": attempt.amount.minor,
            "currency": attempt.amount.currency,
            "fence": 0,
            "state": CaptureState.CLAIMED.value,
            "lease_until": now(),
            "updated_at": now(),
            "refundable": attempt.amount.minor,
            "refund_count": 0,
        }
        stored = self._captures.find_one({"_id": attempt.order_id}, session=session)
        if stored is None:
            self._captures.insert_one(document, session=session)
            stored = document
        return _capture(stored)

    def find_capture(self, order_id: OrderId, session: Session | None = None) -> Capture | None:
        """The order's claim or capture, or None."""
        found = self._captures.find_one({"_id": order_id}, session=session)
        return _capture(found) if found else None

    def take_fence(self, capture: Capture, lease: timedelta) -> Capture | None:
        """Elect this worker to send the capture now; None while another one is at it."""
        moment = now()
        won = self._captures.update_one(
            {
                "_id": capture.order_id,
                "payment_id": capture.payment_id,
                "fence": capture.fence,
                "state": {"$in": sources_of(CAPTURE_TRANSITIONS, CaptureState.SENDING)},
                **passed("lease_until", moment, lease),
            },
            {
                "$inc": {"fence": 1},
                "$set": {
                    "state": CaptureState.SENDING.value,
                    "lease_until": moment + lease,
                    "updated_at": moment,
                },
            },
        )
        if not won.modified_count:
            return None
        return replace(capture, fence=capture.fence + 1, state=CaptureState.SENDING)

    def end_claim(
        self,
        order_id: OrderId,
        payment_id: str,
        target: CaptureState,
        session: Session,
        **also: bool,
    ) -> bool:
        """Record how the gateway shows the claimed payment to have ended, captured or void.

        False if it has ended before, or the claim is another payment's.
        """
        result = self._captures.update_one(
            {
                "_id": order_id,
                "payment_id": payment_id,
                "state": {"$in": sources_of(CAPTURE_TRANSITIONS, target)},
            },
            {"$set": {"state": target.value, "updated_at": now(), **also}},
            session=session,
        )
        return bool(result.modified_count)

    def captured_since(self, moment: datetime) -> Iterator[Capture]:
        """Captures confirmed from ``moment`` on, read as they are asked for."""
        query = {"state": CaptureState.CAPTURED.value, "updated_at": {"$gte": moment}}
        return map(_capture, self._captures.find(query, batch_size=_AT_ONCE))

    def unfinished_captures(self, older_than: timedelta, limit: int) -> list[Capture]:
        """Claims whose end the gateway has not shown yet."""
        query = {"state": {"$in": sources_of(CAPTURE_TRANSITIONS, CaptureState.VOID)}}
        by = now() - older_than
        return list(map(_capture, find_passed(self._captures, query, "updated_at", by, limit)))

    def take_from(
        self, capture: Capture, amount: Money, session: Session, *, to_credit: Money
    ) -> int:
        """Take a refund's amount out of what is refundable, ``to_credit`` of it for store credit;
        the refund's sequence number.

        0 if the capture moved on since it was read, or has not that much left: the condition
        is the promise that no refund exceeds its capture.
        """
        result = self._captures.update_one(
            {
                "_id": capture.order_id,
                "state": CaptureState.CAPTURED.value,
                "currency": amount.currency,
                "refund_count": capture.refund_count,
                "refundable": {"$gte": amount.minor},
            },
            {
                "$inc": {
                    "refundable": -amount.minor,
                    "refund_count": 1,
                    "credited": to_credit.minor,
                }
            },
            session=session,
        )
        return capture.refund_count + 1 if result.modified_count else 0

    def put_back(self, order_id: OrderId, amount: Money, session: Session) -> None:
        """Make the amount of a refund that failed refundable again."""
        self._captures.update_one(
            {"_id": order_id}, {"$inc": {"refundable": amount.minor}}, session=session
        )


def _maybe(document: Document | None) -> Attempt | None:
    return _attempt(document) if document else None


def _attempt(document: Document) -> Attempt:
    return Attempt(
        id=document["_id"],
        order_id=document["order_id"],
        order_number=document["order_number"],
        access_token=document["access_token"],
        gateway=document["gateway"],
        state=AttemptState(document["state"]),
        amount=Money(document["amount"], document["currency"]),
        cart_version=document["cart_version"],
        receipt=document["receipt"],
        idempotency_key=document["idempotency_key"],
        request=document["request"],
        session_id=document.get("session_id") or "",
        session_url=document.get("session_url") or "",
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        failure=document.get("failure") or "",
        keys=document.get("keys", ""),
        trace=document.get("trace", ""),
    )


def _capture(document: Document) -> Capture:
    return Capture(
        order_id=document["_id"],
        attempt_id=document["attempt_id"],
        gateway=document["gateway"],
        payment_id=document["payment_id"],
        amount=Money(document["amount"], document["currency"]),
        fence=document["fence"],
        state=CaptureState(document["state"]),
        updated_at=document["updated_at"],
        refundable=Money(document["refundable"], document["currency"]),
        refund_count=document["refund_count"],
        credited=Money(document.get("credited", 0), document["currency"]),
        sent_back=document.get("sent_back", False),
    )
