"""Refund documents: ``_id = order:purpose:sequence``, so that no two refunds share a place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from app.db.database import Database, Document, Session
from app.db.moments import find_passed, passed
from app.payments.models import Refund, RefundedLine, RefundParts, RefundState, VoidedCard
from app.payments.rules import REFUND_TRANSITIONS, sources_of
from app.shared.clock import now
from app.shared.credit import CreditKind, CreditUse
from app.shared.ids import OrderId
from app.shared.money import Money

_UNFINISHED = [RefundState.REQUESTED.value, RefundState.SENDING.value, RefundState.PENDING.value]


class RefundRepository:
    """Reads and writes ``refunds``."""

    def __init__(self, database: Database) -> None:
        self._refunds = database["refunds"]

    def insert(self, refund: Refund, session: Session) -> None:
        """Store a new refund. Raises ``DuplicateKeyError`` if its place or its request is taken."""
        self._refunds.insert_one(_to_document(refund), session=session)

    def find(self, refund_id: str, session: Session | None = None) -> Refund | None:
        """The refund, or None."""
        return _maybe(self._refunds.find_one({"_id": refund_id}, session=session))

    def find_requested(
        self, order_id: OrderId, request_key: str, session: Session | None = None
    ) -> Refund | None:
        """The refund that this request asked for before, or None."""
        query = {"order_id": order_id, "request_key": request_key}
        return _maybe(self._refunds.find_one(query, session=session))

    def of_order(self, order_id: OrderId, session: Session | None = None) -> list[Refund]:
        """Every refund of an order, oldest first."""
        found = self._refunds.find({"order_id": order_id}, session=session)
        return sorted(map(_refund, found), key=lambda refund: refund.created_at)

    def unfinished(self, older_than: timedelta, limit: int) -> list[Refund]:
        """Refunds that the gateway has not said its last word about."""
        query, by = {"state": {"$in": _UNFINISHED}}, now() - older_than
        return list(map(_refund, find_passed(self._refunds, query, "updated_at", by, limit)))

    def take_fence(self, refund: Refund, lease: timedelta) -> Refund | None:
        """Elect this worker to send the refund now; None while another one is at it."""
        moment = now()
        won = self._refunds.update_one(
            {
                "_id": refund.id,
                "state": {"$in": sources_of(REFUND_TRANSITIONS, RefundState.SENDING)},
                "fence": refund.fence,
                **passed("lease_until", moment, lease),
            },
            {
                "$inc": {"fence": 1},
                "$set": {
                    "state": RefundState.SENDING.value,
                    "lease_until": moment + lease,
                    "updated_at": moment,
                },
            },
        )
        return self.find(refund.id) if won.modified_count else None

    def burn_key(self, refund: Refund) -> None:
        """Note that the gateway saved an error under the key, so that the next try has another."""
        self._refunds.update_one(
            {"_id": refund.id, "fence": refund.fence, "key_round": refund.key_round},
            {"$inc": {"key_round": 1}},
        )

    def touch(self, refund: Refund) -> None:
        """Note that the refund was looked at just now."""
        self._refunds.update_one({"_id": refund.id}, {"$set": {"updated_at": now()}})

    def move(self, refund_id: str, target: RefundState, session: Session, **also: Any) -> bool:
        """Move a refund forward; False if its state does not lead there."""
        result = self._refunds.update_one(
            {"_id": refund_id, "state": {"$in": sources_of(REFUND_TRANSITIONS, target)}},
            {"$set": {"state": target.value, "updated_at": now(), **also}},
            session=session,
        )
        return bool(result.modified_count)


def _to_document(refund: Refund) -> Document:
    return {
        "_id": refund.id,
        "order_id": refund.order_id,
        "attempt_id": refund.attempt_id,
        "gateway": refund.gateway,
        "payment_id": refund.payment_id,
        "purpose": refund.purpose,
        "request_key": refund.request_key,
        "amount": refund.amount.minor,
        "currency": refund.amount.currency,
        "lines": list(map(_line_to_document, refund.parts.lines)),
        "shipping": refund.parts.shipping.minor,
        "adjustment": refund.parts.adjustment.minor,
        "reason": refund.reason,
        "restock": refund.restock,
        "state": refund.state.value,
        "fence": refund.fence,
        "key_round": refund.key_round,
        "failure": refund.failure,
        "lease_until": refund.created_at,
        "created_at": refund.created_at,
        "updated_at": refund.updated_at,
        "credit": list(map(_share_to_document, refund.credit)),
        "credit_taken": list(map(_share_to_document, refund.credit_taken)),
        "credit_given": refund.credit_given,
        "voided": [
            {"credit_id": each.credit_id, "amount": each.amount.minor} for each in refund.voided
        ],
    }


def _share_to_document(share: CreditUse) -> Document:
    return {
        "credit_id": share.credit_id,
        "kind": share.kind.value,
        "last4": share.last4,
        "amount": share.amount.minor,
    }


def _line_to_document(line: RefundedLine) -> Document:
    document = {
        "position": line.position,
        "quantity": line.quantity,
        "amount": line.amount.minor,
        "unshipped": line.unshipped,
    }
    return {**document, "part": line.part} if line.part else document


def _maybe(document: Document | None) -> Refund | None:
    return _refund(document) if document else None


def _refund(document: Document) -> Refund:
    def money(minor: int) -> Money:
        return Money(minor, document["currency"])

    return Refund(
        id=document["_id"],
        order_id=document["order_id"],
        attempt_id=document["attempt_id"],
        gateway=document["gateway"],
        payment_id=document["payment_id"],
        purpose=document["purpose"],
        request_key=document["request_key"],
        parts=RefundParts(
            lines=tuple(
                RefundedLine(
                    position=line["position"],
                    quantity=line["quantity"],
                    amount=money(line["amount"]),
                    unshipped=line.get("unshipped", 0),
                    part=line.get("part", 0),
                )
                for line in document["lines"]
            ),
            shipping=money(document["shipping"]),
            adjustment=money(document["adjustment"]),
        ),
        reason=document["reason"],
        restock=document["restock"],
        state=RefundState(document["state"]),
        fence=document["fence"],
        key_round=document["key_round"],
        failure=document["failure"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
        credit=_shares(document, "credit"),
        credit_taken=_shares(document, "credit_taken"),
        credit_given=document.get("credit_given", False),
        voided=tuple(
            VoidedCard(credit_id=each["credit_id"], amount=money(each["amount"]))
            for each in document.get("voided", ())
        ),
    )


def _shares(document: Document, field: str) -> tuple[CreditUse, ...]:
    return tuple(
        CreditUse(
            credit_id=each["credit_id"],
            kind=CreditKind(each["kind"]),
            last4=each["last4"],
            amount=Money(each["amount"], document["currency"]),
        )
        for each in document.get(field, ())
    )
