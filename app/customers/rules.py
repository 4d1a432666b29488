"""Names of customers, words to find them by, and their places in lists: pure rules."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.customers.models import CountedOrder, Customer, CustomerId, CustomerSort
from app.shared.ids import AccountId
from app.shared.money import Money

_DIGITS = 15  # of minor units, and of orders
_MOST_WORDS = 12


def id_of_account(account_id: AccountId) -> CustomerId:
    """The customer that an account is."""
    return CustomerId(account_id)


def id_of_guest(email: str) -> CustomerId:
    """The customer that a guest is, whose address stands in no link."""
    return CustomerId(f"gst_{hashlib.sha256(email.encode()).hexdigest()[:32]}")


def search_words(email: str, name: str) -> list[str]:
    """What a customer is found by: the address, and the words of the name."""
    return list(dict.fromkeys([email, *name.casefold().split()]))[:_MOST_WORDS]


def tags(customer: Customer) -> list[str]:
    """What lists are narrowed by."""
    found = ["account" if customer.account_id else "guest"]
    found += [f"market:{customer.market}"] if customer.market else []
    return found + [f"group:{code}" for code in customer.groups]


def rank_number(number: int) -> str:
    """A number as text that sorts by size."""
    return f"{max(number, 0):0{_DIGITS}d}"


def rank_time(moment: datetime) -> str:
    """A moment as text that sorts by time."""
    return f"{moment:%Y%m%d%H%M%S%f}"


def ranks(customer: Customer) -> dict[str, object]:
    """The customer's place in each list, unlike everybody else's."""
    found: dict[str, object] = {
        CustomerSort.NEWEST.value: f"{rank_time(customer.since)}:{customer.id}",
        CustomerSort.ORDERS.value: f"{rank_number(customer.orders)}:{customer.id}",
        CustomerSort.SPENT.value: {
            each.currency: f"{rank_number(each.minor)}:{customer.id}" for each in customer.spent
        },
    }
    if customer.last_order_at is not None:
        found[CustomerSort.LAST_ORDER.value] = f"{rank_time(customer.last_order_at)}:{customer.id}"
    return found


def with_step(
    customer: Customer, before: CountedOrder | None, after: CountedOrder | None
) -> Customer:
    """The figures once an order counts as ``after`` says rather than as ``before`` did; what of
    them is another customer's is left out."""
    spent = {each.currency: each.minor for each in customer.spent}
    orders = customer.orders
    for order, step in ((before, -1), (after, 1)):
        if order is not None and order.customer_id == customer.id:
            orders += step
            currency = order.spent.currency
            spent[currency] = spent.get(currency, 0) + step * order.spent.minor
    counted = replace(customer, orders=orders, spent=as_money(spent))
    if after is None or after.customer_id != customer.id:
        return counted
    is_last = customer.last_order_at is None or after.placed_at >= customer.last_order_at
    is_first = customer.account_id is None and after.placed_at < customer.since
    first = after if is_first else None
    return with_ends(counted, first, after if is_last else None)


def as_money(minors: dict[str, int]) -> tuple[Money, ...]:
    """Amounts by currency, without those of nothing."""
    return tuple(Money(minors[each], each) for each in sorted(minors) if minors[each])


def with_ends(
    customer: Customer, first: CountedOrder | None, last: CountedOrder | None
) -> Customer:
    """The figures with what the first and the last order say, as far as they are given; a guest
    is who they name."""
    is_guest = customer.account_id is None
    if last is not None:
        name = last.name if is_guest else customer.name
        customer = replace(customer, last_order_at=last.placed_at, market=last.market, name=name)
    if first is not None and is_guest:
        customer = replace(customer, since=first.placed_at)
    return customer if customer.orders else replace(customer, last_order_at=None, market="")


def summed(customer: Customer, orders: Sequence[CountedOrder]) -> Customer:
    """The figures of all that a customer bought."""
    spent: dict[str, int] = {}
    for order in orders:
        spent[order.spent.currency] = spent.get(order.spent.currency, 0) + order.spent.minor
    by_time = sorted(orders, key=lambda each: (each.placed_at, each.order_id))
    counted = replace(customer, orders=len(orders), spent=as_money(spent))
    return with_ends(counted, *((by_time[0], by_time[-1]) if by_time else (None, None)))
