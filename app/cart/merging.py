"""A guest's cart becomes part of an account's: once, told in a receipt, and undone on request.

Each step is one transaction, so a process that dies leaves both carts as they were before or as
they are after. Goods that were paid for leave whichever cart they are in by then.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar

from app.cart.documents import contents
from app.cart.lines import without
from app.cart.merge_repository import MergeRepository
from app.cart.merge_rules import (
    bring_cards,
    bring_coupons,
    give_back,
    merge_carts,
    restore,
    units_got,
)
from app.cart.models import Cart, CartLine, Goods, MergeReceipt
from app.cart.offers import Offer, Shelf
from app.cart.repository import CartRepository
from app.cart.rules import account_cart_id, is_account_cart
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.markets.models import Market
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.ids import AccountId, CartId, OrderId
from app.shared.texts import Text

_TRIES = 20
T = TypeVar("T")


class _MovedOn(Exception):
    """A cart is no longer what was read of it."""


class Merging:
    """Puts carts together and apart, and follows goods through it."""

    def __init__(self, database: Database, carts: CartRepository, shelf: Shelf) -> None:
        self._database = database
        self._carts = carts
        self._shelf = shelf
        self._merges = MergeRepository(database)

    # --- together -------------------------------------------------------------------------------

    def merge(
        self, guest_cart_id: CartId, account_id: AccountId, market: Market, *, apart_too: bool
    ) -> MergeReceipt | None:
        """Merge the guest's cart into the account's; the receipt, also for a repeat.

        None if there is nothing to merge: an empty cart, one merged into another account's, or
        one that an undo set apart, unless ``apart_too``.
        """
        if is_account_cart(guest_cart_id):
            return None
        into = account_cart_id(account_id)

        def attempt() -> MergeReceipt | None:
            guest = self._carts.find(guest_cart_id)
            if guest is None or guest.merged_into is not None:
                return self._known(guest, into)
            if guest.is_empty or (guest.apart and not apart_too):
                return None
            account = self._carts.find(into)
            holders = (*(account.holders if account else ()), *guest.holders)
            wanted = [line.goods for line in (*guest.lines, *guest.saved)]
            offers = self._shelf.offers(wanted, holders)
            return self._database.in_transaction(
                lambda session: self._merge_in(guest, account_id, offers, market, session)
            )

        return _until_settled(attempt)

    def _known(self, guest: Cart | None, into: CartId) -> MergeReceipt | None:
        if guest is None or guest.merged_into != into:
            return None
        return self._merges.find(_receipt_id(guest.id, guest.version - 1))

    def _merge_in(
        self,
        guest: Cart,
        account_id: AccountId,
        offers: Mapping[Goods, Offer],
        market: Market,
        session: Session,
    ) -> MergeReceipt:
        into = account_cart_id(account_id)
        empty = Cart(id=guest.id, lines=(), version=guest.version, updated_at=guest.updated_at)
        claimed = replace(
            empty,
            merged_into=into,
            absorbed=guest.absorbed,
            parted_from=guest.parted_from,
            holders=guest.holders,
        )
        if not self._carts.replace(claimed, session):
            raise _MovedOn
        before = self._carts.find(into, session)
        account = before or Cart(id=into, lines=(), version=0, updated_at=now())
        after, entries = merge_carts(account, guest, offers, market)
        codes, coupons = bring_coupons(account, guest)
        after = replace(bring_cards(after, account, guest, entries), coupons=codes)
        self._store_account(after, before, (*account.holders, *guest.holders), session)
        receipt = MergeReceipt(
            id=_receipt_id(guest.id, guest.version),
            account_id=account_id,
            guest_cart_id=guest.id,
            guest_version=guest.version,
            account_cart_id=into,
            account_version=account.version + 1,
            at=now(),
            entries=entries,
            guest_before=contents(guest),
            account_before=contents(account),
            account_after=contents(after),
            coupons=coupons,
            held_before=account.holders,
        )
        self._merges.insert(receipt, session)
        return receipt

    def _store_account(
        self, after: Cart, before: Cart | None, holders: tuple[OrderId, ...], session: Session
    ) -> None:
        stored = (
            self._carts.replace(after, session)
            if before
            else self._carts.insert(replace(after, version=1), session)
        )
        if not stored:
            raise _MovedOn
        if holders:
            self._carts.set_holders(after.id, holders, session)

    # --- the receipt ----------------------------------------------------------------------------

    def open_receipt(self, account_id: AccountId) -> MergeReceipt | None:
        """The newest receipt that the shopper has not closed, or None."""
        return self._merges.find_open(account_id)

    def find_receipt(
        self, receipt_id: str, account_id: AccountId, session: Session | None = None
    ) -> MergeReceipt:
        """A receipt of this account. Raises ``NotFound``."""
        receipt = self._merges.find(receipt_id, session)
        if receipt is None or receipt.account_id != account_id:
            raise NotFound(Text("There is nothing to undo here."))
        return receipt

    def close_receipt(self, receipt_id: str, account_id: AccountId) -> None:
        """Put the receipt away, again and again if asked. Raises ``NotFound``."""
        self._merges.close(self.find_receipt(receipt_id, account_id).id)

    def undo(self, receipt_id: str, account_id: AccountId) -> MergeReceipt:
        """Take a merge back, once; both carts have again what they had.

        Raises ``NotFound``, and ``Invalid`` once goods of it were ordered and paid.
        """

        def work(session: Session) -> MergeReceipt:
            receipt = self.find_receipt(receipt_id, account_id, session)
            if receipt.undone_at is None:
                self._part(receipt, session)
            return receipt

        return _until_settled(lambda: self._database.in_transaction(work))

    def _part(self, receipt: MergeReceipt, session: Session) -> None:
        if receipt.ordered_at is not None:
            raise Invalid(Text("Something of it was ordered and paid, so the carts stay together."))
        account = self._carts.find(receipt.account_cart_id, session)
        if account is None:
            raise NotFound(Text("There is nothing to undo here."))
        if not self._merges.mark_undone(receipt.id, account.version, session):
            raise _MovedOn
        if not self._carts.replace(give_back(account, receipt), session):
            raise _MovedOn
        guest = self._carts.find(receipt.guest_cart_id, session)
        if guest is None:  # it expired; a version that was never used keeps orders apart
            new = self._expired(receipt)
            stored = self._carts.insert(restore(new, account, receipt), session)
        else:
            stored = self._carts.replace(restore(guest, account, receipt), session)
        if not stored:
            raise _MovedOn
        # Checking out replaces orders of the merged cart, and leaves the account's older ones.
        holders = (*(guest.holders if guest else ()), *account.holders)
        own = tuple(each for each in holders if each not in receipt.held_before)
        self._carts.set_holders(receipt.guest_cart_id, own, session)

    def _expired(self, receipt: MergeReceipt) -> Cart:
        return Cart(
            id=receipt.guest_cart_id,
            lines=(),
            version=receipt.guest_version + 2,
            updated_at=now(),
        )

    # --- goods that were paid for ---------------------------------------------------------------

    def take_out(
        self,
        cart_id: CartId,
        bought: Mapping[Goods, int],
        version: int,
        session: Session,
        used: Collection[str] = (),
    ) -> None:
        """Take what was bought out of the cart that was ordered, or of where its goods are now,
        and the codes and gift cards that were ``used`` for it.

        What was added after ``version`` stays.
        """
        cart = self._carts.find(cart_id, session)
        if cart is None:
            return
        if cart.merged_into is not None:
            self._take_merged(cart, bought, session, used)
            return
        lines, rest = ((), {}) if cart.version == version else without(cart.lines, bought)
        self._put(_used_up(cart, lines, used), session)
        if is_account_cart(cart_id):
            self._follow(cart_id, bought, rest, version, session)

    def _take_merged(
        self,
        guest: Cart,
        bought: Mapping[Goods, int],
        session: Session,
        used: Collection[str],
    ) -> None:
        """The guest's order was paid: what the merge brought of it is in the account's cart."""
        receipt = self._merges.find(_receipt_id(guest.id, guest.version - 1), session)
        if receipt is None:
            return
        brought = _both(bought, receipt)
        if brought:
            self._merges.mark_ordered(receipt.id, session)
            self._take_from(receipt.account_cart_id, brought, session, used)

    def _follow(
        self,
        account_cart_id: CartId,
        bought: Mapping[Goods, int],
        rest: dict[Goods, int],
        version: int,
        session: Session,
    ) -> None:
        """The account's order was paid: close the receipts of its goods, and take out what an
        undo moved away in the meantime."""
        for receipt in self._merges.unordered_of(account_cart_id, session):
            if receipt.account_version > version or not _both(bought, receipt):
                continue
            if receipt.undone_at is None:
                self._merges.mark_ordered(receipt.id, session)
            elif version <= receipt.undone_version and (parted := _both(rest, receipt)):
                left = self._take_from(receipt.guest_cart_id, parted, session)
                rest = {
                    goods: units - parted.get(goods, 0) + left.get(goods, 0)
                    for goods, units in rest.items()
                }

    def _take_from(
        self,
        cart_id: CartId,
        units: dict[Goods, int],
        session: Session,
        used: Collection[str] = (),
    ) -> dict[Goods, int]:
        """Take units out of a cart, or of the one it was merged into; those that were not there."""
        cart = self._carts.find(cart_id, session)
        if cart is not None and cart.merged_into is not None:
            cart = self._carts.find(cart.merged_into, session)
        if cart is None:
            return units
        lines, left = without(cart.lines, units)
        self._put(_used_up(cart, lines, used), session)
        return left

    def _put(self, cart: Cart, session: Session) -> None:
        if not self._carts.replace(cart, session):
            raise Conflict(Text("The cart is being changed."), retry_after=1)

    def forget(self, account_id: AccountId, session: Session) -> None:
        """Delete the account's cart and its receipts."""
        self._carts.delete(account_cart_id(account_id), session)
        self._merges.delete_all(account_id, session)


def _receipt_id(guest_cart_id: CartId, version: int) -> str:
    return f"{guest_cart_id}-{version}"


def _used_up(cart: Cart, lines: tuple[CartLine, ...], used: Collection[str]) -> Cart:
    """The cart with what is left of its lines, and without codes and gift cards that were used."""
    skus = {line.sku for line in (*lines, *cart.saved)}
    return replace(
        cart,
        lines=lines,
        coupons=tuple(code for code in cart.coupons if code not in used),
        gift_cards=tuple(each for each in cart.gift_cards if each not in used),
        gift_notes=tuple(note for note in cart.gift_notes if note.sku in skus),
    )


def _both(units: Mapping[Goods, int], receipt: MergeReceipt) -> dict[Goods, int]:
    """Those of the units that the merge brought into the cart."""
    got = units_got(receipt.entries, saved=False)
    return {goods: min(many, got[goods]) for goods, many in units.items() if goods in got}


def _until_settled(attempt: Callable[[], T]) -> T:
    """Try again while others change the same carts."""
    for _ in range(_TRIES):
        try:
            return attempt()
        except (_MovedOn, DuplicateKeyError):
            continue
    raise Conflict(Text("Your cart is being changed in another window. Please try again."), 1)
