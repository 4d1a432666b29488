"""Review documents."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from app.db.database import Database, Document, Session, find_any
from app.reviews.models import Buyer, Draft, Review, ReviewFilter, ReviewId, ReviewState
from app.shared.ids import AccountId, OrderId, ProductId


class ReviewRepository:
    """Reads and writes ``reviews``: one of a product by each buyer, and with each order."""

    def __init__(self, database: Database) -> None:
        self._reviews = database["reviews"]

    def find(self, review_id: ReviewId, session: Session | None = None) -> Review | None:
        """The review, or None."""
        return _maybe(self._reviews.find_one({"_id": review_id}, session=session))

    def find_of(
        self,
        product_id: ProductId,
        buyer: Buyer,
        order_ids: Iterable[OrderId],
        session: Session | None = None,
    ) -> Review | None:
        """What a buyer said of a product, also as a guest with one of these orders, or None."""
        query = {"product_id": product_id, "buyer": buyer}
        own = _maybe(self._reviews.find_one(query, session=session))
        if own is not None:
            return own
        for order_id in order_ids:
            query = {"product_id": product_id, "order_id": order_id}
            found = _maybe(self._reviews.find_one(query, session=session))
            if found is not None:
                return found
        return None

    def insert(self, review: Review, session: Session) -> None:
        """Store a new review. Raises ``DuplicateKeyError`` for a buyer's second of a product."""
        self._reviews.insert_one(_to_document(review), session=session)

    def replace(self, before: Review, after: Review, session: Session) -> bool:
        """Store ``after`` if the review still is what was read; False if it moved on.

        Raises ``DuplicateKeyError`` as ``insert`` does.
        """
        known = {"_id": before.id, "version": before.version, "state": before.state.value}
        result = self._reviews.replace_one(known, _to_document(after), session=session)
        return bool(result.matched_count)

    def published(self, product_id: ProductId, skip: int, most: int) -> list[Review]:
        """Published reviews of a product, the newest first."""
        query = {"product_id": product_id, "state": ReviewState.PUBLISHED.value}
        found = self._reviews.find(query).sort([("published_at", -1), ("_id", -1)])
        return [_from_document(document) for document in found.skip(skip).limit(most)]

    def in_state(self, state: ReviewState, most: int) -> list[Review]:
        """Reviews in a state, those written first at the top."""
        found = self._reviews.find({"state": state.value}).sort("updated_at", 1).limit(most)
        return [_from_document(document) for document in found]

    def listed(self, wanted: ReviewFilter, most: int) -> list[Review]:
        """Reviews as they are asked for, the newest first."""
        query: Document = {}
        if wanted.state is not None:
            query["state"] = wanted.state.value
        if wanted.product_id:
            query["product_id"] = wanted.product_id
        if wanted.stars:
            query["stars"] = wanted.stars
        if wanted.before:
            query["_id"] = {"$lt": wanted.before}
        found = self._reviews.find(query).sort("_id", -1).limit(most)
        return [_from_document(document) for document in found]

    def of_account(self, account_id: AccountId, session: Session | None = None) -> list[Review]:
        """Everything that an account's owner said."""
        found = self._reviews.find({"account_id": account_id}, session=session)
        return [_from_document(document) for document in found]

    def with_orders(
        self, order_ids: Iterable[OrderId], session: Session | None = None
    ) -> list[Review]:
        """What was said with these orders."""
        return list(map(_from_document, find_any(self._reviews, "order_id", order_ids, session)))

    def delete(self, review: Review, session: Session) -> bool:
        """Delete a review if it still is what was read; False if it moved on."""
        known = {"_id": review.id, "version": review.version, "state": review.state.value}
        return bool(self._reviews.delete_one(known, session=session).deleted_count)


def _to_document(review: Review) -> Document:
    document = asdict(review)
    document["_id"] = document.pop("id")
    document["state"] = review.state.value
    return {**document, **document.pop("draft")}


def _maybe(document: Document | None) -> Review | None:
    return _from_document(document) if document else None


def _from_document(document: Document) -> Review:
    draft = {name: document[name] for name in Draft.__dataclass_fields__}
    rest = {
        name: document[name]
        for name in Review.__dataclass_fields__
        if name not in {"id", "draft", "state"}
    }
    return Review(
        id=document["_id"], state=ReviewState(document["state"]), draft=Draft(**draft), **rest
    )
