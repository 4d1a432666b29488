"""Filling, changing and reading carts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from app.cart.lines import (
    find_goods,
    find_line,
    others,
    put_aside,
    take_up,
    with_added,
    with_coupon,
    with_gift_card,
    with_gift_note,
    with_quantity,
    without_coupon,
    without_gift_card,
    without_saved,
)
from app.cart.merge_rules import bring
from app.cart.merging import Merging
from app.cart.models import (
    Cart,
    CartLine,
    GiftNote,
    Goods,
    MergeEntry,
    MergeReceipt,
    PricedCart,
    PricedLine,
)
from app.cart.offers import Offer, Shelf, Stock
from app.cart.ordering import CartOrdering
from app.cart.pricing import MoneyText
from app.cart.promoting import items_of, with_discounts
from app.cart.repository import CartRepository
from app.cart.rules import account_cart_id, is_account_cart
from app.cart.writing import CartWriter
from app.catalog.service import CatalogService
from app.db.database import Database, Session
from app.markets.models import Market
from app.promotions.codes import normal_code
from app.promotions.discounts import DiscountService
from app.promotions.eligibility import BETTER
from app.promotions.errors import CouponRefused, UnknownCode
from app.promotions.models import ANYBODY, Customer
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import AccountId, CartId, CreditId, LineId, Sku, new_id
from app.shared.meters import CARTS_LOST
from app.shared.texts import Text

_TOUCH_EVERY = timedelta(hours=12)


class CartService:
    """Carts of guests and accounts; each change is one conditional write of a whole cart.

    ``ordering`` is for whoever makes an order of a cart.
    """

    def __init__(
        self,
        database: Database,
        catalog: CatalogService,
        stock: Stock,
        discounts: DiscountService,
        money_text: MoneyText,
    ) -> None:
        self._catalog = catalog
        self._discounts = discounts
        self._carts = CartRepository(database)
        self._writer = CartWriter(self._carts)
        self._shelf = Shelf(catalog, stock, money_text)
        self._merging = Merging(database, self._carts, self._shelf)
        self.ordering = CartOrdering(self._carts, self._merging)

    # --- reading --------------------------------------------------------------------------------

    def find(self, cart_id: CartId | None) -> Cart | None:
        """The stored cart, or None."""
        return self._carts.find(cart_id) if cart_id else None

    def used_since(self, moment: datetime, most: int) -> list[Cart]:
        """Carts that were used from ``moment`` on; ``most`` may be fewer than there are."""
        return self._carts.used_since(moment, most)

    def of_account(self, account_id: AccountId) -> Cart | None:
        """The account's stored cart, or None."""
        return self._carts.find(account_cart_id(account_id))

    def view(
        self, cart_id: CartId | None, market: Market, customer: Customer = ANYBODY
    ) -> PricedCart:
        """The cart with today's prices, stock and discounts; an empty one for None or an unknown
        id."""
        cart = self.find(cart_id)
        if cart_id and cart is None and not is_account_cart(cart_id):
            CARTS_LOST.inc()
        if cart and now() - cart.updated_at > _TOUCH_EVERY:
            self._carts.touch(cart.id)
        return self.price(cart, market, customer)

    def price(self, cart: Cart | None, market: Market, customer: Customer = ANYBODY) -> PricedCart:
        """Price a cart that was read before, with the discounts that this customer gets."""
        priced = self._shelf.price(cart, market)
        if cart is None or not (cart.lines or cart.coupons):
            return priced
        discounts = self._discounts.work_out(
            items_of(priced), market, cart.coupons, customer, cart.holders
        )
        return with_discounts(priced, discounts)

    def count(self, cart_id: CartId | None) -> int:
        """Units in the cart, for the badge."""
        cart = self.find(cart_id)
        return sum(line.quantity for line in cart.lines) if cart else 0

    def title_of(self, sku: Sku) -> str:
        """The product's title for a message, empty for an unknown SKU."""
        found = self._catalog.get_variants([sku])
        return found[sku][0].title if sku in found else ""

    # --- filling --------------------------------------------------------------------------------

    def add(
        self,
        cart_id: CartId | None,
        sku: Sku,
        quantity: int,
        market: Market,
        chosen: Mapping[int, str] = MappingProxyType({}),
        note: GiftNote | None = None,
    ) -> tuple[CartId, PricedLine, PricedCart]:
        """Put ``quantity`` more of a variant in the cart; a cart is made if there is none.

        ``chosen`` are a bundle's parts by position, "" for an optional one left out; it is had in
        its first choice where nothing is said. ``note`` is of a gift card. Raises ``Invalid`` for
        an unknown or unsold SKU, a choice that there is not, and a quantity beyond stock or limit;
        then nothing changes.
        """
        stored = self.find(cart_id)
        offer = self._shelf.offer(sku, chosen, stored.holders if stored else ())
        offer.check_sold(market)

        def change(cart: Cart) -> Cart:
            noted = with_gift_note(cart, note) if note else cart
            return with_added(noted, offer, quantity, market)

        cart = self._writer.change(cart_id, change, create=True)
        priced = self.price(cart, market)
        added = find_goods(cart.lines, offer.goods)
        line = next(line for line in priced.lines if added and line.id == added.id)
        return cart.id, line, priced

    def fill_up(
        self, cart_id: CartId | None, wishes: Sequence[tuple[Goods, int]], market: Market
    ) -> tuple[CartId, tuple[MergeEntry, ...]]:
        """Have several variants in the cart, as far as stock and limits allow. What is there
        counts, so that two requests at once bring it once.

        Each wish that lacks something has its entry; a cart is made if there is none. Never raises
        for a wish.
        """
        stored = self.find(cart_id)
        holders = stored.holders if stored else ()
        offers = self._shelf.offers((goods for goods, _ in wishes), holders)
        wished: Counter[Goods] = Counter()
        for goods, units in wishes:
            wished[goods] += units
        entries: tuple[MergeEntry, ...] = ()

        def change(cart: Cart) -> Cart:
            nonlocal entries
            there = {line.goods: line.quantity for line in cart.lines}
            missing = [(goods, units - there.get(goods, 0)) for goods, units in wished.items()]
            wanted = [_wish(offers[goods], units, market) for goods, units in missing if units > 0]
            lines, entries = bring(cart.lines, wanted, offers, market)
            return replace(cart, lines=lines) if lines != cart.lines else cart

        return self._writer.change(cart_id, change, create=True).id, entries

    def set_quantity(
        self,
        cart_id: CartId | None,
        line_id: LineId,
        quantity: int,
        market: Market,
        customer: Customer = ANYBODY,
    ) -> PricedCart:
        """Set a line's quantity; 0 removes it, again and again if asked.

        Raises ``NotFound`` for a line of no cart of this shopper, ``Invalid`` beyond stock.
        """

        def change(cart: Cart) -> Cart:
            line = find_line(cart.lines, line_id)
            if line is None:
                if quantity == 0:
                    return cart
                raise NotFound(Text("This line is no longer in your cart."))
            if quantity > line.quantity:
                self._offer(line, cart).check_room(quantity, 0, others(cart.lines, line))
            return with_quantity(cart, line, quantity)

        return self.price(self._writer.change(cart_id, change, create=False), market, customer)

    def accept_prices(self, cart: PricedCart) -> None:
        """Remember the prices that the shopper has now been shown."""
        shown = {line.id: line.unit_price.minor for line in cart.lines if line.sellable}

        def change(stored: Cart) -> Cart:
            lines = tuple(
                replace(line, seen_prices={**line.seen_prices, cart.market: shown[line.id]})
                if line.id in shown
                else line
                for line in stored.lines
            )
            return replace(stored, lines=lines) if lines != stored.lines else stored

        if cart.id is not None:
            with suppress(NotFound):  # it was merged just now, with the prices it had seen
                self._writer.change(cart.id, change, create=False)

    # --- coupons --------------------------------------------------------------------------------

    def add_coupon(
        self, cart_id: CartId | None, typed: str, market: Market, customer: Customer
    ) -> PricedCart:
        """Keep a code with the cart, once.

        Raises ``UnknownCode``, and ``CouponRefused`` with the reason why it cannot be used now;
        then nothing changes.
        """
        code = normal_code(typed)
        if not typed.strip():
            raise CouponRefused(Text("Please enter a code."))
        if not code or not self._discounts.has_code(code):
            raise UnknownCode
        cart = self.find(cart_id)
        if cart is None or not cart.lines:
            raise CouponRefused(Text("Your cart is empty. Please put something in it first."))
        if code not in cart.coupons:
            self._try_coupon(cart, code, market, customer)
        cart = self._writer.change(cart_id, lambda stored: with_coupon(stored, code), create=False)
        return self.price(cart, market, customer)

    def _try_coupon(self, cart: Cart, code: str, market: Market, customer: Customer) -> None:
        tried = self.price(replace(cart, coupons=(*cart.coupons, code)), market, customer)
        state = tried.discounts.coupons[-1]
        # A better offer may be over before this cart is ordered, so such a code is kept.
        if not state.applied and state.note != BETTER:
            raise CouponRefused(state.note)

    def remove_coupon(
        self, cart_id: CartId | None, typed: str, market: Market, customer: Customer
    ) -> PricedCart:
        """Take a code off the cart, again and again if asked."""
        code, cart = normal_code(typed), self.find(cart_id)
        if cart is not None and code in cart.coupons:
            cart = self._writer.change(
                cart_id, lambda stored: without_coupon(stored, code), create=False
            )
        return self.price(cart, market, customer)

    # --- gift cards -----------------------------------------------------------------------------

    def add_gift_card(self, cart_id: CartId | None, credit_id: CreditId, most: int) -> None:
        """Keep a gift card to pay with, once. Raises ``NotFound`` for a shopper without a cart,
        and ``Invalid`` if the cart has ``most`` of them."""
        self._writer.change(
            cart_id, lambda cart: with_gift_card(cart, credit_id, most), create=False
        )

    def remove_gift_card(self, cart_id: CartId | None, credit_id: CreditId) -> None:
        """Take a gift card off the cart, again and again if asked."""
        cart = self.find(cart_id)
        if cart is not None and credit_id in cart.gift_cards:
            self._writer.change(
                cart_id, lambda stored: without_gift_card(stored, credit_id), create=False
            )

    # --- for later ------------------------------------------------------------------------------

    def save(
        self,
        cart_id: CartId | None,
        line_id: LineId,
        market: Market,
        customer: Customer = ANYBODY,
    ) -> PricedCart:
        """Put a line aside for later, once. Raises ``NotFound``, and ``Invalid`` if the list is
        full."""
        cart = self._writer.change(cart_id, lambda cart: put_aside(cart, line_id), create=False)
        return self.price(cart, market, customer)

    def take_up(
        self,
        cart_id: CartId | None,
        line_id: LineId,
        market: Market,
        customer: Customer = ANYBODY,
    ) -> PricedCart:
        """Move a saved line back into the cart, once.

        Raises ``NotFound``, and ``Invalid`` if it is not sold or beyond stock or limit.
        """

        def change(cart: Cart) -> Cart:
            line = find_line(cart.saved, line_id)
            if line is None:
                return take_up(cart, line_id, None)
            offer = self._offer(line, cart)
            offer.check_sold(market)
            return take_up(cart, line_id, offer)

        return self.price(self._writer.change(cart_id, change, create=False), market, customer)

    def remove_saved(
        self,
        cart_id: CartId | None,
        line_id: LineId,
        market: Market,
        customer: Customer = ANYBODY,
    ) -> PricedCart:
        """Take a line off the list for later, again and again if asked. Raises ``NotFound`` for
        a shopper without a cart."""
        cart = self._writer.change(cart_id, lambda cart: without_saved(cart, line_id), create=False)
        return self.price(cart, market, customer)

    # --- guests who log in ----------------------------------------------------------------------

    def merge(
        self,
        guest_cart_id: CartId,
        account_id: AccountId,
        market: Market,
        *,
        apart_too: bool = False,
    ) -> MergeReceipt | None:
        """Make a guest's cart part of the account's, once however often it is asked.

        The receipt, also for a repeat; None if there is nothing to merge: an empty cart, one that
        went into another account's, or one that an undo set apart, unless ``apart_too``.
        """
        return self._merging.merge(guest_cart_id, account_id, market, apart_too=apart_too)

    def open_receipt(self, account_id: AccountId) -> MergeReceipt | None:
        """The newest merge that the shopper has not put away, or None."""
        return self._merging.open_receipt(account_id)

    def find_receipt(self, receipt_id: str, account_id: AccountId) -> MergeReceipt:
        """A receipt of this account. Raises ``NotFound``."""
        return self._merging.find_receipt(receipt_id, account_id)

    def close_receipt(self, receipt_id: str, account_id: AccountId) -> None:
        """Put a receipt away. Raises ``NotFound`` for another account's."""
        self._merging.close_receipt(receipt_id, account_id)

    def undo_merge(self, receipt_id: str, account_id: AccountId) -> MergeReceipt:
        """Take a merge back, once. Raises ``NotFound`` for another account's, and ``Invalid``
        once goods of it were ordered and paid."""
        return self._merging.undo(receipt_id, account_id)

    def forget(self, account_id: AccountId, session: Session) -> None:
        """Delete an account's cart and the receipts of its merges."""
        self._merging.forget(account_id, session)

    # --------------------------------------------------------------------------------------------

    def _offer(self, line: CartLine, cart: Cart) -> Offer:
        return self._shelf.offers([line.goods], cart.holders)[line.goods]


def _wish(offer: Offer, quantity: int, market: Market) -> CartLine:
    price = offer.prices.get(market.code)
    return CartLine(
        id=LineId(new_id("line")),
        sku=offer.sku,
        product_id=offer.product_id,
        quantity=quantity,
        seen_prices={} if price is None else {market.code: price},
        added_at=now(),
        parts=offer.parts,
    )
