"""Credit on its way back: all that is owed, once, and never what an order still needs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from flask import Flask

from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish
from app.checkout.settlement import Settlement
from app.credit.givebacks import GiveBacks
from app.credit.hold_repository import CreditHold, CreditHoldRepository
from app.credit.holds import CreditHolds
from app.credit.models import CreditState
from app.db.database import Database, Session
from app.inventory.errors import OutOfStock
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.payments.models import RefundState
from app.shared.clock import now
from app.shared.credit import CreditKind, CreditUse
from app.shared.ids import CreditId, OrderId, Sku
from app.shared.money import Money
from app.web.registry import service
from tests.credit.test_selling import buy
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.member import Member, make_proven
from tests.support.payments import attempt_of, kept
from tests.support.shopper import Shopper

LATER = timedelta(hours=1)


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def test_only_what_was_spent_is_given_back_once_and_as_it_was_read(
    database: Database, bank: Bank
) -> None:
    card, _ = bank.card(1000)
    order = OrderId("o1")
    use = CreditUse(credit_id=card, kind=CreditKind.GIFT_CARD, last4="", amount=usd(600))
    holds, backs, stored = (
        CreditHolds(database),
        GiveBacks(database),
        CreditHoldRepository(database),
    )
    do = database.in_transaction

    def take_all(read: CreditHold) -> bool:
        return do(lambda session: stored.take_refund(read, [0], session))

    def read() -> CreditHold:
        found = stored.find(order)
        assert found
        return found

    do(lambda session: holds.take(order, [use], now() + LATER, session))
    assert backs.refundable(order) == 0
    assert do(lambda session: backs.take(order, usd(1), session)) is None
    assert not take_all(read())
    do(lambda session: holds.commit(order, session))
    assert backs.refundable(order) == 600
    early = read()
    taken = do(lambda session: backs.take(order, usd(200), session))
    assert taken == ((use_of(use, 200),), 1)
    assert not take_all(early)
    for _ in range(2):
        do(lambda session: backs.give(order, "refund", taken[0], session))
    assert bank.figures(card) == (600, 0, 600)
    assert do(lambda session: backs.take(order, usd(401), session)) is None
    assert bank.is_sound()


def use_of(use: CreditUse, minor: int) -> CreditUse:
    return CreditUse(credit_id=use.credit_id, kind=use.kind, last4="", amount=usd(minor))


def test_a_changed_order_that_cannot_be_placed_gives_its_credit_back(
    ready: Shopper, bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    card, code = bank.card(2500)
    enter_card(ready, code)
    ready.check_out(city="Fresno")
    assert bank.figures(card) == (2500, 2500, 0)

    def sold_meanwhile(*_: object, **__: object) -> None:
        raise OutOfStock({Sku("MUG"): 0})

    monkeypatch.setattr(InventoryService, "hold", sold_meanwhile)
    assert ready.check_out(city="Sacramento").status_code == 422
    assert bank.figures(card) == (2500, 0, 2500)


def _left_held(app: Flask, database: Database) -> None:
    """The only order is withdrawn by a server that dies before its credit is given back, and the
    time of that is over."""
    assert service(Settlement, app).cancel(Staff(app).order, "Replaced", keep_benefits=True)
    past = now() - timedelta(minutes=1)
    database["credit_holds"].update_many({}, {"$set": {"expires_at": past}})


def test_credit_that_a_dead_server_left_held_is_given_back(
    app: Flask, ready: Shopper, bank: Bank, database: Database
) -> None:
    card, code = bank.card(2500)
    enter_card(ready, code)
    ready.check_out()
    _left_held(app, database)
    assert bank.figures(card) == (2500, 2500, 0)
    service(Reconciler, app).run(older_than=timedelta(hours=1))
    assert bank.figures(card) == (2500, 0, 2500)


def test_a_late_payment_keeps_the_credit_that_was_about_to_be_given_back(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    card, code = bank.card(2500)
    enter_card(ready, code)
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    sandbox.pay_razorpay(page, "decline")
    attempt = attempt_of(database)["_id"]
    _left_held(app, database)
    is_pending = Reconciler._is_pending

    def overtaken(self: Reconciler, order_id: OrderId, session: Session | None = None) -> bool:
        """The order is seen cancelled: now its payment is allowed after all, and claimed."""
        monkeypatch.undo()
        found = is_pending(self, order_id, session)
        (failed,) = sandbox.ledger()["payments"]
        requests.post(f"{sandbox.url}/sandbox/late-authorise/{failed['id']}", timeout=5)
        sandbox.fault("drop_before", gateway="razorpay", path="capture")
        service(Settlement, app).settle(attempt)
        return found

    monkeypatch.setattr(Reconciler, "_is_pending", overtaken)
    service(Reconciler, app).run(older_than=timedelta(hours=1))
    assert Staff(app).order.state is OrderState.PENDING
    assert bank.figures(card) == (2500, 2500, 0)
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 498}


def test_credit_of_a_refund_that_failed_can_be_given_back_another_time(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox
) -> None:
    card, code = bank.card(3500)
    enter_card(ready, code)
    ready.pay(sandbox)
    staff = Staff(app)
    requests.post(f"{sandbox.url}/sandbox/slow-refunds", timeout=5)

    def refund(key: str) -> RefundState:
        """13.90 through the gateway, the rest to the card."""
        wish = RefundWish(quantities={}, amount=usd(2000))
        return staff.refunding.request(
            staff.order.id, wish, key=key, reason="", restock=False, by="Eve"
        ).state

    assert refund("k1") is RefundState.PENDING
    (made,) = sandbox.ledger()["refunds"]
    sandbox.end_refund(made["id"], "failure")
    staff.refunding.follow(staff.order.id)
    assert bank.figures(card) == (0, 0, 0)
    assert staff.refunding.balance(staff.order).refundable == usd(4890)
    assert refund("k2") is RefundState.PENDING
    (made,) = (each for each in sandbox.ledger()["refunds"] if each["status"] == "pending")
    sandbox.end_refund(made["id"], "success")
    staff.refunding.follow(staff.order.id)
    assert (kept(sandbox), bank.figures(card)) == ([], (610, 0, 610))


def test_a_sold_card_that_is_held_is_passed_over_for_one_that_is_not(
    app: Flask, shopper: Shopper, bank: Bank, sandbox: Sandbox, database: Database
) -> None:
    bank.product(2500)
    shopper.add("GIFT-2500", 2)
    buy(shopper, sandbox)
    staff = Staff(app)
    staff.work()
    first, second = (CreditId(f"{staff.order.id}:1:{unit}") for unit in (1, 2))
    use = CreditUse(credit_id=first, kind=CreditKind.GIFT_CARD, last4="", amount=usd(100))
    database.in_transaction(
        lambda session: CreditHolds(database).take(OrderId("o1"), [use], now() + LATER, session)
    )
    wish = RefundWish(quantities={1: 1})
    staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=False, by="Eve")
    assert bank.figures(first) == (2500, 100, 2400)
    assert bank.figures(second) == (0, 0, 0)
    assert bank.account(second).state is CreditState.DISABLED


def test_an_order_of_other_goods_that_waits_for_its_payment_keeps_its_credit(
    app: Flask, catalog: CatalogMaker, bank: Bank, database: Database
) -> None:
    """It is one of the account's orders, which an undone merge leaves to the guest's cart too."""
    for name in ("Mug", "Plate"):
        catalog.add(make_product(name, make_variant(name.upper())), stock=9)
    guest, at_home = Member(app), Member(app)
    make_proven(app, guest.email)
    at_home.log_in()
    (first, code), (_, other) = bank.card(2500), bank.card(2500)
    at_home.add("PLATE")
    enter_card(at_home, code)
    assert at_home.check_out().status_code == 303
    guest.add("MUG")
    guest.log_in()
    receipt = database["cart_merges"].find_one({})
    assert receipt
    assert guest.post(f"/cart/merges/{receipt['_id']}/undo", {}).status_code == 303
    guest.log_out()
    enter_card(guest, other)
    assert guest.check_out().status_code == 303
    assert [each["state"] for each in database["orders"].find({})] == ["pending", "pending"]
    assert bank.figures(first)[1] > 0
