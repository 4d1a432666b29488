"""What is bought together: counted once per order, taken away again, made into lists."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from itertools import combinations
from threading import Event as Signal
from threading import Thread

import pytest
from flask import Flask

from app.catalog.service import CatalogService
from app.checkout.refund_rules import RefundWish, everything
from app.checkout.refunding import Refunding
from app.db.database import Database
from app.db.outbox import Event, Outbox
from app.orders.events import ORDER_PAID
from app.orders.service import OrderService
from app.recommendations.counting import OrderCounting
from app.recommendations.models import Neighbour
from app.recommendations.refreshing import ListRefresh
from app.recommendations.repository import CompanionLists
from app.recommendations.rules import MOST_PER_ORDER
from app.recommendations.subscriptions import CompanionSubscriptions
from app.shared.clock import now
from app.shared.ids import OrderId, ProductId
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.orders import OrderMaker, make_order
from tests.support.shopper import Shopper

AT_ONCE = timedelta(0)


@pytest.fixture
def orders(app: Flask) -> OrderMaker:
    return OrderMaker(app)


@pytest.fixture
def counting(app: Flask, database: Database) -> OrderCounting:
    """Counts as the worker does; lists are due at once."""
    return OrderCounting(database, service(OrderService, app), pause=AT_ONCE)


def _refresh(app: Flask, database: Database, tell_every: timedelta = AT_ONCE) -> ListRefresh:
    catalog = service(CatalogService, app)
    return ListRefresh(database, catalog, pause=AT_ONCE, tell_every=tell_every)


def _counts(database: Database) -> tuple[int, dict[str, int], dict[tuple[str, str], int]]:
    """All orders, orders by product, orders by pair."""
    total = database["companion_totals"].find_one({"_id": "all"}) or {"orders": 0}
    products = {each["_id"]: each["orders"] for each in database["companion_products"].find({})}
    pairs = {tuple(each["pair"]): each["orders"] for each in database["companion_pairs"].find({})}
    return total["orders"], {name: count for name, count in products.items() if count}, pairs


def _names(neighbours: Iterable[Neighbour]) -> list[str]:
    return [each.product_id for each in neighbours]


def _list(database: Database, product_id: str) -> list[str]:
    return _names(CompanionLists(database).find(ProductId(product_id)).neighbours)


def _work(app: Flask) -> None:
    """Handle the events that wait, and what they ask for."""
    outbox, counting = service(Outbox, app), service(OrderCounting, app)
    while outbox.run_one() or counting.run():
        pass


# --- counting -------------------------------------------------------------------------------------


def test_a_paid_order_counts_once_however_often_it_is_told(
    database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    order = orders.paid("mug", "bowl", "rug", "mug")
    assert [counting.follow(order) for _ in range(3)] == [True, False, False]
    expected = dict.fromkeys(combinations(sorted(["mug", "bowl", "rug"]), 2), 1)
    assert _counts(database) == (1, {"mug": 1, "bowl": 1, "rug": 1}, expected)


def test_an_unpaid_order_does_not_count(
    app: Flask, database: Database, counting: OrderCounting
) -> None:
    order = make_order("mug", "bowl")
    database.in_transaction(lambda session: service(OrderService, app).place(order, session))
    assert counting.follow(order.id) is False
    assert _counts(database) == (0, {}, {})


def test_deliveries_at_the_same_time_count_once(
    database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    ids = [orders.paid("mug", "bowl", "rug") for _ in range(4)]
    _at_once(counting, [each for each in ids for _ in range(4)])
    _at_once(counting, ids)
    total, products, pairs = _counts(database)
    assert (total, products) == (4, {"mug": 4, "bowl": 4, "rug": 4})
    assert set(pairs.values()) == {4}
    assert len(pairs) == 3


def _at_once(counting: OrderCounting, ids: list[OrderId]) -> None:
    """Follow each in a thread of its own. What fails is delivered again, as the outbox does."""

    def deliver(order_id: OrderId) -> None:
        for _ in range(20):
            try:
                counting.follow(order_id)
                return
            except Exception:  # noqa: BLE001 - whatever it is, it comes again
                continue

    threads = [Thread(target=deliver, args=(each,)) for each in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_the_outbox_delivers_and_may_repeat(
    app: Flask, database: Database, orders: OrderMaker
) -> None:
    order = orders.paid("mug", "bowl")
    _work(app)
    before = _counts(database)
    assert before == (1, {"mug": 1, "bowl": 1}, {("bowl", "mug"): 1})
    handlers = CompanionSubscriptions(service(OrderCounting, app))
    event = Event(id="x", topic=ORDER_PAID, payload={"order_id": order}, created_at=now())
    handlers.count(event)
    handlers.count(event)
    handlers.count(Event(id="y", topic="payments.alert", payload={}, created_at=now()))
    _work(app)
    assert _counts(database) == before


def test_several_workers_count_once(app: Flask, database: Database, orders: OrderMaker) -> None:
    ids = [orders.paid("mug", "bowl", "rug") for _ in range(6)]
    counting = service(OrderCounting, app)
    stop = Signal()

    def deliver() -> None:
        for each in ids * 2:
            counting.ask(each)

    def count() -> None:
        while not stop.is_set():
            counting.run()

    counters = [Thread(target=count) for _ in range(2)]
    senders = [Thread(target=deliver) for _ in range(3)]
    for thread in (*counters, *senders):
        thread.start()
    for thread in senders:
        thread.join()
    stop.set()
    for thread in counters:
        thread.join()
    _work(app)
    total, products, pairs = _counts(database)
    assert (total, set(products.values()), set(pairs.values())) == (6, {6}, {6})
    assert database["companion_orders"].count_documents({"asked_at": {"$exists": True}}) == 0


def test_an_order_that_is_gone_is_not_asked_for_again(app: Flask, database: Database) -> None:
    counting = service(OrderCounting, app)
    counting.ask(OrderId("ord_gone"))
    assert [counting.run(), counting.run()] == [1, 0]
    assert _counts(database) == (0, {}, {})


def test_a_full_refund_takes_away_what_the_order_brought_once(
    database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    kept, returned = orders.paid("mug", "bowl"), orders.paid("mug", "bowl", "rug")
    for each in (kept, returned):
        counting.follow(each)
    orders.refund(returned)
    assert [counting.follow(returned) for _ in range(3)] == [True, False, False]
    assert _counts(database) == (1, {"mug": 1, "bowl": 1}, {("bowl", "mug"): 1})


def test_from_the_checkout_to_the_refund(
    app: Flask, database: Database, catalog: CatalogMaker, shopper: Shopper, sandbox: Sandbox
) -> None:
    catalog.add(make_product("Bowl", make_variant("BOWL")))
    for sku in (catalog.mug(), "BOWL"):
        shopper.add(sku)
    shopper.pay(sandbox)
    _work(app)
    total, products, pairs = _counts(database)
    assert (total, list(products.values()), list(pairs.values())) == (1, [1, 1], [1])
    order = database["orders"].find_one({})
    assert order is not None
    names = {line["product_id"] for line in order["lines"]}
    assert set(products) == names
    refunding, order_id = service(Refunding, app), OrderId(order["_id"])
    for key, wish, left in (("k1", RefundWish(quantities={1: 1}), 1), ("k2", None, 0)):
        rest = wish or everything(refunding.balance(service(OrderService, app).get(order_id)))
        refunding.request(order_id, rest, key=key, reason="broken", restock=True, by="Eve")
        _work(app)
        assert _counts(database)[0] == left
    assert _counts(database) == (0, {}, {})


def test_a_partial_refund_changes_nothing(
    database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    order = orders.paid("mug", "bowl")
    counting.follow(order)
    before = _counts(database)
    orders.refund(order, 2000)
    assert counting.follow(order) is False
    assert _counts(database) == before


def test_a_refund_that_a_bank_returns_counts_again(
    database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    order = orders.paid("mug", "bowl")
    counting.follow(order)
    before = _counts(database)
    orders.refund(order)
    counting.follow(order)
    orders.refund(order, -4000)
    assert counting.follow(order) is True
    assert _counts(database) == before


def test_events_out_of_order_end_the_same(
    database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    order = orders.paid("mug", "bowl")
    orders.refund(order)
    assert [counting.follow(order) for _ in range(2)] == [False, False]
    assert _counts(database) == (0, {}, {})


def test_a_huge_order_does_not_explode(
    database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    names = [f"p{number:03d}" for number in range(MOST_PER_ORDER + 25)]
    order = orders.paid(*names)
    counting.follow(order)
    _, products, pairs = _counts(database)
    assert list(products) == names[:MOST_PER_ORDER]
    assert len(pairs) == MOST_PER_ORDER * (MOST_PER_ORDER - 1) // 2
    orders.refund(order)
    counting.follow(order)
    assert _counts(database) == (0, {}, {})


def test_rebuilding_counts_what_was_missed_and_nothing_twice(
    app: Flask, database: Database, orders: OrderMaker
) -> None:
    orders.paid("mug", "bowl")
    orders.refund(orders.paid("mug", "rug"))
    runner = app.test_cli_runner()
    outputs = [runner.invoke(args=["recommendations", "rebuild"]).output for _ in range(2)]
    assert "2 sold orders, 1 newly counted" in outputs[0]
    assert "2 sold orders, 0 newly counted" in outputs[1]
    assert _counts(database) == (1, {"mug": 1, "bowl": 1}, {("bowl", "mug"): 1})


# --- lists ----------------------------------------------------------------------------------------


def test_neighbours_of_a_small_example(
    app: Flask, database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    baskets = [("mug", "bowl")] * 6 + [("mug", "rug")] * 2 + [("lamp", "rug")] * 6 + [("soap",)] * 6
    for basket in baskets:
        counting.follow(orders.paid(*basket))
    assert _refresh(app, database).run() == 5
    assert _list(database, "mug") == ["bowl"]  # the rug no more often than by chance
    assert _list(database, "bowl") == ["mug"]
    assert _list(database, "rug") == ["lamp"]
    assert _list(database, "soap") == []
    popular = CompanionLists(database).popular()
    assert popular.shares[0] in {("mug", 0.4), ("rug", 0.4)}
    assert dict(popular.shares)["soap"] == pytest.approx(0.3)


def test_a_chance_pair_stands_behind_solid_ones(
    app: Flask, database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    for number in range(16):
        counting.follow(orders.paid(*(("mug", "bowl") if number % 4 else ("mug",))))
        counting.follow(orders.paid(f"other {number}"))
        counting.follow(orders.paid(f"other {number}"))
    counting.follow(orders.paid("mug", "rarity"))
    while _refresh(app, database).run():
        pass
    found = CompanionLists(database).find(ProductId("mug")).neighbours
    assert _names(found) == ["bowl", "rarity"]
    assert found[0].score > 5 * found[1].score
    assert [each.orders for each in found] == [12, 1]


def test_a_refund_reaches_the_lists(
    app: Flask, database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    ids = [orders.paid("mug", "bowl") for _ in range(3)]
    for number in range(3):
        counting.follow(orders.paid(f"other {number}"))
    for each in ids:
        counting.follow(each)
    _refresh(app, database).run()
    assert _list(database, "mug") == ["bowl"]
    for each in ids:
        orders.refund(each)
        counting.follow(each)
    _refresh(app, database).run()
    assert _list(database, "mug") == []


def test_lists_wait_for_a_rush_to_pass(app: Flask, database: Database, orders: OrderMaker) -> None:
    patient = OrderCounting(database, service(OrderService, app), pause=timedelta(minutes=1))
    patient.follow(orders.paid("mug", "bowl"))
    first = {each["_id"]: each["due_at"] for each in database["companion_products"].find({})}
    patient.follow(orders.paid("mug", "bowl"))
    second = {each["_id"]: each["due_at"] for each in database["companion_products"].find({})}
    assert first == second  # later orders do not put it off
    assert _refresh(app, database).run() == 0


def test_nothing_is_due_once_the_lists_are_made(
    app: Flask, database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    counting.follow(orders.paid("mug", "bowl"))
    refresh = _refresh(app, database)
    assert [refresh.run(), refresh.run()] == [2, 0]


def test_a_page_hears_of_its_new_list_but_not_of_the_same_again(
    app: Flask, database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    refresh = _refresh(app, database, tell_every=timedelta(hours=1))
    told = []
    for basket in [("a",), ("b",), ("mug", "bowl"), ("mug", "bowl"), ("mug", "bowl")]:
        counting.follow(orders.paid(*basket))
        database["companion_products"].update_many(
            {"due_at": {"$exists": True}}, {"$set": {"due_at": now()}}
        )
        refresh.run()
        told.append(_told(database))
    assert told == [[], [], [], ["bowl", "mug"], ["bowl", "mug"]]


def test_a_page_hears_at_most_once_a_while_and_in_the_end_of_everything(
    app: Flask, database: Database, orders: OrderMaker, counting: OrderCounting
) -> None:
    seldom = _refresh(app, database, tell_every=timedelta(hours=1))
    for name in ("bowl", "rug"):
        for _ in range(2):
            counting.follow(orders.paid("mug", name))
            counting.follow(orders.paid("soap"))
        seldom.run()
    assert _told(database) == ["bowl", "mug", "rug"]  # the mug's second change has to wait
    assert _list(database, "mug") == ["bowl", "rug"]
    assert database["companion_products"].find_one({"_id": "mug"})["due_at"] > now()
    _touch(database, "mug")
    _refresh(app, database).run()
    assert _told(database) == ["bowl", "mug", "mug", "rug"]


def _told(database: Database) -> list[str]:
    changes = database["catalog_changes"].find({})
    return sorted(name for change in changes for name in change["product_ids"])


def _touch(database: Database, name: str) -> None:
    database["companion_products"].update_one({"_id": name}, {"$set": {"due_at": now()}})
