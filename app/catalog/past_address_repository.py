"""Where products were before their address changed, so that links to them still arrive."""

from __future__ import annotations

from app.db.database import Database, Session
from app.shared.clock import now
from app.shared.ids import ProductId


class PastAddresses:
    """Reads and writes ``past_addresses``; an address that is in use again counts for nothing."""

    def __init__(self, database: Database) -> None:
        self._addresses = database["past_addresses"]
        self._products = database["products"]

    def keep(self, slug: str, product_id: ProductId, session: Session) -> None:
        """Remember that a product was at this address; the last one that was there is found."""
        self._addresses.update_one(
            {"_id": slug},
            {"$set": {"product_id": product_id, "at": now()}},
            upsert=True,
            session=session,
        )

    def find(self, slug: str) -> str | None:
        """The address of today of the product that was at this one, or None."""
        kept = self._addresses.find_one({"_id": slug})
        if kept is None or self._products.find_one({"slug": slug}, {"_id": 1}):
            return None
        product = self._products.find_one({"_id": kept["product_id"]}, {"slug": 1})
        return product["slug"] if product else None
