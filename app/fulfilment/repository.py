"""Shipment and return documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from app.db.database import Database, Document, Session
from app.db.pages import page_back
from app.fulfilment.models import (
    ReturnReason,
    ReturnRequest,
    ReturnState,
    Shipment,
    UnitLine,
    UnitPlace,
)
from app.fulfilment.rules import sources_of
from app.shared.clock import now
from app.shared.ids import OrderId


class ShipmentRepository:
    """Reads and writes ``shipments``."""

    def __init__(self, database: Database) -> None:
        self._shipments = database["shipments"]

    def insert(self, shipment: Shipment, session: Session) -> None:
        """Store a new shipment. Raises ``DuplicateKeyError`` if its request was carried out."""
        self._shipments.insert_one(
            {
                "_id": shipment.id,
                "order_id": shipment.order_id,
                "number": shipment.number,
                "request_key": shipment.request_key,
                "lines": _lines(shipment.lines),
                "carrier": shipment.carrier,
                "tracking": shipment.tracking,
                "shipped_at": shipment.shipped_at,
                "delivered_at": shipment.delivered_at,
                "places": list(map(asdict, shipment.places)),
            },
            session=session,
        )

    def find(self, shipment_id: str) -> Shipment | None:
        """The shipment, or None."""
        found = self._shipments.find_one({"_id": shipment_id})
        return _shipment(found) if found else None

    def find_requested(
        self, order_id: OrderId, request_key: str, session: Session
    ) -> Shipment | None:
        """The shipment that this request made before, or None."""
        query = {"order_id": order_id, "request_key": request_key}
        found = self._shipments.find_one(query, session=session)
        return _shipment(found) if found else None

    def of_order(self, order_id: OrderId, session: Session | None = None) -> list[Shipment]:
        """The order's shipments, the first one first."""
        found = self._shipments.find({"order_id": order_id}, session=session)
        return sorted(map(_shipment, found), key=lambda shipment: shipment.number)

    def deliver(self, shipment_id: str, session: Session) -> bool:
        """Note that the shipment arrived; False if that is known."""
        result = self._shipments.update_one(
            {"_id": shipment_id, "delivered_at": None},
            {"$set": {"delivered_at": now()}},
            session=session,
        )
        return bool(result.modified_count)


class ReturnRepository:
    """Reads and writes ``returns``."""

    def __init__(self, database: Database) -> None:
        self._returns = database["returns"]

    def insert(self, wanted: ReturnRequest, session: Session) -> None:
        """Store a new return. Raises ``DuplicateKeyError`` if its request was carried out."""
        self._returns.insert_one(
            {
                "_id": wanted.id,
                "order_id": wanted.order_id,
                "request_key": wanted.request_key,
                "lines": _lines(wanted.lines),
                "reason": wanted.reason.value,
                "comment": wanted.comment,
                "state": wanted.state.value,
                "answer": wanted.answer,
                "created_at": wanted.created_at,
                "updated_at": wanted.updated_at,
            },
            session=session,
        )

    def find(self, return_id: str, session: Session | None = None) -> ReturnRequest | None:
        """The return, or None."""
        found = self._returns.find_one({"_id": return_id}, session=session)
        return _return(found) if found else None

    def find_requested(
        self, order_id: OrderId, request_key: str, session: Session
    ) -> ReturnRequest | None:
        """The return that this request asked for before, or None."""
        query = {"order_id": order_id, "request_key": request_key}
        found = self._returns.find_one(query, session=session)
        return _return(found) if found else None

    def of_order(self, order_id: OrderId) -> list[ReturnRequest]:
        """The order's returns, the first one first."""
        found = self._returns.find({"order_id": order_id})
        return sorted(map(_return, found), key=lambda each: each.created_at)

    def in_states(self, states: Iterable[ReturnState], most: int) -> list[ReturnRequest]:
        """Returns that are in one of these states, the oldest first."""
        query = {"state": {"$in": [state.value for state in states]}}
        return [_return(each) for each in self._returns.find(query).sort("created_at").limit(most)]

    def recent(self, states: Iterable[ReturnState], after: str, most: int) -> list[ReturnRequest]:
        """Returns in one of these states, the newest first, from the place ``after`` on."""
        query = {"state": {"$in": [state.value for state in states]}}
        return list(map(_return, page_back(self._returns, query, "created_at", most, after)))

    def move(
        self,
        return_id: str,
        target: ReturnState,
        session: Session,
        *,
        answer: str = "",
    ) -> bool:
        """Move a return forward; False if its state does not lead there. An ``answer`` takes the
        place of the one before."""
        said = {"answer": answer} if answer else {}
        result = self._returns.update_one(
            {"_id": return_id, "state": {"$in": sources_of(target)}},
            {"$set": {"state": target.value, "updated_at": now(), **said}},
            session=session,
        )
        return bool(result.modified_count)


def _lines(lines: Iterable[UnitLine]) -> list[Document]:
    return [{"position": line.position, "quantity": line.quantity} for line in lines]


def _unit_lines(lines: Iterable[Document]) -> tuple[UnitLine, ...]:
    return tuple(UnitLine(position=each["position"], quantity=each["quantity"]) for each in lines)


def _shipment(document: Document) -> Shipment:
    return Shipment(
        id=document["_id"],
        order_id=document["order_id"],
        number=document["number"],
        request_key=document["request_key"],
        lines=_unit_lines(document["lines"]),
        carrier=document["carrier"],
        tracking=document["tracking"],
        shipped_at=document["shipped_at"],
        delivered_at=document["delivered_at"],
        places=tuple(UnitPlace(**each) for each in document["places"]),
    )


def _return(document: Document) -> ReturnRequest:
    return ReturnRequest(
        id=document["_id"],
        order_id=document["order_id"],
        request_key=document["request_key"],
        lines=_unit_lines(document["lines"]),
        reason=ReturnReason(document["reason"]),
        comment=document["comment"],
        state=ReturnState(document["state"]),
        answer=document["answer"],
        created_at=document["created_at"],
        updated_at=document["updated_at"],
    )
