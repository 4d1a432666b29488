"""Keeping customers' figures in step with orders and accounts. Runs in the worker.

Each order is noted with what it adds, and whoever changes that writes the difference in the same
transaction: an event that comes twice, late or out of order leaves the same figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from app.customers.models import CountedOrder, Customer, CustomerId
from app.customers.repository import CustomerRepository
from app.customers.rules import id_of_account, id_of_guest, summed, with_ends, with_step
from app.db.database import Database, Session
from app.groups.service import GroupService
from app.identity.models import Account
from app.identity.service import AccountService
from app.orders.sales import Sale, Sales
from app.shared.ids import AccountId, OrderId


class CustomerFigures:
    """One customer for each account, and for each address of guests who bought something."""

    def __init__(self, database: Database, accounts: AccountService, groups: GroupService) -> None:
        self._database = database
        self._accounts = accounts
        self._groups = groups
        self._sales = Sales(database)
        self._customers = CustomerRepository(database)

    # --- following ------------------------------------------------------------------------------

    def follow_order(self, order_id: OrderId) -> None:
        """Count an order as it is now: with its customer, or not at all while it is unpaid."""
        self._database.in_transaction(lambda session: self._follow_order(order_id, session))

    def _follow_order(self, order_id: OrderId, session: Session) -> None:
        sale = self._sales.find(order_id, session)
        before = self._customers.counted(order_id, session)
        after = _counted(sale) if sale else None
        if before == after:
            return
        if after is None:
            self._customers.uncount(order_id, session)
        else:
            self._customers.count(after, session)
        for customer_id in sorted({each.customer_id for each in (before, after) if each}):
            customer = self._customers.find(customer_id, session) or self._new(sale, customer_id)
            if customer is not None:
                changed = with_step(customer, before, after)
                if after is None or after.customer_id != customer_id:  # perhaps it was the last
                    changed = with_ends(changed, *self._customers.ends(customer_id, session))
                self._store(changed, session)

    def _new(self, sale: Sale | None, customer_id: CustomerId) -> Customer | None:
        if sale is None:
            return None
        if sale.account_id is None:
            return self._of_guest(sale)
        account = self._accounts.find(AccountId(customer_id))
        return self._of_account(account) if account else None

    def follow_account(self, account_id: AccountId) -> None:
        """Bring what is known of an account up to date; one that is gone and has no order goes."""

        def work(session: Session) -> None:
            account = self._accounts.find(account_id)
            known = self._customers.find(id_of_account(account_id), session)
            if account is not None:
                fresh = self._of_account(account)
                figures = known or fresh
                self._store(_with_figures(fresh, figures), session)
            elif known is not None:
                self._store(known, session)

        self._database.in_transaction(work)

    def follow_groups(self, emails: Iterable[str]) -> None:
        """Note which groups these addresses are in now."""
        for customer in self._customers.with_emails(emails):
            self.recount(customer.account_id, customer.email)

    def _store(self, customer: Customer, session: Session) -> None:
        """Write a customer, or take away one who has neither an account nor an order."""
        is_gone = customer.account_id is None or self._accounts.find(customer.account_id) is None
        if is_gone and not customer.orders:
            self._customers.delete(customer.id, session)
        else:
            self._customers.store(customer, session)

    # --- counting anew --------------------------------------------------------------------------

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Count everybody anew, while the shop goes on; how many customers there are."""
        buyers = set(self._sales.buyers())
        buyers |= {(account_id, "") for account_id in self._accounts.ids()}
        for done, (account_id, email) in enumerate(sorted(buyers, key=str), 1):
            self.recount(account_id, email)
            if progress:
                progress(done, len(buyers))
        own = {id_of_account(each) if each else id_of_guest(email) for each, email in buyers}
        for customer_id in [each for each in self._customers.ids() if each not in own]:
            self._database.in_transaction(partial(self._customers.delete, customer_id))
        return len(buyers)

    def recount(self, account_id: AccountId | None, email: str) -> None:
        """Count all that an account, or else a guest, bought, whatever was counted before."""

        def work(session: Session) -> None:
            if account_id is not None:
                customer_id, account = id_of_account(account_id), self._accounts.find(account_id)
                sales = self._sales.of_account(account_id, session)
                customer = self._of_account(account) if account else None
            else:
                customer_id, sales = id_of_guest(email), self._sales.of_guest(email, session)
                customer = self._of_guest(sales[0]) if sales else None
            orders = list(map(_counted, sales))
            self._count_all(customer_id, orders, session)
            if customer is None:
                self._customers.delete(customer_id, session)
            else:
                self._store(summed(customer, orders), session)

        self._database.in_transaction(work)

    def _count_all(
        self, customer_id: CustomerId, orders: list[CountedOrder], session: Session
    ) -> None:
        known = {each.order_id: each for each in self._customers.orders_of(customer_id, session)}
        for order in orders:
            if known.pop(order.order_id, None) != order:
                self._customers.count(order, session)
        for order_id in known:
            self._customers.uncount(order_id, session)

    # --------------------------------------------------------------------------------------------

    def _of_account(self, account: Account) -> Customer:
        """An account before it has bought anything. Only a proven address is in groups."""
        groups = self._groups.codes_of([account.email]) if account.verified else frozenset()
        return Customer(
            id=id_of_account(account.id),
            account_id=account.id,
            email=account.email,
            name=account.name,
            since=account.created_at,
            groups=tuple(sorted(groups)),
        )

    def _of_guest(self, sale: Sale) -> Customer:
        return Customer(
            id=id_of_guest(sale.email),
            account_id=None,
            email=sale.email,
            name=sale.name,
            since=sale.placed_at,
            groups=tuple(sorted(self._groups.codes_of([sale.email]))),
        )


def _counted(sale: Sale) -> CountedOrder:
    own = id_of_account(sale.account_id) if sale.account_id else id_of_guest(sale.email)
    return CountedOrder(
        order_id=sale.order_id,
        customer_id=own,
        spent=sale.spent,
        market=sale.market,
        name=sale.name,
        placed_at=sale.placed_at,
    )


def _with_figures(customer: Customer, figures: Customer) -> Customer:
    return replace(
        customer,
        orders=figures.orders,
        spent=figures.spent,
        last_order_at=figures.last_order_at,
        market=figures.market,
    )
