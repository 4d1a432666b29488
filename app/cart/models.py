"""The shopper's cart as stored, and as shown with current prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.cart.telling import told
from app.catalog.models import Choice, Image
from app.catalog.policies import Promise
from app.markets.models import STANDARD
from app.promotions.codes import MOST_IN_CART
from app.promotions.kinds import Level
from app.promotions.models import NO_DISCOUNTS, Discounts, LineReduction, Reduced
from app.shared.ids import AccountId, CartId, CreditId, LineId, OrderId, ProductId, Sku
from app.shared.money import Money, total
from app.shared.texts import Text

Goods = tuple[Sku, Choice]  # what a line is of; without parts where it is no bundle


@dataclass(frozen=True, kw_only=True, slots=True)
class CartLine:
    """A wish for ``quantity`` of a variant. ``seen_prices`` are minor units by market, as shown.

    A bundle's has the ``parts`` that were chosen: two choices are two lines.
    """

    id: LineId
    sku: Sku
    product_id: ProductId
    quantity: int
    seen_prices: Mapping[str, int]
    added_at: datetime
    parts: Choice = ()

    @property
    def goods(self) -> Goods:
        """What it is of."""
        return self.sku, self.parts

    @property
    def skus(self) -> tuple[Sku, ...]:
        """Every SKU that must be known to price it."""
        return (self.sku, *(part.sku for part in self.parts))


@dataclass(frozen=True, kw_only=True, slots=True)
class GiftNote:
    """Whom the gift cards of a variant are for, "" for the buyer, and what to say to them."""

    sku: Sku
    email: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Kin:
    """A cart that shares goods with another one, in its versions ``since`` to ``until``."""

    cart_id: CartId
    since: int
    until: int

    def covers(self, version: int) -> bool:
        """Whether an order of this version may be for the shared goods."""
        return self.since <= version <= self.until


@dataclass(frozen=True, kw_only=True, slots=True)
class Cart:
    """What a shopper has put aside. ``version`` grows with every change.

    A guest's cart that was merged stays, empty, and says where its goods went. ``apart`` marks
    one that an undo gave back: it is not merged again until its guest changes it. ``absorbed``
    are the carts an account's cart took in, newest last; ``parted_from`` is the cart that an undo
    took this one's goods out of. ``holders`` are the orders placed from this cart, newest last:
    stock that they hold is this cart's own. ``coupons`` are codes in the order they were entered,
    ``gift_cards`` those it is to be paid with.
    """

    id: CartId
    lines: tuple[CartLine, ...]
    version: int
    updated_at: datetime
    saved: tuple[CartLine, ...] = ()  # for later
    coupons: tuple[str, ...] = ()
    gift_cards: tuple[CreditId, ...] = ()
    gift_notes: tuple[GiftNote, ...] = ()
    merged_into: CartId | None = None
    apart: bool = False
    absorbed: tuple[Kin, ...] = ()
    parted_from: Kin | None = None
    holders: tuple[OrderId, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it, nor saved for later, and no code was entered."""
        return not (self.lines or self.saved or self.coupons or self.gift_cards)

    @property
    def rivals(self) -> tuple[Kin, ...]:
        """Carts whose open orders may be for the same goods as this one's."""
        return (*self.absorbed, self.parted_from) if self.parted_from else self.absorbed


class Outcome(StrEnum):
    """What became of a line that was to be brought into a cart."""

    ADDED = "added"
    RAISED = "raised"  # the cart had some
    CLAMPED = "clamped"  # fewer came than were wanted
    DROPPED = "dropped"  # none could come


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeEntry:
    """What became of one line: ``got`` of ``wanted`` units came to the ``before`` that were there.

    ``why`` says in plain words what stopped the rest; ``saved`` is the list for later.
    """

    sku: Sku
    title: str
    variant_title: str
    outcome: Outcome
    wanted: int
    before: int
    got: int
    why: str = ""
    saved: bool = False
    parts: Choice = ()

    @property
    def goods(self) -> Goods:
        """What the line was of."""
        return self.sku, self.parts

    @property
    def name(self) -> str:
        """What it is called."""
        return f"{self.title} ({self.variant_title})" if self.variant_title else self.title

    @property
    def text(self) -> Text:
        """The same in plain words."""
        return told(
            self.name,
            outcome=self.outcome.value,
            wanted=self.wanted,
            before=self.before,
            got=self.got,
            why=self.why,
            saved=self.saved,
        )


class CouponOutcome(StrEnum):
    """What became of a code that was to be brought into a cart."""

    ADDED = "added"
    KNOWN = "known"  # the cart had it
    DROPPED = "dropped"  # the cart had as many as it holds


@dataclass(frozen=True, kw_only=True, slots=True)
class CouponEntry:
    """What became of one code."""

    code: str
    outcome: CouponOutcome

    @property
    def text(self) -> Text:
        """The same in plain words."""
        match self.outcome:
            case CouponOutcome.ADDED:
                return Text("Code %(code)s: added.", code=self.code)
            case CouponOutcome.KNOWN:
                return Text("Code %(code)s: was there already.", code=self.code)
            case CouponOutcome.DROPPED:
                return Text(
                    "Code %(code)s: not added, a cart holds up to %(most)s codes.",
                    code=self.code,
                    most=MOST_IN_CART,
                )


@dataclass(frozen=True, kw_only=True, slots=True)
class Contents:
    """Everything in a cart at some moment."""

    lines: tuple[CartLine, ...]
    saved: tuple[CartLine, ...]
    coupons: tuple[str, ...] = ()
    gift_cards: tuple[CreditId, ...] = ()
    gift_notes: tuple[GiftNote, ...] = ()

    def receiver(self, sku: Sku) -> str:
        """Whom gift cards of this variant go to, as one says it to the buyer."""
        emails = (note.email for note in self.gift_notes if note.sku == sku)
        return next(emails, "") or Text("you")


@dataclass(frozen=True, kw_only=True, slots=True)
class MergeReceipt:
    """One merge of a guest's cart into an account's.

    The id names the guest's cart and its version, so a version is merged once. ``account_version``
    is the account's cart with the goods in it, ``undone_version`` its last version with them.
    ``held_before`` are the account's orders from before: nothing that they hold goes along with an
    undo.
    """

    id: str
    account_id: AccountId
    guest_cart_id: CartId
    guest_version: int
    account_cart_id: CartId
    account_version: int
    at: datetime
    entries: tuple[MergeEntry, ...]
    guest_before: Contents
    account_before: Contents
    account_after: Contents
    coupons: tuple[CouponEntry, ...] = ()
    closed_at: datetime | None = None
    ordered_at: datetime | None = None
    undone_at: datetime | None = None
    undone_version: int = 0
    held_before: tuple[OrderId, ...] = ()

    @property
    def redirected(self) -> tuple[Text, ...]:
        """What is to be said of gift cards that were for two people, and all go to one now."""
        had = {line.sku for line in (*self.account_before.lines, *self.account_before.saved)}
        came = {entry.sku: entry.name for entry in self.entries if entry.got and entry.sku in had}
        found = []
        for sku, name in came.items():
            sides = (self.account_before, self.guest_before)
            were, now = [each.receiver(sku) for each in sides], self.account_after.receiver(sku)
            if other := next((each for each in were if each != now), None):
                found.append(
                    Text(
                        "%(title)s: all of these cards go to %(now)s, also those that were for "
                        "%(other)s. If that is wrong, take them out and buy them one after the "
                        "other.",
                        title=name,
                        now=now,
                        other=other,
                    )
                )
        return tuple(found)


@dataclass(frozen=True, kw_only=True, slots=True)
class PricedPart:
    """A part of a bundle's line: ``quantity`` units in each set, which cost ``apart`` alone."""

    position: int
    sku: Sku
    title: str
    variant_title: str
    quantity: int
    apart: Money
    stock_limited: bool = True  # it is sold of what is there alone
    taxable: bool = True
    tax_class: str = STANDARD


@dataclass(frozen=True, kw_only=True, slots=True)
class PricedLine(Reduced):
    """A cart line with today's product, price and stock.

    ``available`` is None where stock is not limited; ``notice`` tells the shopper what
    changed since the line was added ("Only 2 left", "The price rose from … to …").
    ``total`` is before discounts, which are in ``reductions``.
    """

    id: LineId
    sku: Sku
    product_id: ProductId
    slug: str
    title: str
    variant_title: str
    image: Image | None
    quantity: int
    unit_price: Money
    compare_at: Money | None
    total: Money
    max_quantity: int
    stock_limited: bool = True  # it is sold of what is there alone
    weight_grams: int
    taxable: bool
    notice: str
    sellable: bool
    vendor: str = ""
    type: str = ""
    tags: tuple[str, ...] = ()
    reductions: tuple[LineReduction, ...] = ()
    parts: tuple[PricedPart, ...] = ()  # of a bundle
    waits: int = 0  # of the quantity so many are sent once they are there, as is promised
    promise: Promise | None = None
    wait_text: str = ""  # the same for the shopper
    tax_class: str = STANDARD
    gift_card: bool = False
    gift_email: str = ""
    gift_message: str = ""

    @property
    def content(self) -> str:
        """What is in it, to tell it from other lines and from another composition."""
        parts = [(part.position, part.sku, part.quantity) for part in self.parts]
        return json.dumps([self.sku, parts]) if parts else self.sku


@dataclass(frozen=True, kw_only=True, slots=True)
class SavedLine:
    """A line kept for later, as it is sold today; no ``unit_price`` where it is not."""

    id: LineId
    slug: str
    title: str
    variant_title: str
    image: Image | None
    quantity: int
    unit_price: Money | None
    stock_text: str
    can_move: bool
    parts: tuple[PricedPart, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class PricedCart:
    """A cart in one market. ``subtotal`` counts sellable lines only, before discounts."""

    id: CartId | None  # None: the shopper has no cart yet
    version: int
    market: str
    currency: str
    lines: tuple[PricedLine, ...]
    subtotal: Money
    count: int  # units
    saved: tuple[SavedLine, ...] = ()
    discounts: Discounts = NO_DISCOUNTS
    gift_cards: tuple[CreditId, ...] = ()
    holders: tuple[OrderId, ...] = ()

    @property
    def gift_card_total(self) -> Money:
        """What gift cards in it cost, which credit cannot pay and nothing makes cheaper."""
        return total((line.net for line in self.lines if line.gift_card), self.currency)

    @property
    def ships(self) -> bool:
        """Whether anything in it is sent by a carrier: gift cards go by e-mail."""
        return not self.lines or not all(line.gift_card for line in self.lines)

    @property
    def discount(self) -> Money:
        """All that promotions take off the lines."""
        return Money(self.discounts.on_goods, self.currency)

    @property
    def weight_grams(self) -> int:
        """What can be sold of it weighs together."""
        return sum(line.weight_grams * line.quantity for line in self.lines if line.sellable)

    @property
    def reductions(self) -> tuple[tuple[str, Money], ...]:
        """What each promotion takes off the lines, by its name."""
        return tuple(
            (each.name, Money(each.amount, self.currency))
            for each in self.discounts.reductions
            if each.amount
        )

    @property
    def shipping_offers(self) -> tuple[str, ...]:
        """Promotions that make shipping free, by name."""
        offers = self.discounts.reductions
        return tuple(each.name for each in offers if each.level is Level.SHIPPING)

    @property
    def ready(self) -> bool:
        """Whether it can be checked out: something in it, and nothing that cannot be sold."""
        return bool(self.lines) and all(line.sellable for line in self.lines)
