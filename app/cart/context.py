"""The cart of this request: the account's, or the guest's."""

from __future__ import annotations

from flask import g

from app.cart.cookie import forget_cart, guest_cart_id, remember_cart, sent_cart_id
from app.cart.models import MergeReceipt
from app.cart.rules import account_cart_id
from app.cart.service import CartService
from app.identity.context import current_account, signed_in_id
from app.markets.context import current_market
from app.promotions.models import Customer
from app.shared.ids import AccountId, CartId
from app.web.registry import service


def current_cart_id() -> CartId | None:
    """The account's cart, or for a guest the browser's, or None.

    Where somebody who signed in still holds a guest's cart, it is merged first: whichever request
    comes next after signing in does it, and one that dies leaves it to the next.
    """
    if "cart_id" not in g:
        account_id = signed_in_id()
        if account_id is None:
            return guest_cart_id()
        bring_guest_cart(account_id)
        g.cart_id = account_cart_id(account_id)
    return CartId(g.cart_id)


def bring_guest_cart(account_id: AccountId, *, apart_too: bool = False) -> MergeReceipt | None:
    """Merge the guest's cart that this browser holds, and take its name from the browser.

    A cart that an undo set apart stays, name and all, unless ``apart_too``.
    """
    guest_id = guest_cart_id()
    if guest_id is None:
        return None
    carts = service(CartService)
    receipt = carts.merge(guest_id, account_id, current_market(), apart_too=apart_too)
    left = carts.find(guest_id)
    if left is None or left.is_empty:
        forget_cart()
    return receipt


def current_customer(typed_email: str = "") -> Customer:
    """Who is shopping, under every name by which uses of promotions are counted.

    A typed address counts, since an order is placed with it; an account's own only once it is
    proven, or anybody could use up what is another's.
    """
    account_id = signed_in_id()
    emails = {typed_email} if typed_email else set()
    if account_id is not None and current_account().verified:
        emails.add(current_account().email)
    return Customer(account_id=account_id, emails=tuple(sorted(emails)))


def make_room_for(receipt_id: str, account_id: AccountId) -> None:
    """Before a merge is undone: the browser holds one guest's cart at a time, so another one that
    was set apart before goes into the account's cart rather than out of reach."""
    receipt = service(CartService).find_receipt(receipt_id, account_id)
    if guest_cart_id() not in {None, receipt.guest_cart_id}:
        bring_guest_cart(account_id, apart_too=True)


def hand_back(receipt: MergeReceipt) -> None:
    """After a merge was undone: name the guest's cart in the browser until it names it to us."""
    if sent_cart_id() == receipt.guest_cart_id:
        service(CartService).close_receipt(receipt.id, receipt.account_id)
    elif guest_cart_id() is None:
        remember_cart(receipt.guest_cart_id)
