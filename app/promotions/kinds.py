"""What promotions give, and to which things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Discriminator

FULL = 10_000  # basis points: all of it


class Level(StrEnum):
    """What a promotion makes cheaper; the levels are worked out in this order."""

    ITEM = "item"
    ORDER = "order"
    SHIPPING = "shipping"


class Stacking(StrEnum):
    """What may be used together with a promotion."""

    COMBINABLE = "combinable"  # whatever may be combined as well
    ALONE_IN_LEVEL = "alone_in_level"  # nothing else of its level
    EXCLUSIVE = "exclusive"  # nothing else at all


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which things a promotion looks at: those that fit any of these, or everything if empty."""

    products: tuple[str, ...] = ()  # product ids or slugs
    skus: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()  # slugs
    vendors: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is named."""
        named = (self.products, self.skus, self.collections, self.vendors, self.types, self.tags)
        return not any(named)


# --- what a promotion gives -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Percentage:
    """A share off, in basis points."""

    kind: Literal["percentage"] = "percentage"
    basis_points: int

    def __post_init__(self) -> None:
        _check_share(self.basis_points)


@dataclass(frozen=True, kw_only=True, slots=True)
class FixedAmount:
    """An amount off, in minor units by market; a market without one does not have the promotion."""

    kind: Literal["fixed"] = "fixed"
    amounts: Mapping[str, int]

    def __post_init__(self) -> None:
        _check_amounts(self.amounts)


@dataclass(frozen=True, kw_only=True, slots=True)
class FreeShipping:
    """No charge for these shipping methods, or for any if none is named."""

    kind: Literal["free_shipping"] = "free_shipping"
    methods: tuple[str, ...] = ()

    def covers(self, method: str) -> bool:
        """Whether this method becomes free."""
        return not self.methods or method in self.methods


@dataclass(frozen=True, kw_only=True, slots=True)
class BuyGet:
    """For every ``buy`` units of the scope, ``get`` units get ``basis_points`` off.

    The cheapest ones do, of ``get_scope`` where it is given, else of the promotion's scope. A
    unit that is bought for is never one that gets cheaper. At most ``times`` an order, 0 is any.
    """

    kind: Literal["buy_get"] = "buy_get"
    buy: int
    get: int
    basis_points: int = FULL
    get_scope: Scope | None = None
    times: int = 0

    def __post_init__(self) -> None:
        _check_share(self.basis_points)
        if self.buy < 1 or self.get < 1 or self.times < 0:
            raise ValueError("buy and get must be at least 1, times at least 0")


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """So many units of a variant in a set."""

    sku: str
    quantity: int = 1

    def __post_init__(self) -> None:
        if self.quantity < 1:
            raise ValueError("a part of a set has at least 1 unit")


@dataclass(frozen=True, kw_only=True, slots=True)
class BundleSet:
    """These variants together for a price (minor units by market), or for a share less.

    At most ``times`` sets an order, 0 is any.
    """

    kind: Literal["bundle"] = "bundle"
    parts: tuple[Part, ...]
    prices: Mapping[str, int] = field(default_factory=dict)
    basis_points: int = 0
    times: int = 0

    def __post_init__(self) -> None:
        if len({part.sku for part in self.parts}) != len(self.parts) or not self.parts:
            raise ValueError("a set names each of its variants once")
        if bool(self.prices) == bool(self.basis_points):
            raise ValueError("a set has prices or basis_points, one of the two")
        if self.prices:
            _check_amounts(self.prices)
        else:
            _check_share(self.basis_points)
        if self.times < 0:
            raise ValueError("times is at least 0")


# The mark tells whoever reads one from a document or a file by which field to choose.
Benefit = Annotated[
    Percentage | FixedAmount | FreeShipping | BuyGet | BundleSet, Discriminator("kind")
]


def _check_share(basis_points: int) -> None:
    if not 0 < basis_points <= FULL:
        raise ValueError("basis_points is from 1 to 10000")


def _check_amounts(amounts: Mapping[str, int]) -> None:
    if not amounts or any(minor <= 0 for minor in amounts.values()):
        raise ValueError("amounts are positive minor units by market")
