"""The wishlist of this request: the account's, or the browser's."""

from __future__ import annotations

from flask import g

from app.identity.context import signed_in_id
from app.shared.ids import AccountId
from app.web.registry import service
from app.web.visitor import ensure_visitor, known_visitor
from app.wishlists.models import WishlistId
from app.wishlists.rules import list_of_account, list_of_visitor
from app.wishlists.service import WishlistService


def current_list_id() -> WishlistId:
    """The account's list, or that of the browser, which is given a name if it has none.

    A guest's list joins the account's first, should signing in have been cut short.
    """
    if "wishlist_id" not in g:
        account_id = signed_in_id()
        if account_id is None:
            g.wishlist_id = list_of_visitor(ensure_visitor())
        else:
            bring_guest_wishlist(account_id)
            g.wishlist_id = list_of_account(account_id)
    return WishlistId(g.wishlist_id)


def bring_guest_wishlist(account_id: AccountId) -> None:
    """Put what this browser's guest wished for onto the account's list."""
    visitor = known_visitor()
    if visitor:
        service(WishlistService).join(visitor, account_id)
