"""Each condition under which an order, or a unit of it, moves holds by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from app.db.database import Database
from app.orders.models import Order, OrderState
from app.orders.repository import OrderRepository
from app.orders.rules import TRANSITIONS
from app.orders.service import OrderService
from app.orders.units import OrderUnits
from app.shared.clock import now
from app.shared.ids import OrderId
from app.web.registry import service
from tests.support.orders import OrderMaker, make_order

DAY = timedelta(days=1)


@pytest.fixture
def paid(app: Flask) -> OrderId:
    """A paid order of one unit."""
    return OrderMaker(app).paid("mug")


class Book:
    """The order book, each entry in a transaction of its own."""

    def __init__(self, app: Flask, order_id: OrderId) -> None:
        self.id, self.database = order_id, service(Database, app)
        self.orders, self.units = service(OrderService, app), OrderUnits(self.database)

    @property
    def order(self) -> Order:
        return self.orders.get(self.id)

    def set(self, **fields: object) -> None:
        self.database["orders"].update_one({"_id": self.id}, {"$set": fields})

    def ship(self, units: int) -> int:
        return self.database.in_transaction(lambda s: self.units.ship(self.id, {1: units}, s))

    def ask_back(self, units: int, since: timedelta = DAY) -> int:
        return self.database.in_transaction(
            lambda s: self.units.ask_back(self.id, {1: units}, now() - since, s)
        )

    def withdraw(self, since: timedelta = DAY) -> bool:
        return self.database.in_transaction(
            lambda s: self.units.withdraw(self.order, now() - since, s)
        )


@pytest.fixture
def book(app: Flask, paid: OrderId) -> Book:
    return Book(app, paid)


def test_an_order_moves_along_its_table_alone(database: Database, book: Book) -> None:
    orders = OrderRepository(database)
    for source, targets in TRANSITIONS.items():
        for target in OrderState:
            book.set(state=source.value)
            moved = database.in_transaction(lambda s, to=target: orders.move(book.id, to, s))
            assert moved is (target in targets)


def test_only_an_order_that_waits_is_claimed_and_a_claimed_one_stays(
    app: Flask, database: Database
) -> None:
    order, orders = make_order("mug"), service(OrderService, app)
    database.in_transaction(lambda s: orders.place(order, s))
    for state in OrderState:
        database["orders"].update_one({"_id": order.id}, {"$set": {"state": state.value}})
        claimed = database.in_transaction(lambda s: orders.claim(order.id, "stripe", s))
        assert claimed is (state is OrderState.PENDING)
    database["orders"].update_one({"_id": order.id}, {"$set": {"state": "pending"}})
    assert not database.in_transaction(lambda s: orders.cancel(order, "late", s))
    assert database.in_transaction(lambda s: orders.cancel(order, "void", s, even_claimed=True))


def test_a_unit_is_shipped_once_and_only_of_a_paid_order_that_nobody_cancelled(book: Book) -> None:
    for fields in ({"state": "refunded"}, {"withdrawn": True}):
        book.set(**fields)
        assert not book.ship(1)
        book.set(state="paid", withdrawn=False)
    assert not book.ship(2)
    assert book.ship(1) == 1
    assert not book.ship(1)


def test_a_unit_is_sent_back_once_in_time_and_only_if_it_was_shipped(book: Book) -> None:
    assert not book.ask_back(1)
    assert book.ship(1)
    assert not book.ask_back(2)
    assert not book.ask_back(1, since=-DAY)
    for fields in ({"state": "refunded"}, {"withdrawn": True}):
        book.set(**fields)
        assert not book.ask_back(1)
        book.set(state="paid", withdrawn=False)
    assert book.ask_back(1) == 1
    assert not book.ask_back(1)


def test_a_paid_order_is_withdrawn_once_in_time_and_only_unshipped(book: Book) -> None:
    assert not book.withdraw(since=-DAY)
    for fields in ({"state": "refunded"}, {"shipments": 1}):
        book.set(**fields)
        assert not book.withdraw()
        book.set(state="paid", shipments=0)
    assert book.withdraw()
    assert not book.withdraw()


def test_what_its_shopper_cancelled_is_not_to_be_sent_again(database: Database, book: Book) -> None:
    assert book.withdraw()
    database.in_transaction(lambda s: book.units.reopen(book.id, {1: 1}, s))
    assert (book.order.units[0].open, book.order.units[0].stopped) == (0, 1)
