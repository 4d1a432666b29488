"""Finding customers, and what staff note of them."""

from __future__ import annotations

from dataclasses import replace

from app.customers.errors import NoCustomer, NoteMovedOn
from app.customers.marks import CustomerMarks
from app.customers.models import Customer, CustomerFilter, CustomerId, CustomerSort, Listed, Note
from app.customers.note_repository import NoteRepository
from app.customers.repository import CustomerRepository
from app.customers.rules import id_of_account, id_of_guest
from app.db.database import Database, Session
from app.db.errors import DuplicateKeyError
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.errors import NotFound
from app.shared.ids import AccountId
from app.shared.languages import DEFAULT

MOST_FOUND = 50


class CustomerService:
    """The shop's customers, for those who serve them. ``CustomerFigures`` keeps their figures."""

    def __init__(self, database: Database, orders: OrderService) -> None:
        self._orders = orders
        self._customers = CustomerRepository(database)
        self._notes = NoteRepository(database)
        self._marks = CustomerMarks(database)

    def get(self, customer_id: str) -> Customer:
        """A customer. Raises ``NoCustomer``."""
        customer = self._customers.find(CustomerId(customer_id))
        if customer is None:
            raise NoCustomer
        return customer

    def listed(self, wanted: CustomerFilter, most: int) -> list[Listed]:
        """Customers in the order that was asked for. Where they are narrowed by a figure and no
        other order is asked for, by that figure."""
        if wanted.sort is CustomerSort.NEWEST:
            if wanted.spent_over is not None:
                wanted = replace(wanted, sort=CustomerSort.SPENT)
            elif wanted.ordered_since is not None:
                wanted = replace(wanted, sort=CustomerSort.LAST_ORDER)
        if wanted.spent_over is not None:
            wanted = replace(wanted, currency=wanted.spent_over.currency)
        return self._customers.listed(wanted, most)

    def language_of(self, customer: Customer) -> str:
        """In which language somebody is written to when staff have it done: that of their last
        order."""
        if customer.account_id is None:
            orders = self._orders.of_guest(customer.email, 1)
        else:
            orders = list(self._orders.of_account(customer.account_id, 1).orders)
        return orders[0].language if orders else DEFAULT

    def search(self, text: str) -> list[Customer]:
        """The customer of an order's number; else up to ``MOST_FOUND`` whose address or name
        begins like that, by address."""
        typed = text.strip()
        try:
            order = self._orders.get_by_number(typed)
        except NotFound:
            words = typed.casefold().split()
            if not words:
                return []
            found = self._customers.search(words[0], MOST_FOUND)
            fits = [each for each in found if _fits(each, words)]
            return sorted(fits, key=lambda each: each.email)
        own = id_of_account(order.account_id) if order.account_id else id_of_guest(order.email)
        customer = self._customers.find(own)
        return [customer] if customer else []

    def note_marks(self, every: int = 200) -> None:
        """Note where long lists can be cut, for pages to read a short stretch of them."""
        self._marks.renew(every)

    # --- notes ----------------------------------------------------------------------------------

    def note_of(self, customer_id: CustomerId) -> Note:
        """What staff noted, perhaps nothing."""
        return self._notes.find(customer_id)

    def write_note(self, customer_id: CustomerId, version: int, text: str, by: str) -> Note:
        """Write a note over the version that was read; saying the same again changes nothing.

        Raises ``NoCustomer`` and ``NoteMovedOn``.
        """
        self.get(customer_id)
        known = self._notes.find(customer_id)
        if known.text == text:
            return known
        note = Note(text=text, version=version + 1, by=by, at=now())
        try:
            if not self._notes.store(customer_id, version, note):
                raise NoteMovedOn
        except DuplicateKeyError as error:
            raise NoteMovedOn from error
        return note

    def forget(self, account_id: AccountId, session: Session) -> None:
        """Delete what was noted of somebody who deletes their account."""
        self._notes.delete(id_of_account(account_id), session)


def _fits(customer: Customer, words: list[str]) -> bool:
    """Whether the address or a word of the name begins with each of these."""
    own = [customer.email, *customer.name.casefold().split()]
    return all(any(each.startswith(word) for each in own) for word in words)
