"""What customers spent: paid orders with what was left of their money."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.db.database import Database, Document, Session
from app.orders.repository import OrderRepository
from app.shared.ids import AccountId, OrderId
from app.shared.money import Money


@dataclass(frozen=True, kw_only=True, slots=True)
class Sale:
    """A paid order: ``spent`` is its total without what was refunded."""

    order_id: OrderId
    account_id: AccountId | None
    email: str
    name: str
    market: str
    spent: Money
    placed_at: datetime


class Sales:
    """Reads orders for those who count them, no more of each than that takes."""

    def __init__(self, database: Database) -> None:
        self._orders = OrderRepository(database)

    def find(self, order_id: OrderId, session: Session) -> Sale | None:
        """The order's sale; None where it is not paid, or there is none."""
        found = self._orders.sold({"_id": order_id}, session)
        return next(map(_sale, found), None)

    def of_account(self, account_id: AccountId, session: Session) -> list[Sale]:
        """Everything that an account bought."""
        return list(map(_sale, self._orders.sold({"account_id": account_id}, session)))

    def of_guest(self, email: str, session: Session) -> list[Sale]:
        """Everything that was bought with an address and without an account."""
        query = {"email": email, "account_id": None}
        return list(map(_sale, self._orders.sold(query, session)))

    def buyers(self) -> Iterator[tuple[AccountId | None, str]]:
        """Whose orders there are: each account once, with None each guest's address."""
        seen = set()
        for document in self._orders.owners():
            account_id = document["account_id"]
            whose = (account_id, "" if account_id else document["email"])
            if whose not in seen:
                seen.add(whose)
                yield whose


def _sale(document: Document) -> Sale:
    minor = document["totals"]["total"] - document["refunded"]
    return Sale(
        order_id=document["_id"],
        account_id=document["account_id"],
        email=document["email"],
        name="" if document.get("erased_at") else document["address"]["name"],
        market=document["market"],
        spent=Money(minor, document["currency"]),
        placed_at=document["placed_at"],
    )
