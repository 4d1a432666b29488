"""Draft order documents, and the counter of their numbers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from app.db.database import Database, Document, Session
from app.db.pages import page_back
from app.drafts.models import Draft, DraftLine, DraftState
from app.drafts.rules import sources_of
from app.shared.clock import now
from app.shared.ids import CartId
from app.shared.postal import Address

_FIRST_NUMBER = 1_000


class DraftRepository:
    """Reads and writes ``drafts``."""

    def __init__(self, database: Database) -> None:
        self._drafts = database["drafts"]
        self._counters = database["counters"]

    def next_number(self, session: Session) -> str:
        """The next draft number."""
        which = {"_id": "drafts"}
        self._counters.update_one(which, {"$inc": {"value": 1}}, upsert=True, session=session)
        counter = self._counters.find_one(which, session=session) or {}
        return f"D-{_FIRST_NUMBER + counter['value']}"

    def insert(self, draft: Draft, session: Session) -> None:
        """Store a new draft. Raises ``DuplicateKeyError`` if its request was carried out."""
        document = asdict(draft)
        document["_id"] = document.pop("id")
        document["state"] = draft.state.value
        self._drafts.insert_one(document, session=session)

    def find(self, **query: Any) -> Draft | None:
        """The draft that fits, or None."""
        document = self._drafts.find_one({"_id" if k == "id" else k: v for k, v in query.items()})
        return _draft(document) if document else None

    def list(self, state: str, after: str, most: int) -> list[Draft]:
        """Drafts in a state, or in any, the newest first, from the place ``after`` on."""
        query: Document = {"state": state} if state else {}
        if state in {DraftState.OPEN.value, DraftState.EXPIRED.value}:
            over = "$lte" if state == DraftState.EXPIRED.value else "$gt"
            query = {"state": DraftState.OPEN.value, "expires_at": {over: now()}}
        return list(map(_draft, page_back(self._drafts, query, "created_at", most, after)))

    def take(self, draft_id: str, order_number: str, session: Session) -> bool:
        """Note an order of an open draft; False if it is over."""
        done = self._drafts.update_one(
            {
                "_id": draft_id,
                "$or": [
                    {"state": DraftState.ORDERED.value},
                    {"state": DraftState.OPEN.value, "expires_at": {"$gt": now()}},
                ],
            },
            {"$set": {"state": DraftState.ORDERED.value, "order_number": order_number}},
            session=session,
        )
        return bool(done.matched_count)

    def pay(self, cart_id: CartId, order_number: str) -> None:
        """Note which order of a draft's cart was paid; repeating it changes nothing."""
        self._drafts.update_one(
            {"cart_id": cart_id, "state": {"$in": sources_of(DraftState.PAID)}},
            {"$set": {"state": DraftState.PAID.value, "order_number": order_number}},
        )

    def move(self, target: DraftState, **which: Any) -> bool:
        """Move the draft that fits forward to ``target``; False if none does, or not from there."""
        done = self._drafts.update_one(
            {**which, "state": {"$in": sources_of(target)}}, {"$set": {"state": target.value}}
        )
        return bool(done.modified_count)


def _draft(document: Document) -> Draft:
    fields = dict(document)
    state = DraftState(fields.pop("state"))
    if state is DraftState.OPEN and fields["expires_at"] <= now():
        state = DraftState.EXPIRED
    address = fields.pop("address")
    return Draft(
        id=fields.pop("_id"),
        state=state,
        cart_id=CartId(fields.pop("cart_id")),
        address=Address(**address) if address else None,
        lines=tuple(DraftLine(**line) for line in fields.pop("lines")),
        **fields,
    )
