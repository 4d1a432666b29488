"""Placing orders and moving them forward."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial

from app.db.database import Database, Document, Session
from app.db.outbox import Outbox
from app.orders.events import ORDER_CANCELLED, ORDER_PAID, ORDER_WITHDRAWN, ORDERS_MOVED
from app.orders.finding import word_of
from app.orders.models import ErasedOrder, Order, OrderEvent, OrderPage, OrderState
from app.orders.repository import OrderRepository
from app.orders.units import OrderUnits
from app.shared.clock import now
from app.shared.emails import erased_email, is_erased
from app.shared.errors import NotFound
from app.shared.ids import AccountId, CartId, OrderId
from app.shared.money import Money
from app.shared.texts import Text

_PAGE = 10  # orders on a page of the history


class OrderService:
    """The shop's order book. Methods that take a ``session`` join the caller's transaction."""

    def __init__(self, database: Database, outbox: Outbox) -> None:
        self._database = database
        self._outbox = outbox
        self._orders = OrderRepository(database)
        self._units = OrderUnits(database)

    def next_number(self, session: Session) -> str:
        """Reserve the next order number in this transaction."""
        return self._orders.next_number(session)

    def place(self, order: Order, session: Session) -> None:
        """Store a new order. Raises ``DuplicateKeyError`` for a second order of a cart version."""
        self._orders.insert(order, session)
        self._orders.note(
            order.id, "placed", Text("Order placed"), public=True, session=session, key="placed"
        )

    def get(self, order_id: OrderId, session: Session | None = None) -> Order:
        """The order. Raises ``NotFound``."""
        order = self._orders.find(order_id, session)
        if order is None:
            raise NotFound(Text("This order does not exist."))
        return order

    def numbers_of(self, ids: Iterable[OrderId]) -> dict[OrderId, str]:
        """The numbers of these orders; of what is no order nothing."""
        return self._orders.numbers_of(ids)

    def get_by_number(self, number: str) -> Order:
        """The order with this number, for staff. Raises ``NotFound``."""
        order = self._orders.find_by_number(number.strip().upper())
        if order is None:
            raise NotFound(Text("There is no order with this number."))
        return order

    def find_open_of_cart(self, cart_id: CartId, session: Session | None = None) -> Order | None:
        """The cart's order that waits for payment, or None."""
        return self._orders.find_open_of_cart(cart_id, session)

    def find_paid_of_cart(self, cart_id: CartId, version: int) -> Order | None:
        """The paid order of this very version of a cart, or None."""
        return self._orders.find_of_cart(cart_id, version, OrderState.PAID)

    def unpaid_like(self, email: str, content: str, within: timedelta) -> list[Order]:
        """Unpaid orders of the same goods that the same person placed a moment ago."""
        return self._orders.unpaid_like(email, content, now() - within)

    def times_cancelled(self, cart_id: CartId, version: int, session: Session) -> int:
        """How many orders of this version of a cart were cancelled before."""
        return self._orders.count_of_cart(cart_id, version, OrderState.CANCELLED, session)

    def get_for(self, number: str, token: str, account_id: AccountId | None) -> Order:
        """The order for its account, or for somebody who holds its secret link.

        Raises ``NotFound`` for everybody else.
        """
        order = self._orders.find_by_number(number.strip().upper())
        if order is None or not _may_see(order, token, account_id):
            raise NotFound(
                Text("We could not find that order. Please use the link in your e-mail.")
            )
        return order

    def get_of_account(self, number: str, account_id: AccountId) -> Order:
        """An order of this account. Raises ``NotFound``, also for somebody else's."""
        return self.get_for(number, "", account_id)

    def of_account(self, account_id: AccountId, number: int) -> OrderPage:
        """A page of an account's orders; pages are counted from 1."""
        number = min(max(number, 1), 10_000)
        found = self._orders.of_account(account_id, (number - 1) * _PAGE, _PAGE + 1)
        return OrderPage(orders=tuple(found[:_PAGE]), number=number, has_more=len(found) > _PAGE)

    def every_of_account(
        self, account_id: AccountId, session: Session | None = None
    ) -> list[Order]:
        """All of an account's orders, the newest first."""
        return self._orders.of_account(account_id, session=session)

    def of_guest(self, email: str, most: int) -> list[Order]:
        """The newest orders that were placed with an address and without an account."""
        return self._orders.of_guest(email, most)

    def has_ordered(self, account_id: AccountId | None, emails: Iterable[str]) -> bool:
        """Whether this account, or anybody with one of these addresses, ever paid an order."""
        return self._orders.has_in((OrderState.PAID, OrderState.REFUNDED), account_id, emails)

    def sold_ids(self) -> list[OrderId]:
        """Every order that was ever paid, refunded ones included."""
        return self._orders.ids_in((OrderState.PAID, OrderState.REFUNDED))

    def every_id(self) -> list[OrderId]:
        """Every order there ever was, in no order."""
        return self._orders.every_id()

    def latest(self, most: int) -> list[Order]:
        """The orders that were placed last, the newest first."""
        return self._orders.latest(most)

    def count_to_ship(self, most: int) -> int:
        """How many paid orders have something to be shipped; ``most`` may be more."""
        return self._orders.count_to_ship(most)

    def paid_since(self, moment: datetime) -> Iterator[Order]:
        """Orders placed from ``moment`` on that are paid and not wholly refunded, one by one."""
        return self._orders.paid_since(moment)

    def adopt(self, account_id: AccountId, proven_email: str) -> None:
        """Give guests' orders with this address to the account that has proven to own it."""
        if proven_email and self._orders.has_of_guest(proven_email):
            self._database.in_transaction(
                lambda session: self._tell_moved(
                    self._orders.adopt(account_id, proven_email, session), session
                )
            )

    def erase_of_account(self, account_id: AccountId, session: Session) -> list[ErasedOrder]:
        """Keep the orders of an account that goes as nobody's; of those that were paid the name
        and address that their invoices must have. Which they are, as they were."""
        documents = self._orders.person_of(account_id, session)
        nobody = erased_email()
        for each in documents:
            self._orders.blank(each, nobody, paper=each["paid_at"] is not None, session=session)
        self._tell_moved([each["_id"] for each in documents], session)
        return [_erased(each) for each in documents]

    def cancelled_with_names(self, before: datetime, most: int) -> list[ErasedOrder]:
        """Orders that were never paid, placed before a moment, that still say who placed them."""
        return list(map(_erased, self._orders.cancelled_with_names(before, most)))

    def sold_with_names(self, before: datetime, most: int) -> list[ErasedOrder]:
        """Orders that were paid, placed before a moment, that still say who placed them."""
        return list(map(_erased, self._orders.sold_with_names(before, most)))

    def erase_old(self, orders: Iterable[ErasedOrder]) -> None:
        """Take the persons out of orders altogether; accounts do not have them any more."""

        def work(order: ErasedOrder, session: Session) -> None:
            email = order.email if is_erased(order.email) else erased_email()
            self._orders.blank_by_id(order.id, email, session)
            self._tell_moved([order.id], session)

        for each in orders:
            self._database.in_transaction(partial(work, each))

    def _tell_moved(self, order_ids: list[OrderId], session: Session) -> None:
        if order_ids:
            self._outbox.publish(ORDERS_MOVED, {"order_ids": order_ids}, session)

    def look_up(self, number: str, email: str) -> Order | None:
        """The order with this number and e-mail address, or None; never tells which was wrong."""
        order = self._orders.find_by_number(number.strip().upper())
        given = email.strip().casefold().encode()
        known = order.email.casefold().encode() if order else b""
        return order if order and hmac.compare_digest(known, given) else None

    def correct_gift_email(self, order: Order, position: int, email: str, session: Session) -> None:
        """Have a line's gift cards go to another address than was typed for them."""
        if email != (order.lines[position - 1].gift_email or order.email):
            self._orders.set_gift_email(order.id, position, email, session)

    def claim(self, order_id: OrderId, gateway: str, session: Session) -> bool:
        """Bind an unpaid order to the payment that is about to be captured by this gateway, which
        may be another than the one that was chosen first."""
        return self._orders.claim(order_id, gateway, session)

    def mark_paid(self, order: Order, session: Session, payment_id: str = "") -> bool:
        """Pending to paid, with its event, by the gateway's payment if there is one; False if it
        was not pending."""
        also = {"paid_at": now(), "claimed": True}
        words = [word_of(payment_id)] if payment_id else []
        if not self._orders.move(order.id, OrderState.PAID, session, also=also, words=words):
            return False
        self._orders.note(
            order.id, "paid", Text("Payment received"), public=True, session=session, key="paid"
        )
        self._outbox.publish(
            ORDER_PAID, {"order_id": order.id}, session, key=f"{ORDER_PAID}:{order.id}"
        )
        return True

    def cancel(
        self,
        order: Order,
        reason: str,
        session: Session,
        *,
        even_claimed: bool = False,
        by_shopper: bool = False,
        by: str = "",
    ) -> bool:
        """Pending to cancelled, unless a payment has been claimed for it; ``even_claimed`` is for
        a claim that ends in the same transaction. ``by_shopper`` is final: a late payment is given
        back."""
        only = {} if even_claimed else {"claimed": {"$ne": True}}
        also = {"withdrawn": True} if by_shopper else None
        if not self._orders.move(order.id, OrderState.CANCELLED, session, only=only, also=also):
            return False
        self._orders.note(order.id, "cancelled", reason, public=True, session=session, by=by)
        self._outbox.publish(ORDER_CANCELLED, {"order_id": order.id}, session)
        if by_shopper:
            self._tell_withdrawn(order.id, session, by)
        return True

    def withdraw(
        self,
        order: Order,
        reason: str,
        paid_since: datetime,
        session: Session,
        *,
        by: str = "",
    ) -> bool:
        """Note that its shopper, or staff, cancelled a paid order of which nothing was shipped.

        False if it was paid before ``paid_since``, or is not as it was any more. What it cost is
        to be paid back in the same transaction.
        """
        if not self._units.withdraw(order, paid_since, session):
            return False
        self._orders.note(
            order.id, "cancelled", reason, public=True, session=session, key="withdrawn", by=by
        )
        self._tell_withdrawn(order.id, session, by)
        return True

    def _tell_withdrawn(self, order_id: OrderId, session: Session, by: str) -> None:
        self._outbox.publish(
            ORDER_WITHDRAWN,
            {"order_id": order_id, "by_shop": bool(by)},
            session,
            key=f"{ORDER_WITHDRAWN}:{order_id}",
        )

    def add_refund(
        self,
        order_id: OrderId,
        amount: Money,
        session: Session,
        *,
        to_credit: Money | None = None,
    ) -> None:
        """Count a confirmed refund, or with a negative ``amount`` one that came back.

        ``to_credit`` is how much of it went to credit accounts.

        The order is refunded once all of it is, and paid again if that changes.
        """
        order = self.get(order_id, session)
        refunded = order.refunded + amount
        zero = Money.zero(order.currency)
        self._orders.set_refunded(order, refunded, to_credit or zero, session)
        whole = refunded == order.totals.total
        if whole != (order.state is OrderState.REFUNDED):
            target = OrderState.REFUNDED if whole else OrderState.PAID
            self._orders.move(order.id, target, session)

    def revive(self, order: Order, session: Session, kin: Iterable[CartId] = ()) -> bool:
        """Cancelled to pending, for a payment that came after all.

        False if the cart, or one of ``kin`` that its goods went to, was ordered anew, changed or
        not: its goods are paid for, or may be. False as well if its shopper cancelled it. Raises
        ``DuplicateKeyError`` if that happens just now.
        """
        if any(
            self._orders.is_ordered_anew(order, cart_id, session)
            for cart_id in (order.cart_id, *kin)
        ):
            return False
        only = {"withdrawn": False}
        if not self._orders.move(order.id, OrderState.PENDING, session, only=only):
            return False
        self._orders.note(
            order.id, "revived", Text("A late payment arrived"), public=True, session=session
        )
        return True

    def note(
        self,
        order_id: OrderId,
        kind: str,
        message: str,
        *,
        public: bool = False,
        session: Session | None = None,
        key: str | None = None,
        by: str = "",
    ) -> None:
        """Append a line to the order's timeline; ``by`` is the member of staff who caused it."""
        self._orders.note(order_id, kind, message, public=public, session=session, key=key, by=by)

    def timeline(self, order_id: OrderId, *, public_only: bool = True) -> list[OrderEvent]:
        """The order's history, oldest first."""
        return self._orders.timeline(order_id, public_only=public_only)


def _erased(document: Document) -> ErasedOrder:
    return ErasedOrder(
        id=document["_id"],
        number=document["number"],
        email=document["email"],
        former_emails=tuple(document.get("former_emails", ())),
    )


def _may_see(order: Order, token: str, account_id: AccountId | None) -> bool:
    if account_id is not None and order.account_id == account_id:
        return True
    return hmac.compare_digest(order.access_token.encode(), token.encode())
