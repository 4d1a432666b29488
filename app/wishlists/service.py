"""Adding, removing, joining and sharing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from app.catalog.models import Product, Variant
from app.catalog.rules import can_buy, variant_images, variant_url
from app.catalog.service import CatalogService
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.markets.models import Market
from app.shared.clock import now
from app.shared.errors import Conflict, NotFound
from app.shared.ids import AccountId, Sku, new_secret
from app.shared.texts import Text
from app.wishlists.models import Item, Wish, Wishlist, WishlistId
from app.wishlists.repository import WishlistRepository
from app.wishlists.rules import (
    is_guests,
    joined,
    list_of_account,
    list_of_visitor,
    with_item,
    without_item,
)

_GUEST_LIFE = timedelta(days=60)  # after the last change, as long as the browser has its name
_TRIES = 20
T = TypeVar("T")


class _MovedOn(Exception):
    """The list is no longer what was read of it."""


class WishlistService:
    """Everybody's lists. A change is written only over the version that it was made from."""

    def __init__(self, database: Database, catalog: CatalogService) -> None:
        self._database = database
        self._catalog = catalog
        self._lists = WishlistRepository(database)

    # --- reading --------------------------------------------------------------------------------

    def find(self, list_id: WishlistId) -> Wishlist:
        """The list, perhaps an empty one."""
        return self._lists.find(list_id)

    def find_shared(self, token: str) -> Wishlist:
        """The list that its owner shares by this token. Raises ``NotFound``."""
        found = self._lists.find_shared(token)
        if found is None:
            raise NotFound(Text("This wishlist is not shared (any more)."))
        return found

    def wishes(self, wishlist: Wishlist, market: Market) -> tuple[Wish, ...]:
        """What a page shows of the list, the item added last first."""
        skus = [item.sku for item in reversed(wishlist.items)]
        sold = self._catalog.get_variants(skus)
        stock = self._catalog.available(sold)
        gone = [sku for sku in skus if sku not in sold]
        names = self._catalog.names_of(gone) if gone else {}
        return tuple(
            _wish(*sold[sku], stock, market)
            if sku in sold
            else _past(sku, *names.get(sku, ("", "")))
            for sku in skus
        )

    # --- changing -------------------------------------------------------------------------------

    def add(self, list_id: WishlistId, sku: Sku) -> str:
        """Put a variant on the list, once; its product's title.

        Raises ``NotFound`` for what is not sold, and ``WishlistFull``.
        """
        found = self._catalog.get_variants([sku]).get(sku)
        if found is None:
            raise NotFound(Text("We could not find this product."))
        item = Item(sku=sku, added_at=now())
        self._change(list_id, lambda known: replace(known, items=with_item(known.items, item)))
        return found[0].title

    def remove(self, list_id: WishlistId, sku: Sku) -> None:
        """Take a variant off the list; repeating it changes nothing."""
        self._change(list_id, lambda known: replace(known, items=without_item(known.items, sku)))

    def share(self, account_id: AccountId, *, shared: bool) -> None:
        """Give the account's list an address to show around, or take it back for good."""

        def step(known: Wishlist) -> Wishlist:
            if shared:
                return replace(known, share_token=known.share_token or new_secret())
            return replace(known, share_token="")

        self._change(list_of_account(account_id), step)

    def _change(self, list_id: WishlistId, step: Callable[[Wishlist], Wishlist]) -> None:
        def attempt() -> None:
            known = self._lists.find(list_id)
            changed = step(known)
            if changed != known and not self._lists.store(changed, _end_of(list_id)):
                raise _MovedOn

        _until_settled(attempt)

    # --- joining --------------------------------------------------------------------------------

    def join(self, visitor: str, account_id: AccountId) -> None:
        """Put a guest's list onto the account's: whoever takes it away brings it, all of it.

        Two sign-ins at once bring it once; one that dies leaves it to the next.
        """
        guest_id, own_id = list_of_visitor(visitor), list_of_account(account_id)
        if self._lists.find(guest_id).version == 0:
            return

        def work(session: Session) -> None:
            guest = self._lists.find(guest_id, session)
            if guest.version == 0:
                return
            if not self._lists.take(guest, session):
                raise _MovedOn
            own = self._lists.find(own_id, session)
            both = replace(own, items=joined(own.items, guest.items))
            if both != own and not self._lists.store(both, None, session):
                raise _MovedOn

        _until_settled(lambda: self._database.in_transaction(work))

    def forget(self, account_id: AccountId, session: Session) -> None:
        """Delete the account's list."""
        self._lists.delete(list_of_account(account_id), session)


def _wish(product: Product, variant: Variant, stock: Mapping[Sku, int], market: Market) -> Wish:
    price = variant.price_in(market.code)
    return Wish(
        sku=variant.sku,
        url=variant_url(product, variant.options),
        title=product.title,
        variant_title=variant.title,
        image=next(iter(variant_images(product, variant)), None),
        price=price.amount if price else None,
        buyable=can_buy(variant, market.code, stock),
    )


def _past(sku: Sku, title: str, variant_title: str) -> Wish:
    """What has left the shop."""
    return Wish(
        sku=sku, url="", title=title or sku, variant_title=variant_title, image=None, price=None,
        buyable=False,
    )  # fmt: skip


def _end_of(list_id: WishlistId) -> datetime | None:
    return now() + _GUEST_LIFE if is_guests(list_id) else None


def _until_settled(attempt: Callable[[], T]) -> T:
    """Try again while another tab changes the same list."""
    for _ in range(_TRIES):
        try:
            return attempt()
        except (_MovedOn, DuplicateKeyError):
            continue
    raise Conflict(Text("Your wishlist is being changed in another window. Please try again."), 1)
