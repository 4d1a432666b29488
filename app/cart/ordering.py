"""What an order does to its cart: binds itself to one version, and takes out what was paid for.

Everything here runs inside the transaction of the order.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from app.cart.merging import Merging
from app.cart.models import Cart, Goods
from app.cart.repository import CartRepository
from app.db.database import Session
from app.shared.ids import CartId, OrderId


class CartOrdering:
    """A cart as its orders see it."""

    def __init__(self, carts: CartRepository, merging: Merging) -> None:
        self._carts = carts
        self._merging = merging

    def pin(
        self, cart_id: CartId, version: int, order_id: OrderId, session: Session
    ) -> Cart | None:
        """Bind an order to this very version of the cart, in the transaction that places it.

        None if the cart was changed or merged; whoever does so at the same moment conflicts.
        """
        cart = self._carts.find(cart_id, session)
        if cart is None or cart.version != version:
            return None
        return cart if self._carts.add_holder(cart, order_id, session) else None

    def bar_rivals(self, cart_id: CartId, session: Session) -> tuple[CartId, ...]:
        """Other carts in which this one's goods are, or were; an order of them that is placed at
        the same moment conflicts with this transaction."""
        cart = self._carts.find(cart_id, session)
        if cart is None:
            return ()
        ids = [kin.cart_id for kin in cart.rivals]
        if cart.merged_into is not None:
            ids.append(cart.merged_into)
        for each in ids:
            self._carts.bar(each, session)
        return tuple(ids)

    def take_out(
        self,
        cart_id: CartId,
        bought: Mapping[Goods, int],
        version: int,
        session: Session,
        used: Collection[str] = (),
    ) -> None:
        """Empty the cart of what was bought, and of the codes that were used for it, in the
        transaction that marks the order paid.

        What was added after ``version`` stays. Goods that were merged into another cart since
        leave that one.
        """
        self._merging.take_out(cart_id, bought, version, session, used)
