"""A promotion: the rule by which things get cheaper. A coupon is a code that unlocks one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from app.promotions.kinds import (
    Benefit,
    BundleSet,
    BuyGet,
    FreeShipping,
    Level,
    Scope,
    Stacking,
)
from app.shared.ids import AccountId, OrderId, PromotionId
from app.shared.money import Money, total
from app.shared.places import place


class PromotionState(StrEnum):
    """Whether a promotion can be used at a moment."""

    ACTIVE = "active"
    SCHEDULED = "scheduled"  # it has not begun
    ENDED = "ended"
    OFF = "off"


@dataclass(frozen=True, kw_only=True, slots=True)
class Conditions:
    """What must be so. Sums and counts are of the things in scope, sums before any discount.

    ``minimum_subtotal`` is minor units by market; a market without one has no minimum.
    ``accounts``, ``emails`` and ``groups`` (by code) name the customers, nothing is everybody.
    """

    minimum_subtotal: Mapping[str, int] = field(default_factory=dict)
    minimum_quantity: int = 0
    markets: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    first_order: bool = False

    @property
    def names_customers(self) -> bool:
        """Whether it is for some customers only."""
        return bool(self.accounts or self.emails or self.groups)


@dataclass(frozen=True, kw_only=True, slots=True)
class Promotion:
    """A rule as the shop keeps it. ``revision`` grows with every change of it.

    ``automatic`` needs no code. ``limit_total`` and ``limit_per_customer`` count orders, None is
    any number. Of two promotions that are used together, the one with the lower ``priority`` (then
    the lower id) is worked out first.
    """

    id: PromotionId
    name: str
    automatic: bool
    benefit: Benefit
    scope: Scope = field(default_factory=Scope)
    conditions: Conditions = field(default_factory=Conditions)
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    limit_total: int | None = None
    limit_per_customer: int | None = None
    stacking: Stacking = Stacking.COMBINABLE
    priority: int = 100
    active: bool = True
    revision: int = 1

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a promotion has a name that shoppers read")
        for limit in (self.limit_total, self.limit_per_customer):
            if limit is not None and limit < 1:
                raise ValueError("a limit is at least 1")
        for moment in (self.starts_at, self.ends_at):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("times name their time zone")

    def state_at(self, moment: datetime) -> PromotionState:
        """Where it stands then."""
        if not self.active:
            return PromotionState.OFF
        if self.ends_at is not None and self.ends_at <= moment:
            return PromotionState.ENDED
        if self.starts_at is not None and self.starts_at > moment:
            return PromotionState.SCHEDULED
        return PromotionState.ACTIVE

    @property
    def level(self) -> Level:
        """What it makes cheaper."""
        match self.benefit:
            case FreeShipping():
                return Level.SHIPPING
            case BuyGet() | BundleSet():
                return Level.ITEM
            case _:
                return Level.ORDER if self.scope.is_everything else Level.ITEM

    @property
    def uses_per_customer(self) -> int | None:
        """How often one customer may use it. A first order happens once."""
        return 1 if self.conditions.first_order else self.limit_per_customer

    @property
    def rank(self) -> tuple[int, str]:
        """Its place in the one order in which promotions are worked out."""
        return self.priority, self.id


@dataclass(frozen=True, kw_only=True, slots=True)
class CouponCode:
    """A code and how often it may be used; ``left`` is None for one without a limit."""

    code: str
    promotion_id: PromotionId
    limit: int | None
    left: int | None
    used: int
    batch: str
    switched_on: bool = True
    batch_is_on: bool = True
    paid: int = 0  # orders that used it and are paid

    @property
    def active(self) -> bool:
        """Whether neither it nor its batch was switched off."""
        return self.switched_on and self.batch_is_on


@dataclass(frozen=True, kw_only=True, slots=True)
class CodeBatch:
    """Codes that were made together: ``made`` of ``count`` by now. ``used`` is by paid orders."""

    promotion_id: PromotionId
    name: str
    prefix: str
    limit: int | None
    count: int
    made: int
    used: int
    active: bool
    at: datetime
    by: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """An order's use of a promotion: ``held`` until it is paid, then ``committed``, or
    ``released``."""

    id: str
    order_id: OrderId
    code: str
    state: str
    given: Money
    at: datetime

    @property
    def place(self) -> str:
        """Where a list of uses goes on after it."""
        return place(self.at, self.id)


@dataclass(frozen=True, kw_only=True, slots=True)
class UsedOn:
    """Paid orders that used a promotion, and what it took off them by currency: on a ``day``
    (UTC), or in all where that is None."""

    day: date | None
    used: int
    given: tuple[Money, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """Who buys, as far as the shop knows: an account, addresses typed or proven, or neither."""

    account_id: AccountId | None = None
    emails: tuple[str, ...] = ()  # in their normal spelling

    @property
    def is_known(self) -> bool:
        """Whether the shop can tell this customer from others."""
        return self.account_id is not None or bool(self.emails)

    @property
    def keys(self) -> tuple[str, ...]:
        """The names under which uses are counted, sorted. Addresses are hashed: a count does not
        need to be read."""
        keys = {f"email:{hashlib.sha256(email.encode()).hexdigest()[:40]}" for email in self.emails}
        if self.account_id is not None:
            keys.add(f"account:{self.account_id}")
        return tuple(sorted(keys))


ANYBODY = Customer()


# --- what it is worked out for, and what comes out ------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A line of a cart as promotions see it; ``unit_price`` in minor units."""

    key: str
    sku: str
    product_id: str
    slug: str
    quantity: int
    unit_price: int
    vendor: str = ""
    type: str = ""
    tags: tuple[str, ...] = ()
    weight_grams: int = 0  # of one unit
    collections: frozenset[str] = frozenset()

    @property
    def value(self) -> int:
        """What the line costs before any discount."""
        return self.unit_price * self.quantity


@dataclass(frozen=True, kw_only=True, slots=True)
class Reduction:
    """What one promotion takes off, in minor units by the key of the line.

    One on shipping has no amounts: what it is worth depends on the ``methods`` (empty is any) and
    on the one that is chosen. ``revision`` is the promotion's when this was worked out.
    """

    promotion_id: PromotionId
    revision: int
    name: str
    code: str  # "" for an automatic one
    level: Level
    amounts: Mapping[str, int] = field(default_factory=dict)
    methods: tuple[str, ...] = ()

    @property
    def amount(self) -> int:
        """All of it."""
        return sum(self.amounts.values())

    def covers(self, method: str) -> bool:
        """Whether it makes this shipping method free."""
        return self.level is Level.SHIPPING and (not self.methods or method in self.methods)


@dataclass(frozen=True, kw_only=True, slots=True)
class LineReduction:
    """What a promotion takes off one line, or off shipping, to be shown by its name."""

    name: str
    level: Level
    amount: Money


class Reduced:
    """A line of a cart or an order, with what promotions take off it; its tax is of what they
    leave."""

    __slots__ = ()
    total: Money
    reductions: tuple[LineReduction, ...]

    @property
    def discount(self) -> Money:
        """All that promotions take off it."""
        return total((each.amount for each in self.reductions), self.total.currency)

    @property
    def net(self) -> Money:
        """What is left to pay for it."""
        return self.total - self.discount

    @property
    def own_reductions(self) -> tuple[LineReduction, ...]:
        """Those of promotions on things, as against its share of those on the whole order."""
        return tuple(each for each in self.reductions if each.level is Level.ITEM)


@dataclass(frozen=True, kw_only=True, slots=True)
class CouponState:
    """A code on a cart: whether it is used, and what there is to say about that."""

    code: str
    name: str
    applied: bool
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Discounts:
    """What a cart's promotions come to."""

    reductions: tuple[Reduction, ...] = ()
    coupons: tuple[CouponState, ...] = ()

    def on_line(self, key: str) -> tuple[tuple[Reduction, int], ...]:
        """What each promotion takes off this line, where it takes anything."""
        found = ((each, each.amounts.get(key, 0)) for each in self.reductions)
        return tuple((each, minor) for each, minor in found if minor)

    @property
    def on_goods(self) -> int:
        """Minor units off all lines together."""
        return sum(each.amount for each in self.reductions)

    def on_shipping(self, method: str, price: int) -> tuple[tuple[Reduction, int], ...]:
        """What each promotion takes off the price of a shipping method: the first all of it."""
        first = next((each for each in self.reductions if each.covers(method)), None)
        return ((first, price),) if first and price else ()


NO_DISCOUNTS = Discounts()
