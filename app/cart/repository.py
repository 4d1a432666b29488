"""Cart documents. A write names the version it read, so two tabs never overwrite each other."""

from __future__ import annotations

from pymongo.errors import DuplicateKeyError

from app.cart.models import Cart, CartLine
from app.db.database import Database, Document, Session
from app.shared.clock import now
from app.shared.ids import CartId


class CartRepository:
    """Reads and writes ``carts``."""

    def __init__(self, database: Database) -> None:
        self._carts = database["carts"]

    def find(self, cart_id: CartId, session: Session | None = None) -> Cart | None:
        """The cart, or None if there is none (any more)."""
        found = self._carts.find_one({"_id": cart_id}, session=session)
        return _from_document(found) if found else None

    def insert(self, cart: Cart) -> bool:
        """Store a new cart; False if somebody stored one with this id just now."""
        try:
            self._carts.insert_one(_to_document(cart))
        except DuplicateKeyError:
            return False
        return True

    def replace(self, cart: Cart, session: Session | None = None) -> bool:
        """Store ``cart`` as the next version of what was read; False if that is no longer so."""
        document = _to_document(cart)
        document["version"] = cart.version + 1
        document["updated_at"] = now()
        result = self._carts.replace_one(
            {"_id": cart.id, "version": cart.version}, document, session=session
        )
        return bool(result.modified_count)

    def touch(self, cart_id: CartId) -> None:
        """Note that the cart is in use, so that it lives on."""
        self._carts.update_one({"_id": cart_id}, {"$set": {"updated_at": now()}})


def _to_document(cart: Cart) -> Document:
    return {
        "_id": cart.id,
        "version": cart.version,
        "updated_at": cart.updated_at,
        "lines": [
            {
                "id": line.id,
                "sku": line.sku,
                "product_id": line.product_id,
                "quantity": line.quantity,
                "seen_prices": dict(line.seen_prices),
                "added_at": line.added_at,
            }
            for line in cart.lines
        ],
    }


def _from_document(document: Document) -> Cart:
    return Cart(
        id=document["_id"],
        version=document["version"],
        updated_at=document["updated_at"],
        lines=tuple(CartLine(**line) for line in document["lines"]),
    )
