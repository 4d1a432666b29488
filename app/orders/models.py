"""Orders: a promise to sell, its money and its history."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.cart.models import Goods
from app.catalog.models import ChosenPart
from app.markets.taxing import RateTax
from app.promotions.kinds import Level
from app.promotions.models import LineReduction, Reduced
from app.shared.credit import CreditUse
from app.shared.ids import AccountId, CartId, CreditId, OrderId, PromotionId, Sku
from app.shared.languages import DEFAULT
from app.shared.money import Money, total
from app.shared.postal import Address


class OrderState(StrEnum):
    """Where an order stands. Transitions are in ``rules.TRANSITIONS``."""

    PENDING = "pending"  # placed, stock held, no money captured
    PAID = "paid"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class FulfilmentState(StrEnum):
    """How far the goods of a paid order are: what ``rules.fulfilment_of`` says of its units."""

    UNFULFILLED = "unfulfilled"
    PARTIAL = "partially_fulfilled"
    FULFILLED = "fulfilled"
    DELIVERED = "delivered"


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderReduction:
    """What a promotion took off the order, all lines together or off shipping."""

    promotion_id: PromotionId
    name: str
    code: str  # "" for an automatic one
    level: Level
    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPart:
    """A part of a bundle's line: ``quantity`` units in each set.

    ``net`` and ``tax`` are its share of the line's, all sets together.
    """

    position: int
    sku: Sku
    title: str
    variant_title: str
    quantity: int
    net: Money
    tax: Money
    tax_rate: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LineWait:
    """Units of a line that are sent on a day, or ``about`` then; as soon as they are there if
    there is no day."""

    units: int
    ships_on: datetime | None
    about: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderLine(Reduced):
    """What was sold, as it was then. The market decides if ``total`` contains the ``tax``.

    ``total`` is before discounts; each one's share of the line is in ``reductions``, and the tax
    is of what they leave.
    ``tax_rate`` is in basis points; None where the parts of a bundle have several, and for orders
    from before it was kept.
    """

    sku: Sku
    product_id: str
    slug: str
    title: str
    variant_title: str
    image_src: str
    quantity: int
    unit_price: Money
    total: Money
    tax: Money
    tax_rate: int | None = None
    reductions: tuple[LineReduction, ...] = ()
    parts: tuple[OrderPart, ...] = ()  # of a bundle
    wait: LineWait | None = None
    gift_card: bool = False
    gift_email: str = ""  # whom the gift card is for, "" for the buyer
    gift_message: str = ""

    @property
    def goods(self) -> Goods:
        """What it is of, as carts name it."""
        choice = (
            ChosenPart(position=part.position, sku=part.sku, quantity=part.quantity)
            for part in self.parts
        )
        return self.sku, tuple(choice)

    def on_shelf(self, quantity: int) -> tuple[tuple[int, Sku, int], ...]:
        """So many units as the shelf knows them: the part's position, 0 for a thing that is sold
        by itself, the SKU, and how many. Nothing of a gift card was ever on one."""
        if self.gift_card:
            return ()
        if not self.parts:
            return ((0, self.sku, quantity),)
        return tuple((part.position, part.sku, part.quantity * quantity) for part in self.parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class LineUnits:
    """Where the units of a line are. Each unit is ``open``, ``stopped`` or ``shipped``, and each
    shipped one is ``kept`` or, once somebody asked to send it back, ``returned``."""

    open: int
    stopped: int = 0  # paid back before it was shipped, so never to be
    shipped: int = 0
    kept: int = 0
    returned: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The order's sums. ``total`` is what it costs, to the minor unit.

    ``subtotal`` is the lines before and ``discount`` what promotions take off them; ``shipping``
    is after a discount on it. ``rounding`` is what the total is more (or less) than all of them,
    where a currency's last digit cannot be paid.
    """

    subtotal: Money
    discount: Money
    shipping: Money
    tax: Money
    tax_included: bool
    tax_name: str
    total: Money
    rounding: Money | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderEvent:
    """A line of the order's append-only timeline; ``public`` ones are shown to the shopper."""

    at: datetime
    kind: str
    message: str
    public: bool
    by: str = ""  # the member of staff who caused it


@dataclass(frozen=True, kw_only=True, slots=True)
class Order:
    """An order. ``checkout_token`` is unique: one cart version is ordered once."""

    id: OrderId
    number: str
    state: OrderState
    checkout_token: str
    access_token: str
    cart_id: CartId
    cart_version: int
    market: str
    locale: str  # the market's, for numbers and dates
    currency: str
    email: str
    address: Address
    lines: tuple[OrderLine, ...]
    shipping_method: str
    shipping_name: str
    totals: Totals
    placed_at: datetime
    paid_at: datetime | None
    gateway: str
    refunded: Money  # given back so far, as the gateway confirmed it
    fingerprint: str = ""  # of everything the shopper agreed to
    content: str = ""  # of the goods alone, to tell an order made twice
    account_id: AccountId | None = None  # None: a guest's
    reductions: tuple[OrderReduction, ...] = ()  # in the order they were worked out
    shipping_tax_rate: int | None = None  # basis points; None: several, or it was not kept
    taxes: tuple[RateTax, ...] = ()  # of lines and shipping; empty: from before they were kept
    tax_parts: tuple[str, ...] = ()  # what each tax is made of in even shares, if of several
    units: tuple[LineUnits, ...] = ()  # one for each line, once the order is stored
    fulfilment: FulfilmentState = FulfilmentState.UNFULFILLED
    shipments: int = 0
    delivered: int = 0  # of the shipments
    returns: int = 0  # asked for so far
    handed_over_at: datetime | None = None  # the last shipment's dispatch or arrival
    language: str = DEFAULT  # that it was placed in, and in which its shopper is written to
    withdrawn: bool = False  # its shopper cancelled it, paid or not: it is never gone on with
    credit: tuple[CreditUse, ...] = ()  # what gift cards and store credit pay of the total
    credit_refunded: Money | None = None  # of what was refunded: what went to credit accounts
    address_version: int = 0  # grows as staff change the address
    email_version: int = 0  # grows as staff correct the mail address
    adopted: bool = False  # a guest placed it: the account has it by its mail address alone

    @property
    def confirmation_key(self) -> str:
        """What names the confirmation that goes to its mail address by itself: "" for the first
        address, so that each is sent one."""
        return f"-{self.email_version}" if self.email_version else ""

    @property
    def due(self) -> Money:
        """What is left to be paid through a gateway."""
        return self.totals.total - total((use.amount for use in self.credit), self.currency)

    @property
    def refunded_by_gateway(self) -> Money:
        """What was refunded through the gateway, as it confirmed it."""
        return self.refunded - (self.credit_refunded or Money.zero(self.currency))

    @property
    def credit_ids(self) -> tuple[CreditId, ...]:
        """The credit accounts that pay some of it."""
        return tuple(use.credit_id for use in self.credit)

    @property
    def ships(self) -> bool:
        """Whether anything of it is sent by a carrier: gift cards go by e-mail."""
        return not all(line.gift_card for line in self.lines)

    @property
    def codes(self) -> tuple[str, ...]:
        """The coupon codes that it used."""
        return tuple(each.code for each in self.reductions if each.code)

    @property
    def waits(self) -> bool:
        """Whether something of it is sent later than the rest."""
        return any(line.wait for line in self.lines)

    @property
    def to_send(self) -> dict[Sku, int]:
        """Units that are still to be shipped, by SKU; of a set those of its parts. None of an order
        whose money all went back."""
        units: Counter[Sku] = Counter()
        if self.state is OrderState.REFUNDED:
            return {}
        for line, counted in zip(self.lines, self.units, strict=True):
            for _, sku, quantity in line.on_shelf(counted.open):
                units[sku] += quantity
        return dict(units)

    @property
    def is_paid(self) -> bool:
        """Whether its money was taken, wholly given back since or not."""
        return self.paid_at is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class ErasedOrder:
    """An order that says no more who placed it, with the ``email`` that it had, and those that
    staff corrected before."""

    id: OrderId
    number: str
    email: str
    former_emails: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class OrderPage:
    """Some of an account's orders, the newest first; pages are counted from 1."""

    orders: tuple[Order, ...]
    number: int
    has_more: bool
