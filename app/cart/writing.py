"""Changing a stored cart while others may change it too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.cart.merge_rules import is_changed
from app.cart.models import Cart
from app.cart.repository import CartRepository
from app.cart.rules import is_account_cart
from app.shared.clock import now
from app.shared.errors import Conflict, NotFound
from app.shared.ids import CartId, new_id
from app.shared.texts import Text

_TRIES = 20


class CartWriter:
    """Each change is one conditional write of a whole cart."""

    def __init__(self, carts: CartRepository) -> None:
        self._carts = carts

    def change(
        self, cart_id: CartId | None, change: Callable[[Cart], Cart], *, create: bool
    ) -> Cart:
        """Apply ``change`` to the newest version until it is stored over what was read.

        A guest's cart that has ended, or was merged, gets a successor with a new id if
        ``create``: an id that lived twice would repeat its versions.
        """
        for _ in range(_TRIES):
            stored = self._carts.find(cart_id) if cart_id else None
            if stored is None or stored.merged_into is not None:
                if not create:
                    raise NotFound(Text("This line is no longer in your cart."))
                cart = self._first(cart_id, change)
                if cart is not None:
                    return cart
                continue
            after = change(stored)
            if after is stored:
                return after
            if is_changed(stored, after):
                after = replace(after, apart=False)
            if self._carts.replace(after):
                return replace(after, version=after.version + 1)
        raise Conflict(Text("Your cart is being changed in another window. Please try again."), 1)

    def _first(self, cart_id: CartId | None, change: Callable[[Cart], Cart]) -> Cart | None:
        """Store a new cart; None if somebody stored it just now."""
        known = cart_id is not None and is_account_cart(cart_id)
        own = cart_id if cart_id is not None and known else CartId(new_id("cart"))
        new = Cart(id=own, lines=(), version=0, updated_at=now())
        first = replace(change(new), version=1)
        return first if self._carts.insert(first) else None
