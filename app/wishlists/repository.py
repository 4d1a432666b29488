"""Wishlist documents: one a person, by its id."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from app.db.database import Database, Document, Session
from app.shared.clock import now
from app.wishlists.models import Item, Wishlist, WishlistId


class WishlistRepository:
    """Reads and writes ``wishlists``."""

    def __init__(self, database: Database) -> None:
        self._lists = database["wishlists"]

    def find(self, list_id: WishlistId, session: Session | None = None) -> Wishlist:
        """The list; an empty one if it was never stored."""
        found = self._lists.find_one({"_id": list_id}, session=session)
        return _from_document(found) if found else Wishlist(id=list_id)

    def find_shared(self, token: str) -> Wishlist | None:
        """The list that this token shows, or None."""
        found = self._lists.find_one({"share_token": token}) if token else None
        return _from_document(found) if found else None

    def store(
        self, wishlist: Wishlist, expires_at: datetime | None, session: Session | None = None
    ) -> bool:
        """Store the list as the next version of what was read; False if that moved on.

        Raises ``DuplicateKeyError`` if somebody else stored it first.
        """
        document = {
            "_id": wishlist.id,
            "items": [asdict(item) for item in wishlist.items],
            "version": wishlist.version + 1,
            "updated_at": now(),
            **({"expires_at": expires_at} if expires_at else {}),
            **({"share_token": wishlist.share_token} if wishlist.share_token else {}),
        }
        if wishlist.version == 0:
            self._lists.insert_one(document, session=session)
            return True
        known = {"_id": wishlist.id, "version": wishlist.version}
        return bool(self._lists.replace_one(known, document, session=session).matched_count)

    def take(self, wishlist: Wishlist, session: Session) -> bool:
        """Delete the list if it still is what was read: who does so has its items."""
        known = {"_id": wishlist.id, "version": wishlist.version}
        return bool(self._lists.delete_one(known, session=session).deleted_count)

    def delete(self, list_id: WishlistId, session: Session) -> None:
        """Delete the list, whatever is on it."""
        self._lists.delete_one({"_id": list_id}, session=session)


def _from_document(document: Document) -> Wishlist:
    return Wishlist(
        id=document["_id"],
        items=tuple(Item(**each) for each in document["items"]),
        version=document["version"],
        share_token=document.get("share_token", ""),
    )
