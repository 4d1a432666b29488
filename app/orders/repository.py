"""Order documents and their timeline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from pymongo import ReturnDocument

from app.db.database import Database, Document, Session, find_any
from app.db.moments import before
from app.db.pages import page_back
from app.orders.documents import order_from_document, order_to_document
from app.orders.finding import words_of
from app.orders.models import FulfilmentState, Order, OrderEvent, OrderState
from app.orders.rules import sources_of
from app.shared.clock import now
from app.shared.ids import AccountId, CartId, OrderId, new_id
from app.shared.money import Money
from app.shared.places import place
from app.shared.texts import from_words, to_words

_FIRST_NUMBER = 10_000
_AT_ONCE = 100  # orders in memory, of very many
_SOLD = (OrderState.PAID.value, OrderState.REFUNDED.value)
_NAMED = {"address.name": {"$ne": ""}}
_OF_SALES = (
    "account_id",
    "email",
    "address.name",
    "market",
    "currency",
    "totals.total",
    "refunded",
    "placed_at",
    "erased_at",
)


class OrderRepository:
    """Reads and writes ``orders``, ``order_events`` and the order number counter."""

    def __init__(self, database: Database) -> None:
        self._orders = database["orders"]
        self._events = database["order_events"]
        self._counters = database["counters"]

    def next_number(self, session: Session) -> str:
        """The next order number. Counted inside the placing transaction, so without gaps."""
        counter = self._counters.find_one_and_update(
            {"_id": "orders"},
            {"$inc": {"value": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
            session=session,
        )
        return f"MX-{_FIRST_NUMBER + (counter or {})['value']}"

    def insert(self, order: Order, session: Session) -> None:
        """Store a new order. Raises ``DuplicateKeyError`` if its token was ordered before, or
        its cart has another open order."""
        self._orders.insert_one(order_to_document(order), session=session)

    def find(self, order_id: OrderId, session: Session | None = None) -> Order | None:
        """The order with this id, or None."""
        return _maybe(self._orders.find_one({"_id": order_id}, session=session))

    def numbers_of(self, ids: Iterable[OrderId]) -> dict[OrderId, str]:
        """The number of each of these orders."""
        found = find_any(self._orders, "_id", ids, only=("number",))
        return {each["_id"]: each["number"] for each in found}

    def find_by_number(self, number: str) -> Order | None:
        """The order with this number, or None."""
        return _maybe(self._orders.find_one({"number": number}))

    def find_open_of_cart(self, cart_id: CartId, session: Session | None = None) -> Order | None:
        """The cart's one order that still waits for its payment, or None."""
        query = {"cart_id": cart_id, "state": OrderState.PENDING.value}
        return _maybe(self._orders.find_one(query, session=session))

    def find_of_cart(self, cart_id: CartId, version: int, state: OrderState) -> Order | None:
        """An order of this version of a cart in this state, or None."""
        query = {"cart_id": cart_id, "cart_version": version, "state": state.value}
        return _maybe(self._orders.find_one(query))

    def unpaid_like(self, email: str, content: str, since: datetime) -> list[Order]:
        """Orders of the same goods by the same person that still wait for their payment."""
        query = {
            "email": email,
            "content": content,
            "state": OrderState.PENDING.value,
            "placed_at": {"$gte": since},
        }
        return [order_from_document(document) for document in self._orders.find(query)]

    def of_account(
        self, account_id: AccountId, skip: int = 0, most: int = 0, session: Session | None = None
    ) -> list[Order]:
        """An account's orders, the newest first; ``most`` 0 is all of them."""
        query = {"account_id": account_id}
        found = self._orders.find(query, session=session).sort("placed_at", -1)
        return [order_from_document(document) for document in found.skip(skip).limit(most)]

    def has_in(
        self, states: Iterable[OrderState], account_id: AccountId | None, emails: Iterable[str]
    ) -> bool:
        """Whether an account, or anybody with one of these addresses, has an order in a state."""
        state = {"$in": [each.value for each in states]}
        whose: list[Document] = [{"email": email} for email in emails]
        if account_id is not None:
            whose.append({"account_id": account_id})
        found = (self._orders.find_one({**who, "state": state}, {"_id": 1}) for who in whose)
        return any(found)

    def ids_in(self, states: Iterable[OrderState]) -> list[OrderId]:
        """Every order in one of these states."""
        query = {"state": {"$in": [state.value for state in states]}}
        return [document["_id"] for document in self._orders.find(query, {"_id": 1})]

    def every_id(self) -> list[OrderId]:
        """Every order."""
        return [document["_id"] for document in self._orders.find({}, {"_id": 1})]

    def latest(self, most: int) -> list[Order]:
        """The orders that were placed last, the newest first."""
        return list(map(order_from_document, page_back(self._orders, {}, "placed_at", most)))

    def count_to_ship(self, most: int) -> int:
        """How many paid orders have something to be shipped, at most ``most``."""
        found, after = 0, ""
        for fulfilment in (FulfilmentState.UNFULFILLED, FulfilmentState.PARTIAL):
            while found < most:
                # By one index alone: the embedded database takes the widest of several.
                query = {"fulfilment": fulfilment.value}
                page = page_back(self._orders, query, "placed_at", most, after, only=("state",))
                found += sum(each["state"] == OrderState.PAID.value for each in page)
                after = place(page[-1]["placed_at"], page[-1]["_id"]) if len(page) == most else ""
                if not after:
                    break
        return min(found, most)

    def paid_since(self, moment: datetime) -> Iterator[Order]:
        """Orders placed from ``moment`` on that are paid and not wholly refunded, read as they are
        asked for: there may be very many."""
        query = {"state": OrderState.PAID.value, "placed_at": {"$gte": moment}}
        return map(order_from_document, self._orders.find(query, batch_size=_AT_ONCE))

    def of_guest(self, email: str, most: int) -> list[Order]:
        """The newest orders that were placed with an address and without an account."""
        found = self._orders.find({"email": email, "account_id": None}).sort("placed_at", -1)
        return [order_from_document(document) for document in found.limit(most)]

    def sold(self, query: Document, session: Session) -> Iterator[Document]:
        """What sales are made of: those of these orders that were paid."""
        fields = dict.fromkeys(_OF_SALES, 1)
        found = self._orders.find({**query, "paid_at": {"$type": "date"}}, fields, session=session)
        return iter(found)

    def owners(self) -> Iterator[Document]:
        """Account and address of every order that there is."""
        return iter(self._orders.find({}, {"account_id": 1, "email": 1}))

    def has_of_guest(self, email: str) -> bool:
        """Whether a guest has ordered with this address."""
        return self._orders.find_one({"email": email, "account_id": None}, {"_id": 1}) is not None

    def adopt(self, account_id: AccountId, email: str, session: Session) -> list[OrderId]:
        """Give the orders that guests placed with this address to the account; which they are."""
        query = {"email": email, "account_id": None}
        ids = [each["_id"] for each in self._orders.find(query, {"_id": 1}, session=session)]
        if ids:
            change = {"$set": {"account_id": account_id, "adopted": True}}
            self._orders.update_many(query, change, session=session)
        return ids

    def person_of(self, account_id: AccountId, session: Session) -> list[Document]:
        """An account's orders as they are stored."""
        return list(self._orders.find({"account_id": account_id}, session=session))

    def cancelled_with_names(self, moment: datetime, most: int) -> list[Document]:
        """Orders that were never paid, placed before a moment, that still say who placed them."""
        query = {"state": OrderState.CANCELLED.value, "placed_at": before(moment), **_NAMED}
        return list(self._orders.find(query).limit(most))

    def sold_with_names(self, moment: datetime, most: int) -> list[Document]:
        """Orders that were paid, placed before a moment, that still say who placed them. They are
        asked for by their time, since most orders are paid and few are so old."""
        found = self._orders.find({"placed_at": before(moment), **_NAMED})
        return list(islice((each for each in found if each["state"] in _SOLD), most))

    def blank_by_id(self, order_id: OrderId, email: str, session: Session) -> None:
        """Take the person out of an order altogether."""
        document = self._orders.find_one({"_id": order_id}, session=session)
        if document is not None:
            self.blank(document, email, paper=False, session=session)

    def blank(self, document: Document, email: str, *, paper: bool, session: Session) -> None:
        """Take the person out of a stored order, and the account from it: it goes by ``email``
        from now on. ``paper`` leaves the name and address that its invoice must have."""
        address = {**document["address"], "phone": ""}
        if not paper:
            address |= dict.fromkeys(("name", "line1", "line2", "city", "postal_code"), "")
        lines = [
            {**line, **({"gift_email": "", "gift_message": ""} if "gift_email" in line else {})}
            for line in document["lines"]
        ]
        changes = {"email": email, "address": address, "lines": lines, "account_id": None}
        order = order_from_document({**document, **changes})
        nobody = replace(order, address=replace(order.address, name="", postal_code=""))
        kept = [word for word in document.get("search", ()) if word.startswith("is:")]
        self._orders.update_one(
            {"_id": document["_id"]},
            {
                "$set": {**changes, "search": words_of(nobody) + kept, "erased_at": now()},
                "$unset": {"former_emails": ""},
            },
            session=session,
        )

    def count_of_cart(
        self, cart_id: CartId, version: int, state: OrderState, session: Session
    ) -> int:
        """How many orders of this version of a cart are in this state."""
        query = {"cart_id": cart_id, "cart_version": version, "state": state.value}
        return len(list(self._orders.find(query, {"_id": 1}, session=session)))

    def is_ordered_anew(self, order: Order, cart_id: CartId, session: Session) -> bool:
        """Whether another order of this cart than this cancelled one waits for its payment, or was
        paid after this one was placed."""
        query = {
            "cart_id": cart_id,
            "state": {"$in": [OrderState.PENDING.value, *_SOLD]},
        }
        return any(
            other["state"] not in _SOLD
            or (cart_id == order.cart_id and other["cart_version"] >= order.cart_version)
            or other["paid_at"] >= order.placed_at
            for other in self._orders.find(query, session=session)
        )

    def set_gift_email(
        self, order_id: OrderId, position: int, email: str, session: Session
    ) -> None:
        """Say of a line (counted from 1) to whom its gift cards go."""
        self._orders.update_one(
            {"_id": order_id},
            {"$set": {f"lines.{position - 1}.gift_email": email}},
            session=session,
        )

    def claim(self, order_id: OrderId, gateway: str, session: Session) -> bool:
        """Mark an unpaid order as about to be charged by this gateway; from then on it cannot be
        cancelled."""
        result = self._orders.update_one(
            {"_id": order_id, "state": OrderState.PENDING.value},
            {"$set": {"claimed": True, "gateway": gateway}},
            session=session,
        )
        return bool(result.matched_count)

    def move(
        self,
        order_id: OrderId,
        target: OrderState,
        session: Session,
        *,
        only: Mapping[str, Any] | None = None,
        also: Mapping[str, Any] | None = None,
        words: Iterable[str] = (),
    ) -> bool:
        """Move forward to ``target`` from a state that allows it; False if it does not. From then
        on it is found under these ``words`` as well."""
        more = {"$addToSet": {"search": {"$each": list(words)}}} if words else {}
        result = self._orders.update_one(
            {"_id": order_id, "state": {"$in": sources_of(target)}, **(only or {})},
            {"$set": {"state": target.value, **(also or {})}, **more},
            session=session,
        )
        return bool(result.modified_count)

    def set_refunded(
        self, order: Order, refunded: Money, to_credit: Money, session: Session
    ) -> bool:
        """Change the sum of refunds from what ``order`` says, ``to_credit`` more of it to credit
        accounts; False if it moved on since."""
        result = self._orders.update_one(
            {"_id": order.id, "refunded": order.refunded.minor},
            {"$set": {"refunded": refunded.minor}, "$inc": {"credit_refunded": to_credit.minor}},
            session=session,
        )
        return bool(result.matched_count)

    def note(
        self,
        order_id: OrderId,
        kind: str,
        message: str,
        *,
        public: bool,
        session: Session | None = None,
        key: str | None = None,
        by: str = "",
    ) -> None:
        """Append to the timeline; ``key`` makes the line unique over repeats."""
        document = {
            "_id": f"{order_id}:{key}" if key else new_id("oev"),
            "order_id": order_id,
            "kind": kind,
            "message": message,
            "words": to_words(message),
            "public": public,
            "at": now(),
            **({"by": by} if by else {}),
        }
        self._events.update_one(
            {"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True, session=session
        )

    def timeline(self, order_id: OrderId, *, public_only: bool) -> list[OrderEvent]:
        """The order's history, oldest first."""
        query: Document = {"order_id": order_id, **({"public": True} if public_only else {})}
        return [
            OrderEvent(
                at=event["at"],
                kind=event["kind"],
                message=from_words(event["message"], event.get("words")),
                public=event["public"],
                by=event.get("by", ""),
            )
            for event in self._events.find(query).sort([("at", 1), ("_id", 1)])
        ]


def _maybe(document: Document | None) -> Order | None:
    return order_from_document(document) if document else None
