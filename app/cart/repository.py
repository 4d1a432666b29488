"""Cart documents. A write names the version it read, so two tabs never overwrite each other."""

from __future__ import annotations

from datetime import datetime, timedelta

from pymongo.errors import DuplicateKeyError

from app.cart.documents import cart_from_document, cart_to_document
from app.cart.models import Cart
from app.cart.rules import is_account_cart
from app.db.database import Database, Document, Session
from app.shared.clock import now
from app.shared.ids import CartId, OrderId

_GUEST_LIFE = timedelta(days=60)  # after its last use; an account's cart never ends
_MAX_HOLDERS = 10


class CartRepository:
    """Reads and writes ``carts``."""

    def __init__(self, database: Database) -> None:
        self._carts = database["carts"]

    def find(self, cart_id: CartId, session: Session | None = None) -> Cart | None:
        """The cart, or None if there is none (any more)."""
        found = self._carts.find_one({"_id": cart_id}, session=session)
        return cart_from_document(found) if found else None

    def used_since(self, moment: datetime, most: int) -> list[Cart]:
        """Carts that were used from ``moment`` on."""
        found = self._carts.find({"updated_at": {"$gte": moment}}).limit(most)
        return [cart_from_document(each) for each in found]

    def insert(self, cart: Cart, session: Session | None = None) -> bool:
        """Store a new cart; False if somebody stored one with this id just now."""
        document = {**cart_to_document(cart), **_expiry(cart.id, cart.updated_at), "holders": []}
        try:
            self._carts.insert_one(document, session=session)
        except DuplicateKeyError:
            return False
        return True

    def replace(self, cart: Cart, session: Session | None = None) -> bool:
        """Store ``cart`` as the next version of what was read; False if that is no longer so."""
        moment = now()
        document = cart_to_document(cart)
        del document["_id"]
        document.update(version=cart.version + 1, updated_at=moment, **_expiry(cart.id, moment))
        result = self._carts.update_one(
            {"_id": cart.id, "version": cart.version}, {"$set": document}, session=session
        )
        return bool(result.modified_count)

    def touch(self, cart_id: CartId) -> None:
        """Note that the cart is in use, so that a guest's lives on."""
        moment = now()
        used = {"updated_at": moment, **_expiry(cart_id, moment)}
        self._carts.update_one({"_id": cart_id}, {"$set": used})

    def add_holder(self, cart: Cart, order_id: OrderId, session: Session) -> bool:
        """Note an order of this very version of an unmerged cart; False if it moved on.

        The version stays, but whoever changes the cart at the same moment conflicts with this.
        """
        holders = (*cart.holders, order_id)[-_MAX_HOLDERS:]
        result = self._carts.update_one(
            {"_id": cart.id, "version": cart.version, "merged_into": None},
            {"$set": {"holders": list(holders)}},
            session=session,
        )
        return bool(result.modified_count)

    def set_holders(self, cart_id: CartId, holders: tuple[OrderId, ...], session: Session) -> None:
        """Hand the orders of a merged cart on."""
        kept = list(dict.fromkeys(holders))[-_MAX_HOLDERS:]
        self._carts.update_one({"_id": cart_id}, {"$set": {"holders": kept}}, session=session)

    def bar(self, cart_id: CartId, session: Session) -> None:
        """Make any order of this cart that is placed at the same moment conflict."""
        self._carts.update_one({"_id": cart_id}, {"$inc": {"bars": 1}}, session=session)

    def delete(self, cart_id: CartId, session: Session) -> None:
        """Forget a cart for good."""
        self._carts.delete_one({"_id": cart_id}, session=session)


def _expiry(cart_id: CartId, used_at: datetime) -> Document:
    return {} if is_account_cart(cart_id) else {"expires_at": used_at + _GUEST_LIFE}
