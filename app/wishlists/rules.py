"""Whose list is which, and what may be on it."""

from __future__ import annotations

from collections.abc import Iterable

from app.shared.errors import Invalid
from app.shared.ids import AccountId, Sku
from app.shared.texts import Text
from app.wishlists.models import Item, WishlistId

MOST = 100  # items that can be added to; a joined list keeps what both had
_PREFIX, _GUEST_PREFIX = "wishlist_of_", "wishlist_of_guest_"


class WishlistFull(Invalid):
    """A list is for choosing from, not for keeping."""

    def __init__(self) -> None:
        super().__init__(
            Text(
                "Your wishlist has %(most)s things on it, which is all it holds. Please "
                "remove something first.",
                most=MOST,
            )
        )


def list_of_account(account_id: AccountId) -> WishlistId:
    """The account's one list."""
    return WishlistId(f"{_PREFIX}{account_id}")


def list_of_visitor(visitor: str) -> WishlistId:
    """The list of a browser that nobody is signed in with."""
    return WishlistId(f"{_GUEST_PREFIX}{visitor}")


def is_guests(list_id: WishlistId) -> bool:
    """Whether the list is a browser's and not an account's."""
    return list_id.startswith(_GUEST_PREFIX)


def with_item(items: tuple[Item, ...], item: Item) -> tuple[Item, ...]:
    """The list with the item on it, once. Raises ``WishlistFull``."""
    if any(each.sku == item.sku for each in items):
        return items
    if len(items) >= MOST:
        raise WishlistFull
    return (*items, item)


def without_item(items: tuple[Item, ...], sku: Sku) -> tuple[Item, ...]:
    """The list without the variant."""
    return tuple(each for each in items if each.sku != sku)


def joined(items: Iterable[Item], more: Iterable[Item]) -> tuple[Item, ...]:
    """Everything that is on either list, once, in the order in which it was added."""
    first: dict[Sku, Item] = {}
    for each in sorted((*items, *more), key=lambda item: (item.added_at, item.sku)):
        first.setdefault(each.sku, each)
    return tuple(first.values())
