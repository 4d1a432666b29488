"""What orders hold of credit: one document for each order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.db.database import Database, Document, Session, find_any
from app.db.moments import before
from app.shared.clock import now
from app.shared.credit import CreditKind, CreditUse
from app.shared.ids import OrderId
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditHold:
    """An order's credit: ``held``, ``committed`` once it is paid, or ``released``.

    ``refundable`` has what can be given back of each use, in minor units; ``round`` counts how
    often it was held.
    """

    order_id: OrderId
    state: str
    currency: str
    uses: tuple[CreditUse, ...]
    refundable: tuple[int, ...]
    round: int
    refund_count: int


class CreditHoldRepository:
    """Reads and writes ``credit_holds``."""

    def __init__(self, database: Database) -> None:
        self._holds = database["credit_holds"]

    def insert(
        self,
        order_id: OrderId,
        uses: Sequence[CreditUse],
        expires_at: datetime,
        session: Session,
    ) -> None:
        """Note what a new order holds. Raises ``DuplicateKeyError`` for a second time."""
        self._holds.insert_one(
            {
                "_id": order_id,
                "state": "held",
                "currency": uses[0].amount.currency,
                "uses": [
                    {
                        "credit_id": use.credit_id,
                        "kind": use.kind.value,
                        "last4": use.last4,
                        "amount": use.amount.minor,
                        "refundable": use.amount.minor,
                    }
                    for use in uses
                ],
                "round": 1,
                "refund_count": 0,
                "expires_at": expires_at,
            },
            session=session,
        )

    def find(self, order_id: OrderId, session: Session | None = None) -> CreditHold | None:
        """What the order holds or held, None if it is paid without credit."""
        found = self._holds.find_one({"_id": order_id}, session=session)
        return _hold(found) if found else None

    def held_by(self, order_ids: Iterable[OrderId]) -> list[CreditHold]:
        """What these orders hold now."""
        found = map(_hold, find_any(self._holds, "_id", order_ids))
        return [hold for hold in found if hold.state == "held"]

    def move(
        self,
        order_id: OrderId,
        source: str,
        target: str,
        session: Session,
        expires_at: datetime | None = None,
    ) -> bool:
        """From one state to another, once; False if it was not in ``source``."""
        again = 1 if (source, target) == ("released", "held") else 0
        also = {"expires_at": expires_at} if expires_at else {}
        result = self._holds.update_one(
            {"_id": order_id, "state": source},
            {"$set": {"state": target, **also}, "$inc": {"round": again}},
            session=session,
        )
        return bool(result.matched_count)

    def take_refund(self, hold: CreditHold, left: Sequence[int], session: Session) -> bool:
        """Leave so much of each use to give back; False if the hold moved on since it was read."""
        amounts = {f"uses.{at}.refundable": minor for at, minor in enumerate(left)}
        result = self._holds.update_one(
            {"_id": hold.order_id, "state": "committed", "refund_count": hold.refund_count},
            {"$set": amounts, "$inc": {"refund_count": 1}},
            session=session,
        )
        return bool(result.matched_count)

    def put_back(self, order_id: OrderId, amounts: Sequence[int], session: Session) -> None:
        """Make so much of each use something to give back again."""
        steps = {f"uses.{at}.refundable": minor for at, minor in enumerate(amounts)}
        self._holds.update_one({"_id": order_id}, {"$inc": steps}, session=session)

    def expired_owners(self, limit: int) -> list[OrderId]:
        """Orders that still hold credit although their time is over."""
        query = {"state": "held", "expires_at": before(now())}
        return [document["_id"] for document in self._holds.find(query, {"_id": 1}).limit(limit)]


def _hold(document: Document) -> CreditHold:
    currency = document["currency"]
    return CreditHold(
        order_id=document["_id"],
        state=document["state"],
        currency=currency,
        uses=tuple(
            CreditUse(
                credit_id=use["credit_id"],
                kind=CreditKind(use["kind"]),
                last4=use["last4"],
                amount=Money(use["amount"], currency),
            )
            for use in document["uses"]
        ),
        refundable=tuple(use["refundable"] for use in document["uses"]),
        round=document["round"],
        refund_count=document["refund_count"],
    )
