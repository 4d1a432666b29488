"""Numbers without gaps: orders, invoices, credit notes; at once, and with a process that dies."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from app.db.database import Database, Session
from app.fulfilment.invoicing import Invoicing
from app.orders.models import Order
from app.orders.service import OrderService
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker
from tests.support.dying import die
from tests.support.gateways import Sandbox
from tests.support.orders import OrderMaker, make_order
from tests.support.shopper import Shopper

MANY = 50
MODULE = "tests.support.numbering"


def place(app: Flask) -> str:
    """Store an order as placing does, its number taken in the same transaction; the number."""
    database, orders = service(Database, app), service(OrderService, app)
    order = make_order("mug")

    def work(session: Session) -> str:
        number = orders.next_number(session)
        fields = {name: getattr(order, name) for name in Order.__dataclass_fields__}
        orders.place(Order(**{**fields, "number": number}), session)
        return number

    return database.in_transaction(work)


def numbers(database: Database, collection: str) -> list[int]:
    """The numbers in use, in order."""
    found = database[collection].find({}, {"number": 1})
    return sorted(int(each["number"].rsplit("-", 1)[1]) for each in found)


def is_whole(found: list[int], first: int, count: int) -> bool:
    return found == list(range(first, first + count))


def test_fifty_orders_at_once_have_consecutive_numbers(app: Flask, database: Database) -> None:
    barrier = threading.Barrier(10)

    def press(_: int) -> list[str]:
        barrier.wait()
        return [place(app) for _ in range(MANY // 10)]

    with ThreadPoolExecutor(10) as pool:
        given = [number for each in pool.map(press, range(10)) for number in each]
    assert len(set(given)) == MANY
    assert is_whole(numbers(database, "orders"), 10_001, MANY)


def test_shoppers_who_press_at_once_get_consecutive_numbers(
    app: Flask, catalog: CatalogMaker, database: Database, sandbox: Sandbox
) -> None:
    sku = catalog.mug(stock=4)
    shoppers = [Shopper(app) for _ in range(6)]
    for each in shoppers:
        each.add(sku, 1)
    forms = [each.checkout_form() for each in shoppers]
    barrier = threading.Barrier(len(shoppers))

    def press(at: int) -> int:
        barrier.wait()
        return shoppers[at].client.post("/checkout", data=forms[at]).status_code

    with ThreadPoolExecutor(len(shoppers)) as pool:
        answers = sorted(pool.map(press, range(len(shoppers))))
    # Two were too late for the last mugs: they took no number.
    assert answers == [303, 303, 303, 303, 422, 422]
    assert is_whole(numbers(database, "orders"), 10_001, 4)


def test_a_process_that_dies_with_a_number_leaves_no_gap(
    app: Flask, database: Database, environment: dict[str, str]
) -> None:
    place(app)
    die(MODULE, environment, "order number taken", "place")
    place(app)
    assert is_whole(numbers(database, "orders"), 10_001, 2)


def test_invoices_are_numbered_once_each_however_often_they_are_asked_for(
    app: Flask, database: Database
) -> None:
    maker, invoicing, orders = OrderMaker(app), service(Invoicing, app), service(OrderService, app)
    paid = [orders.get(maker.paid("mug")) for _ in range(8)]

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(invoicing.issue, paid * 3))
    assert len({each.number for each in given}) == len(paid)
    assert is_whole(numbers(database, "invoices"), 100_001, len(paid))
    Staff(app).work()  # the event that an order is paid asks once more
    assert is_whole(numbers(database, "invoices"), 100_001, len(paid))


def test_a_process_that_dies_at_an_invoice_leaves_no_gap(
    app: Flask, database: Database, environment: dict[str, str]
) -> None:
    maker, orders = OrderMaker(app), service(OrderService, app)
    first, second = (orders.get(maker.paid("mug")) for _ in range(2))
    for point in ("invoice number taken", "invoice stored"):
        die(MODULE, environment, point, "issue", first.id)
        assert numbers(database, "invoices") == []
    service(Invoicing, app).issue(second)
    Staff(app).work()
    assert is_whole(numbers(database, "invoices"), 100_001, 2)
