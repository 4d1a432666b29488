"""What a shopper agreed to when pressing the button, and the order that is made of it."""

from __future__ import annotations

from dataclasses import dataclass

from app.cart.models import PricedCart, PricedLine
from app.cart.taxing import LineTax
from app.checkout.errors import NotDelivered
from app.checkout.parts import shares_of, wait_of
from app.checkout.rules import Quote, agreed_discounts, fingerprint
from app.credit.rules import CreditPlan
from app.markets.models import Market
from app.markets.shipping import ShippingMethod
from app.orders.models import Order, OrderLine, OrderState
from app.promotions.models import ANYBODY, Customer
from app.shared.clock import now
from app.shared.errors import Invalid
from app.shared.ids import AccountId, CartId, OrderId, new_secret
from app.shared.money import Money
from app.shared.postal import Address
from app.shared.texts import Text, current_language


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchase:
    """Everything the shopper agreed to when pressing the button."""

    cart: PricedCart
    market: Market
    quote: Quote
    credit: CreditPlan
    email: str
    address: Address
    gateway: str  # "" where credit and discounts leave nothing to pay
    wants_twice: bool = False  # the shopper was warned of an order alike and insists
    account_id: AccountId | None = None  # None: a guest
    customer: Customer = ANYBODY  # under whose names uses of promotions are counted
    draft_id: str = ""  # of the draft order whose cart this is

    @property
    def cart_id(self) -> CartId:
        """The cart's id; an empty cart without one cannot be bought."""
        if self.cart.id is None:
            raise Invalid(Text("Your cart is empty."))
        return self.cart.id

    @property
    def method(self) -> ShippingMethod:
        """How it is shipped. Raises ``NotDelivered`` where it cannot be."""
        if self.quote.method is None:
            raise NotDelivered
        return self.quote.method

    @property
    def fingerprint(self) -> str:
        """Changes with anything that the order or its amount depends on."""
        lines = [(line.content, line.quantity, line.unit_price.minor) for line in self.cart.lines]
        total, discounts = self.quote.totals.total, agreed_discounts(self.cart)
        agreed = (self.email, self.address, self.method.code, self.market.code)
        return fingerprint(
            self.cart_id,
            self.cart.version,
            lines,
            discounts,
            total.minor,
            total.currency,
            *agreed,
            *self.credit.agreed,
        )

    @property
    def content(self) -> str:
        """Changes with the goods, whichever cart they are in."""
        lines = sorted((line.content, line.quantity) for line in self.cart.lines)
        return fingerprint(lines, self.market.code)


def new_order(purchase: Purchase, order_id: OrderId, *, token: str, number: str) -> Order:
    """The unpaid order of a purchase, as it is stored; ``token`` is unique to what is ordered.

    Raises ``NotDelivered`` where the goods cannot be sent.
    """
    quote, cart = purchase.quote, purchase.cart
    return Order(
        id=order_id,
        number=number,
        state=OrderState.PENDING,
        checkout_token=token,
        access_token=new_secret(),
        cart_id=purchase.cart_id,
        cart_version=cart.version,
        market=purchase.market.code,
        locale=purchase.market.locale,
        language=current_language(),
        currency=cart.currency,
        email=purchase.email,
        address=purchase.address,
        lines=tuple(
            _order_line(line, tax) for line, tax in zip(cart.lines, quote.line_taxes, strict=True)
        ),
        shipping_method=purchase.method.code,
        shipping_name=purchase.method.shown_name,
        totals=quote.totals,
        placed_at=now(),
        paid_at=None,
        gateway=purchase.gateway,
        refunded=Money.zero(cart.currency),
        fingerprint=purchase.fingerprint,
        content=purchase.content,
        account_id=purchase.account_id,
        reductions=quote.reductions,
        shipping_tax_rate=quote.shipping_rate,
        taxes=quote.taxes,
        tax_parts=quote.tax_parts,
        credit=purchase.credit.uses,
    )


def _order_line(line: PricedLine, tax: LineTax) -> OrderLine:
    return OrderLine(
        sku=line.sku,
        product_id=line.product_id,
        slug=line.slug,
        title=line.title,
        variant_title=line.variant_title,
        image_src=line.image.src if line.image else "",
        quantity=line.quantity,
        unit_price=line.unit_price,
        total=line.total,
        tax=tax.tax,
        reductions=line.reductions,
        parts=shares_of(line, tax),
        tax_rate=tax.rate,
        wait=wait_of(line),
        gift_card=line.gift_card,
        gift_email=line.gift_email,
        gift_message=line.gift_message,
    )
