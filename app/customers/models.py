"""Customers as the panel lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from app.shared.ids import AccountId, OrderId
from app.shared.money import Money

CustomerId = NewType("CustomerId", str)  # the account's id, or made of a guest's address


@dataclass(frozen=True, kw_only=True, slots=True)
class Customer:
    """Somebody with an account, or a guest who bought something. Only paid orders are counted.

    ``spent`` is what they paid without what they got back, by currency; ``market`` that of the
    last order; ``groups`` the codes of those their address is in. ``since`` is when they came.
    """

    id: CustomerId
    account_id: AccountId | None
    email: str
    name: str
    since: datetime
    orders: int = 0
    spent: tuple[Money, ...] = ()
    last_order_at: datetime | None = None
    market: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class CountedOrder:
    """What an order adds to a customer's figures."""

    order_id: OrderId
    customer_id: CustomerId
    spent: Money
    market: str
    name: str  # who it was sent to
    placed_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """What staff noted of a customer; ``version`` 0 is nothing yet."""

    text: str = ""
    version: int = 0
    by: str = ""
    at: datetime | None = None


class CustomerSort(StrEnum):
    """In which order customers are listed, the most first."""

    NEWEST = "newest"
    LAST_ORDER = "last_order"
    ORDERS = "orders"
    SPENT = "spent"


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerFilter:
    """Which customers to list. Empty fields ask for nothing; ``has_account`` is None for both.

    ``currency`` is the one by which spending is sorted. ``after`` is a page's ``rank``.
    """

    has_account: bool | None = None
    group: str = ""
    market: str = ""
    spent_over: Money | None = None
    ordered_since: datetime | None = None
    sort: CustomerSort = CustomerSort.NEWEST
    currency: str = ""
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A customer with their place in the list that was asked for."""

    customer: Customer
    rank: str
