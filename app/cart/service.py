"""Filling, changing and reading carts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Protocol

from app.cart.models import Cart, CartLine, PricedCart, PricedLine
from app.cart.pricing import MoneyText, price_cart
from app.cart.repository import CartRepository
from app.cart.rules import MAX_LINES, MAX_QUANTITY, check_stock
from app.catalog.models import Product, Variant
from app.catalog.service import CatalogService
from app.db.database import Database, Session
from app.markets.models import Market
from app.shared.clock import now
from app.shared.errors import Conflict, Invalid, NotFound
from app.shared.ids import CartId, LineId, Sku, new_id

_TRIES = 20
_TOUCH_EVERY = timedelta(hours=12)


class Stock(Protocol):
    """What the cart asks of the inventory."""

    def available(self, skus: Iterable[Sku]) -> dict[Sku, int]:
        """Units that can be sold now."""


class CartService:
    """Carts of guests; each change is one conditional write of a whole cart document."""

    def __init__(
        self, database: Database, catalog: CatalogService, stock: Stock, money_text: MoneyText
    ) -> None:
        self._carts = CartRepository(database)
        self._catalog = catalog
        self._stock = stock
        self._money_text = money_text

    def find(self, cart_id: CartId | None) -> Cart | None:
        """The stored cart, or None."""
        return self._carts.find(cart_id) if cart_id else None

    def view(self, cart_id: CartId | None, market: Market) -> PricedCart:
        """The cart with today's prices and stock; an empty one for None or an unknown id."""
        cart = self.find(cart_id)
        if cart and now() - cart.updated_at > _TOUCH_EVERY:
            self._carts.touch(cart.id)
        return self.price(cart, market)

    def price(self, cart: Cart | None, market: Market) -> PricedCart:
        """Price a cart that was read before."""
        skus = [line.sku for line in cart.lines] if cart else []
        catalogue = self._catalog.get_variants(skus) if skus else {}
        stock = self._stock.available(skus) if skus else {}
        return price_cart(cart, market, catalogue, stock, self._money_text)

    def count(self, cart_id: CartId | None) -> int:
        """Units in the cart, for the badge."""
        cart = self.find(cart_id)
        return sum(line.quantity for line in cart.lines) if cart else 0

    def add(
        self, cart_id: CartId | None, sku: Sku, quantity: int, market: Market
    ) -> tuple[CartId, PricedLine, PricedCart]:
        """Put ``quantity`` more of a variant in the cart; a cart is made if there is none.

        Raises ``Invalid`` for an unknown or unsold SKU and for a quantity beyond stock or
        limit; then nothing changes.
        """
        product, variant = self._sold(sku, market)
        limit = None if variant.sells_when_out else self._stock.available([sku])[sku]

        def change(cart: Cart) -> Cart:
            return _with_added(cart, product, variant, quantity, limit, market)

        cart = self._change(cart_id or CartId(new_id("cart")), change, create=True)
        priced = self.price(cart, market)
        line = next(line for line in priced.lines if line.sku == sku)
        return cart.id, line, priced

    def set_quantity(
        self, cart_id: CartId | None, line_id: LineId, quantity: int, market: Market
    ) -> PricedCart:
        """Set a line's quantity; 0 removes it, again and again if asked.

        Raises ``NotFound`` for a line of no cart of this shopper, ``Invalid`` beyond stock.
        """
        if cart_id is None:
            raise NotFound("This line is no longer in your cart.")

        def change(cart: Cart) -> Cart:
            line = next((line for line in cart.lines if line.id == line_id), None)
            if line is None:
                if quantity == 0:
                    return cart
                raise NotFound("This line is no longer in your cart.")
            if quantity > line.quantity:
                self._check_more(line, quantity)
            return _with_quantity(cart, line, quantity)

        return self.price(self._change(cart_id, change, create=False), market)

    def accept_prices(self, cart: PricedCart) -> None:
        """Remember the prices that the shopper has now been shown."""

        def change(stored: Cart) -> Cart:
            shown = {line.id: line.unit_price.minor for line in cart.lines if line.sellable}
            lines = tuple(
                replace(line, seen_prices={**line.seen_prices, cart.market: shown[line.id]})
                if line.id in shown
                else line
                for line in stored.lines
            )
            return replace(stored, lines=lines) if lines != stored.lines else stored

        if cart.id is not None:
            self._change(cart.id, change, create=False)

    def take_out(
        self, cart_id: CartId, bought: Mapping[Sku, int], version: int, session: Session
    ) -> None:
        """Empty the cart of what was bought, in the transaction that marks the order paid.

        What was added after ``version`` stays.
        """
        cart = self._carts.find(cart_id, session)
        if cart is None:
            return
        lines = () if cart.version == version else _without(cart, bought)
        if not self._carts.replace(replace(cart, lines=lines), session):
            raise Conflict("The cart is being changed.", retry_after=1)

    def title_of(self, sku: Sku) -> str:
        """The product's title for a message, empty for an unknown SKU."""
        found = self._catalog.get_variants([sku]).get(sku)
        return found[0].title if found else ""

    def _sold(self, sku: Sku, market: Market) -> tuple[Product, Variant]:
        found = self._catalog.get_variants([sku]).get(sku)
        if found is None:
            message = "We do not sell this item (any more)."
            raise Invalid(message, {"sku": message})
        if found[1].price_in(market.code) is None:
            message = f"This is not sold in {market.name}."
            raise Invalid(message, {"sku": message})
        return found

    def _check_more(self, line: CartLine, quantity: int) -> None:
        found = self._catalog.get_variants([line.sku]).get(line.sku)
        unlimited = found is not None and found[1].sells_when_out
        check_stock(quantity, 0, None if unlimited else self._stock.available([line.sku])[line.sku])

    def _change(self, cart_id: CartId, change: Callable[[Cart], Cart], *, create: bool) -> Cart:
        """Apply ``change`` to the newest version until it is stored over what was read."""
        for _ in range(_TRIES):
            stored = self._carts.find(cart_id)
            if stored is None and not create:
                raise NotFound("This cart has expired.")
            before = stored or Cart(id=cart_id, lines=(), version=0, updated_at=now())
            after = change(before)
            if after is before and stored:
                return after
            if stored is None:
                first = replace(after, version=1)
                if self._carts.insert(first):
                    return first
            elif self._carts.replace(after):
                return replace(after, version=after.version + 1)
        raise Conflict("Your cart is being changed in another window. Please try again.", 1)


def _with_added(
    cart: Cart, product: Product, variant: Variant, quantity: int, limit: int | None, market: Market
) -> Cart:
    price = variant.prices[market.code].amount.minor
    known = next((line for line in cart.lines if line.sku == variant.sku), None)
    check_stock(quantity, known.quantity if known else 0, limit)
    if known:
        seen = {**known.seen_prices, market.code: price}
        grown = replace(known, quantity=known.quantity + quantity, seen_prices=seen)
        return replace(cart, lines=tuple(grown if line is known else line for line in cart.lines))
    if len(cart.lines) >= MAX_LINES:
        raise Invalid(f"A cart holds up to {MAX_LINES} different items.")
    line = CartLine(
        id=LineId(new_id("line")),
        sku=variant.sku,
        product_id=product.id,
        quantity=quantity,
        seen_prices={market.code: price},
        added_at=now(),
    )
    return replace(cart, lines=(*cart.lines, line))


def _with_quantity(cart: Cart, line: CartLine, quantity: int) -> Cart:
    if quantity == line.quantity:
        return cart
    if quantity == 0:
        return replace(cart, lines=tuple(other for other in cart.lines if other is not line))
    changed = replace(line, quantity=min(quantity, MAX_QUANTITY))
    return replace(cart, lines=tuple(changed if other is line else other for other in cart.lines))


def _without(cart: Cart, bought: Mapping[Sku, int]) -> tuple[CartLine, ...]:
    left = (replace(line, quantity=line.quantity - bought.get(line.sku, 0)) for line in cart.lines)
    return tuple(line for line in left if line.quantity > 0)
