"""Documents of uses: one for each promotion and order, and a slot for each customer in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from app.db.database import Database, Document, Session, find_any
from app.db.moments import before
from app.db.pages import page_back
from app.promotions.models import Use
from app.shared.clock import now
from app.shared.ids import OrderId, PromotionId
from app.shared.money import Money


class UsageRepository:
    """Reads and writes ``promotion_uses`` and ``promotion_slots``."""

    def __init__(self, database: Database) -> None:
        self._uses = database["promotion_uses"]
        self._totals = database["promotion_totals"]
        self._slots = database["promotion_slots"]

    def insert(
        self,
        order_id: OrderId,
        promotion_id: PromotionId,
        *,
        name: str,
        code: str,
        customers: Iterable[str],
        most_per_customer: int,
        expires_at: datetime,
        given: Money,
        session: Session,
    ) -> None:
        """Note that an order holds a use, which takes ``given`` off. ``most_per_customer`` 0 is any
        number."""
        self._uses.insert_one(
            {
                "_id": f"{order_id}:{promotion_id}",
                "promotion_id": promotion_id,
                "order_id": order_id,
                "name": name,
                "code": code,
                "customers": list(customers),
                "most_per_customer": most_per_customer,
                "state": "held",
                "amount": given.minor,
                "currency": given.currency,
                "tally": "none",
                "expires_at": expires_at,
                "at": now(),
            },
            session=session,
        )

    def of_order(self, order_id: OrderId, session: Session) -> list[Document]:
        """An order's uses, in the order in which they are always locked."""
        found = self._uses.find({"order_id": order_id}, session=session)
        return sorted(found, key=lambda use: str(use["promotion_id"]))

    def held_by(self, order_ids: Iterable[OrderId]) -> list[Document]:
        """What these orders hold now."""
        return [
            use for use in find_any(self._uses, "order_id", order_ids) if use["state"] == "held"
        ]

    def move(
        self,
        use_id: str,
        source: str,
        target: str,
        session: Session,
        expires_at: datetime | None = None,
    ) -> bool:
        """From one state to another, once; False if it was not in ``source``."""
        also: Document = {"expires_at": expires_at} if expires_at else {}
        if target == "committed":
            also |= {"committed_at": now(), "tally": "due"}
        result = self._uses.update_one(
            {"_id": use_id, "state": source}, {"$set": {"state": target, **also}}, session=session
        )
        return bool(result.modified_count)

    def expired_owners(self, moment: datetime, limit: int) -> list[OrderId]:
        """Orders that still hold a use although its time is over."""
        query = {"state": "held", "expires_at": before(moment)}
        found = self._uses.find(query, {"order_id": 1}).limit(limit)
        return list(dict.fromkeys(OrderId(use["order_id"]) for use in found))

    def is_used(self, promotion_id: PromotionId, session: Session | None = None) -> bool:
        """Whether any order uses a promotion, or ever did."""
        if self._totals.find_one({"_id": promotion_id}, {"_id": 1}, session=session):
            return True  # without a look at all its uses
        found = self._uses.find_one({"promotion_id": promotion_id}, {"_id": 1}, session=session)
        return found is not None

    def listed(self, promotion_id: PromotionId, after: str, most: int) -> list[Use]:
        """A promotion's uses, the newest first, from the place ``after`` on."""
        found = page_back(self._uses, {"promotion_id": promotion_id}, "at", most, after)
        return list(map(_use, found))

    def count(self, promotion_id: PromotionId, session: Session | None = None) -> Counter[str]:
        """How many uses of a promotion are in which state."""
        found = self._uses.find({"promotion_id": promotion_id}, {"state": 1}, session=session)
        return Counter(str(use["state"]) for use in found)

    # --- slots ----------------------------------------------------------------------------------

    def slots(
        self, promotion_id: PromotionId, customer: str, session: Session | None = None
    ) -> dict[int, OrderId]:
        """A customer's slots that are taken, with the order that holds each."""
        query = {"promotion_id": promotion_id, "customer": customer}
        return {
            int(slot["_id"].rsplit(":", 1)[1]): OrderId(slot["order_id"])
            for slot in self._slots.find(query, session=session)
        }

    def take_slot(
        self,
        promotion_id: PromotionId,
        customer: str,
        number: int,
        order_id: OrderId,
        session: Session,
    ) -> None:
        """Take a free slot. Raises ``DuplicateKeyError`` if somebody was faster."""
        self._slots.insert_one(
            {
                "_id": f"{promotion_id}:{customer}:{number}",
                "promotion_id": promotion_id,
                "customer": customer,
                "order_id": order_id,
            },
            session=session,
        )

    def free_slots(self, promotion_id: PromotionId, order_id: OrderId, session: Session) -> None:
        """Free every slot that an order holds of a promotion."""
        self._slots.delete_many(
            {"promotion_id": promotion_id, "order_id": order_id}, session=session
        )


def _use(document: Document) -> Use:
    return Use(
        id=document["_id"],
        order_id=OrderId(document["order_id"]),
        code=document["code"],
        state=document["state"],
        given=Money(document["amount"], document["currency"]),
        at=document["at"],
    )
