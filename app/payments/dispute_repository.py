"""Dispute documents: ``_id = gateway:dispute``, each written over the version that was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.db.database import Database, Document, Session
from app.payments.dispute_models import (
    Dispute,
    DisputeState,
    DisputeSum,
    SeenDispute,
    dispute_key,
)
from app.payments.rules import DISPUTE_TRANSITIONS, sources_of
from app.shared.clock import now
from app.shared.ids import OrderId
from app.shared.money import Money


class DisputeRepository:
    """Reads and writes ``disputes``."""

    def __init__(self, database: Database) -> None:
        self._disputes = database["disputes"]

    def find(self, gateway: str, dispute_id: str, session: Session | None = None) -> Dispute | None:
        """The dispute, or None."""
        key = {"_id": dispute_key(gateway, dispute_id)}
        found = self._disputes.find_one(key, session=session)
        return _dispute(found) if found else None

    def of_order(self, order_id: OrderId, session: Session | None = None) -> list[Dispute]:
        """Every dispute of an order's payments, oldest first."""
        found = self._disputes.find({"order_id": order_id}, session=session)
        return sorted(map(_dispute, found), key=lambda each: each.opened_at)

    def in_states(self, states: Sequence[DisputeState], most: int) -> list[Dispute]:
        """Disputes in these states, the newest first."""
        query = {"state": {"$in": [state.value for state in states]}}
        return list(map(_dispute, self._disputes.find(query).sort("opened_at", -1).limit(most)))

    def insert(self, dispute: Dispute, session: Session) -> None:
        """Store a new dispute. Raises ``DuplicateKeyError`` if it is known."""
        self._disputes.insert_one(_to_document(dispute), session=session)

    def replace(self, before: Dispute, seen: SeenDispute, session: Session) -> bool:
        """Write what the gateway shows over the version that was read before it was asked; False
        if that is not the last one any more, or its state does not lead there."""
        after = replace(before, seen=seen, updated_at=now(), version=before.version + 1)
        sources = sources_of(DISPUTE_TRANSITIONS, seen.state)
        result = self._disputes.update_one(
            {"_id": before.id, "version": before.version, "state": {"$in": sources}},
            {"$set": _to_document(after)},
            session=session,
        )
        return bool(result.modified_count)

    def sums(self) -> list[DisputeSum]:
        """What they come to, by gateway, currency, state and whether they are inquiries."""
        place = {each: f"${each}" for each in ("gateway", "currency", "state", "inquiry")}
        found = self._disputes.aggregate(
            [{"$group": {"_id": place, "count": {"$sum": 1}, "amount": {"$sum": "$amount"}}}]
        )
        sums = [
            DisputeSum(
                gateway=each["_id"]["gateway"],
                state=DisputeState(each["_id"]["state"]),
                inquiry=each["_id"]["inquiry"],
                count=each["count"],
                amount=Money(each["amount"], each["_id"]["currency"]),
            )
            for each in found
        ]
        return sorted(sums, key=lambda one: (one.gateway, one.amount.currency, one.state))


def _to_document(dispute: Dispute) -> Document:
    seen = dispute.seen
    return {
        "_id": dispute.id,
        "gateway": dispute.gateway,
        "dispute_id": seen.id,
        "order_id": dispute.order_id,
        "order_number": dispute.order_number,
        "payment_id": seen.payment_id,
        "amount": seen.amount.minor,
        "currency": seen.amount.currency,
        "reason": seen.reason[:100],
        "state": seen.state.value,
        "inquiry": seen.inquiry,
        "respond_by": seen.respond_by,
        "opened_at": dispute.opened_at,
        "updated_at": dispute.updated_at,
        "version": dispute.version,
    }


def _dispute(document: Document) -> Dispute:
    return Dispute(
        gateway=document["gateway"],
        order_id=document["order_id"],
        order_number=document["order_number"],
        seen=SeenDispute(
            id=document["dispute_id"],
            payment_id=document["payment_id"],
            amount=Money(document["amount"], document["currency"]),
            reason=document["reason"],
            state=DisputeState(document["state"]),
            inquiry=document["inquiry"],
            respond_by=document["respond_by"],
        ),
        opened_at=document["opened_at"],
        updated_at=document["updated_at"],
        version=document["version"],
    )
