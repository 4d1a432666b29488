"""Everything that a customer's page shows."""

from __future__ import annotations

from dataclasses import dataclass

from app.admin.guard import allowed
from app.admin.permissions import Permission
from app.credit.models import CreditAccount, CreditEntry
from app.credit.service import CreditService
from app.customers.models import Customer, Note
from app.customers.service import CustomerService
from app.groups.models import Group
from app.groups.service import GroupService
from app.identity.models import Account, AuthSession
from app.identity.service import AccountService
from app.identity.sessions import SessionService
from app.orders.models import Order
from app.orders.service import OrderService
from app.reviews.models import Review
from app.reviews.service import ReviewService
from app.web.registry import service
from app.wishlists.rules import list_of_account
from app.wishlists.service import WishlistService

_ORDERS, _ENTRIES, _REVIEWS = 10, 15, 10


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerPage:
    """A customer with what the shop has of them; a guest has no account and what belongs to it."""

    customer: Customer
    account: Account | None
    orders: tuple[Order, ...]
    credit: tuple[tuple[CreditAccount, tuple[CreditEntry, ...]], ...]
    reviews: tuple[Review, ...]
    wishes: int
    sessions: tuple[AuthSession, ...]
    groups: tuple[Group, ...]
    other_groups: tuple[Group, ...]
    note: Note


def customer_page(customer: Customer) -> CustomerPage:
    """Read what the page shows."""
    account_id = customer.account_id
    account = service(AccountService).find(account_id) if account_id else None
    groups = service(GroupService).every()
    inside = service(GroupService).codes_of([customer.email])
    return CustomerPage(
        customer=customer,
        account=account,
        orders=_orders(customer),
        credit=_credit(account),
        reviews=tuple(service(ReviewService).of_account(account.id)[:_REVIEWS]) if account else (),
        wishes=len(service(WishlistService).find(list_of_account(account.id)).items)
        if account
        else 0,
        sessions=tuple(service(SessionService).of_account(account.id)) if account else (),
        groups=tuple(each for each in groups if each.code in inside),
        other_groups=tuple(each for each in groups if each.code not in inside),
        note=service(CustomerService).note_of(customer.id),
    )


def _orders(customer: Customer) -> tuple[Order, ...]:
    orders = service(OrderService)
    if customer.account_id is None:
        return tuple(orders.of_guest(customer.email, _ORDERS))
    return orders.of_account(customer.account_id, 1).orders


def _credit(account: Account | None) -> tuple[tuple[CreditAccount, tuple[CreditEntry, ...]], ...]:
    if account is None or not allowed(Permission.CREDIT_VIEW):
        return ()
    credit = service(CreditService)
    return tuple(
        (each, tuple(reversed(credit.history(each.id)[-_ENTRIES:])))
        for each in credit.of_account(account.id)
    )
