"""Counters equal the books, whatever happens to orders and however often it is told."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from flask import Flask

from app.analytics.counting import SalesCounting
from app.analytics.models import Kind, Prevented, Span, day_of
from app.analytics.service import AnalyticsService
from app.checkout.audit import Audit
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish, everything
from app.checkout.refunding import Refunding
from app.db.database import Database
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.errors import ShopError
from app.shared.ids import OrderId
from app.shared.money import Money
from app.web.registry import service
from app.worker import Worker
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.figures import Figures, books, kept, sums
from tests.support.gateways import Sandbox
from tests.support.orders import OrderMaker
from tests.support.promotions import PromotionMaker
from tests.support.shopper import Shopper

TODAY = Span(first=now().date() - timedelta(days=1), last=now().date() + timedelta(days=1))


def work(app: Flask) -> None:
    """Handle every event that is due, and count all that moved."""
    while service(Worker, app).round():
        pass
    service(SalesCounting, app).run()


def rebuilt(app: Flask, database: Database) -> Figures:
    service(SalesCounting, app).rebuild(lambda done, total: None)
    return kept(database)


def refund(app: Flask, order_id: OrderId, amount: int | None = None) -> None:
    refunding, order = service(Refunding, app), service(OrderService, app).get(order_id)
    whole = everything(refunding.balance(order))
    wish = (
        whole if amount is None else RefundWish(quantities={}, amount=Money(amount, order.currency))
    )
    refunding.request(order.id, wish, key=f"{amount}", reason="", restock=False, by="a test")


def order_ids(app: Flask) -> list[OrderId]:
    return service(OrderService, app).every_id()


@pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
def test_a_sale_and_its_refund_are_counted(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.pay(sandbox, gateway)
    work(app)
    analytics = service(AnalyticsService, app)
    (row,) = analytics.totals(Kind.SALES, TODAY)
    assert (row.currency, row.count("placed"), row.count("paid")) == ("USD", 1, 1)
    assert row.money("revenue") == row.money("captured") == row.average == Money(4890, "USD")
    (by_gateway,) = analytics.by_name(Kind.GATEWAYS, TODAY, "US")
    assert (by_gateway.key, by_gateway.count("captured"), by_gateway.success) == (
        gateway, 4890, 1000,
    )  # fmt: skip
    (product,) = analytics.by_name(Kind.PRODUCTS, TODAY)
    assert (product.count("units"), product.count("revenue")) == (2, 4000)
    assert [len(hour.key) for hour in analytics.by_hour(TODAY)] == [13]
    refund(app, order_ids(app)[0], 890)
    work(app)
    (row,) = analytics.totals(Kind.SALES, TODAY)
    assert (row.count("refunds"), row.net) == (1, Money(4000, "USD"))
    assert sums(kept(database), "sales") == books(database)
    assert analytics.totals(Kind.SALES, TODAY, "DE") == []


def test_an_order_is_counted_before_it_is_paid_and_when_it_is_cancelled(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.check_out()
    work(app)
    (row,) = service(AnalyticsService, app).totals(Kind.SALES, TODAY)
    assert (row.count("placed"), row.count("paid"), row.count("revenue")) == (1, 0, 0)
    past = now() - timedelta(hours=3)
    database["payment_attempts"].update_many({}, {"$set": {"created_at": past}})
    database["stock_holds"].update_many({}, {"$set": {"expires_at": past}})
    service(Reconciler, app).run(older_than=timedelta(0))
    work(app)
    (row,) = service(AnalyticsService, app).totals(Kind.SALES, TODAY)
    assert (row.count("placed"), row.count("cancelled")) == (1, 1)
    assert sum(each.count("expired") for each in _gateways(app)) == 1


def _gateways(app: Flask) -> list[object]:
    return list(service(AnalyticsService, app).by_name(Kind.GATEWAYS, TODAY))


def test_replaying_every_event_changes_nothing(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.pay(sandbox)
    refund(app, order_ids(app)[0], 500)
    form = {"kind": "double_click", "market": "US"}
    database["outbox"].insert_one(
        {
            "_id": "evt_double", "topic": "checkout.duplicate_prevented", "payload": form,
            "state": "pending", "created_at": now(), "available_at": now(), "tries": 0, "done": [],
        }
    )  # fmt: skip
    work(app)
    before = kept(database)
    assert sums(before, "prevented")["", Prevented.DOUBLE_CLICK, "times"] == 1
    for _ in range(2):
        database["outbox"].update_many(
            {}, {"$set": {"state": "pending", "done": [], "available_at": now()}}
        )
        database["payment_attempts"].update_many({}, {"$inc": {"uncounted": 1}})
        work(app)
        assert kept(database) == before


@pytest.mark.parametrize("seed", [3, 11])
def test_counters_made_anew_equal_those_that_were_kept(
    app: Flask,
    catalog: CatalogMaker,
    promotions: PromotionMaker,
    sandbox: Sandbox,
    database: Database,
    seed: int,
) -> None:
    rng = random.Random(seed)
    promotions.add("SAVE10")
    catalog.add(*(make_product(f"P{n}", make_variant(f"S-{n}")) for n in range(4)), stock=900)
    for _ in range(12):
        _do_something(app, sandbox, rng)
        if rng.random() < 0.5:
            work(app)
    work(app)
    before = kept(database)
    assert sums(before, "sales") == books(database)
    assert rebuilt(app, database) == before
    assert rebuilt(app, database) == before
    assert {each["generation"] for each in database["analytics_counters"].find({})} == {3}


def _do_something(app: Flask, sandbox: Sandbox, rng: random.Random) -> None:
    shopper = Shopper(app)
    shopper.add(f"S-{rng.randrange(4)}", rng.randint(1, 3))
    if rng.random() < 0.5:
        shopper.post("/cart/coupons", {"code": "SAVE10"})
    gateway = rng.choice(["stripe", "razorpay"])
    what = rng.choice(["pay", "pay", "pay", "leave", "switch", "repeat", "refund", "audit"])
    if what == "leave":
        shopper.check_out(gateway=gateway)
    elif what == "switch":
        shopper.check_out(gateway="stripe")
        shopper.pay(sandbox, "razorpay")
    elif what == "repeat":
        form = shopper.checkout_form(gateway=gateway)
        for _ in range(2):
            answer = shopper.client.post("/checkout", data=form)
        shopper.come_back(sandbox, answer.location, gateway)
    elif what == "audit":
        service(Audit, app).run()
    else:
        shopper.pay(sandbox, gateway)
        if what == "refund":
            _refund_any(app, rng)


def _refund_any(app: Flask, rng: random.Random) -> None:
    order_id = rng.choice(order_ids(app))
    try:
        refund(app, order_id, rng.choice([100, 250, None]))
    except ShopError:
        pass  # not paid, or wholly refunded


def test_a_second_gateway_and_a_replayed_key_are_counted_as_prevented(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    form = ready.checkout_form(gateway="stripe")
    for _ in range(2):
        assert ready.client.post("/checkout", data=form).status_code == 303
    ready.check_out(gateway="stripe")
    ready.pay(sandbox, "razorpay")
    work(app)
    counted = {
        row.key: row.count("times")
        for row in service(AnalyticsService, app).by_name(Kind.PREVENTED, TODAY)
    }
    assert counted == {
        Prevented.REPLAYED_KEY: 1, Prevented.SECOND_TAB: 1, Prevented.SECOND_GATEWAY: 1,
    }  # fmt: skip


def test_a_losing_payment_is_counted_as_voided(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    location = ready.check_out(gateway="razorpay").location
    page = ready.get(location).text
    first, _ = sandbox.pay_razorpay(page), sandbox.pay_razorpay(page)
    ready.client.post("/payments/razorpay/callback", data=first)
    work(app)
    assert sums(kept(database), "prevented")["", Prevented.VOIDED, "times"] == 1


def test_orders_of_one_moment_are_counted_by_several_at_once(
    app: Flask, database: Database
) -> None:
    maker, counting = OrderMaker(app), service(SalesCounting, app)
    ids = [maker.paid("p1", "p2") for _ in range(30)]
    for order_id in ids:
        counting.ask(order_id)
        counting.ask(order_id)
    counting.run()
    assert sums(kept(database), "sales")["USD", "all", "paid"] == 30
    assert sums(kept(database), "products")["USD", "p1", "units"] == 30
    days = {key.split("|")[1] for key in kept(database) if key.startswith("sales")}
    assert days <= {day_of(now()), day_of(now() - timedelta(minutes=1))}
