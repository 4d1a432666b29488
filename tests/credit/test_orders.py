"""Whole checkouts with gift cards and store credit: what is charged, held, spent and given back.

Two mugs are 48.90: 40.00, tax 2.90, shipping 6.00.
"""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from flask import Flask

from app.checkout.audit import Audit, Difference
from app.checkout.errors import RefundTooHigh
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish, everything
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.credit.errors import NoStoreCredit
from app.credit.holds import CreditHolds
from app.credit.models import CreditState
from app.db.database import Database
from app.inventory.service import InventoryService
from app.orders.models import OrderState
from app.payments.models import RefundState
from app.shared.clock import now
from app.shared.ids import OrderId, Sku
from app.shared.money import Money
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member, make_proven
from tests.support.payments import GATEWAYS, attempt_of, kept
from tests.support.promotions import sums
from tests.support.shopper import Shopper, soup


def usd(minor: int) -> Money:
    return Money(minor, "USD")


def refund(staff: Staff, minor: int, key: str, **more: bool) -> RefundState:
    wish = RefundWish(quantities={}, amount=usd(minor), **more)
    return staff.refunding.request(
        staff.order.id, wish, key=key, reason="", restock=False, by="Eve"
    ).state


# --- paying ---------------------------------------------------------------------------------------


@GATEWAYS
def test_a_card_pays_its_part_and_the_gateway_what_is_due(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    card, code = bank.card(2500)
    assert enter_card(ready, code).status_code == 303
    answer = ready.check_out(gateway=gateway)
    assert bank.figures(card) == (2500, 2500, 0)
    assert attempt_of(database)["amount"] == 2390
    back = ready.come_back(sandbox, answer.location, gateway)
    page = ready.get(back.location)
    assert sums(page)[f"Gift card …{code[-4:]}"] == "−$25.00"
    assert sums(page)["Total"] == "$48.90"
    assert sums(page)["Paid otherwise"] == "$23.90"
    assert "Your payment of $23.90 has arrived" in page.text
    assert kept(sandbox) == [2390]
    assert bank.figures(card) == (0, 0, 0)
    order = Staff(app).order
    assert order.totals.total == order.due + usd(2500) == usd(4890)
    assert bank.is_sound()
    assert service(Audit, app).run() == []
    assert soup(ready.get("/cart")).select(".coupon") == []


def test_nothing_due_is_placed_and_paid_at_once_and_answered_again_the_same(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox, database: Database
) -> None:
    card, code = bank.card(6000)
    enter_card(ready, code)
    page = ready.get("/checkout")
    assert "Place the order" in page.text
    assert soup(page).select("input[name=gateway]") == []
    form = ready.checkout_form()
    del form["gateway"]
    answer = ready.client.post("/checkout", data=form)
    assert answer.status_code == 303
    assert "/orders/" in answer.location
    for _ in range(2):
        again = ready.client.post("/checkout", data=form)
        assert (again.status_code, again.location) == (303, answer.location)
        assert again.headers["Idempotent-Replayed"] == "true"
    assert "Your payment of $48.90" in ready.get(answer.location).text
    assert bank.figures(card) == (1110, 0, 1110)
    assert Staff(app).order.state is OrderState.PAID
    assert service(InventoryService, app).available([Sku("MUG")]) == {"MUG": 498}
    assert database["payment_attempts"].count_documents({}) == 0
    assert sandbox.ledger()["payments"] == []
    assert database["outbox"].count_documents({"topic": "order.paid"}) == 1
    assert ready.cart_lines() == {}
    assert service(Audit, app).run() == []


def test_two_tabs_with_nothing_due_are_one_order(app: Flask, ready: Shopper, bank: Bank) -> None:
    card, code = bank.card(20_000)
    enter_card(ready, code)
    forms = [ready.checkout_form() for _ in range(4)]
    answers: list[tuple[int, str]] = []

    def press(form: dict[str, str]) -> None:
        tab = Shopper(app)
        for name in ("mossx_cart", "mossx_visitor"):
            cookie = ready.client.get_cookie(name)
            assert cookie
            tab.client.set_cookie(name, cookie.value)
        answer = tab.client.post("/checkout", data=form)
        answers.append((answer.status_code, answer.headers.get("Location", "")))

    tabs = [threading.Thread(target=press, args=(form,)) for form in forms]
    for tab in tabs:
        tab.start()
    for tab in tabs:
        tab.join()
    went = {location for status, location in answers if status == 303}
    assert len(went) == 1
    assert {status for status, _ in answers} <= {303, 422}
    assert bank.figures(card) == (15_110, 0, 15_110)
    assert bank.is_sound()


def test_several_cards_pay_in_their_order_then_store_credit(
    app: Flask, bank: Bank, ready: Shopper, sandbox: Sandbox
) -> None:
    first, second = bank.card(1000), bank.card(2000)
    member = Member(app)
    account_id = make_proven(app, member.email)
    store = bank.grant(account_id, 5000)
    member.log_in()
    member.add("MUG", 2)
    for _, code in (first, second):
        enter_card(member, code)
    box = soup(member.get("/checkout")).select_one("#use-store-credit")
    assert box is not None
    answer = member.check_out(use_store_credit="y")
    assert answer.status_code == 303
    assert [bank.figures(each)[0] for each in (first[0], second[0], store)] == [0, 0, 3110]
    uses = Staff(app).order.credit
    assert [use.amount.minor for use in uses] == [1000, 2000, 1890]
    assert uses[2].label == "Store credit"


def test_the_least_a_gateway_charges_is_left_to_it_and_said(
    ready: Shopper, bank: Bank, database: Database
) -> None:
    card, code = bank.card(4880)
    enter_card(ready, code)
    page = ready.get("/checkout?country=US&state=CA&shipping_method=standard")
    assert "We leave $0.90 of your credit untouched" in page.text
    ready.check_out()
    assert attempt_of(database)["amount"] == 100  # the most that one of the gateways asks for
    assert bank.figures(card) == (4880, 4790, 90)


# --- between page and button ----------------------------------------------------------------------


def test_a_balance_that_changed_since_the_page_is_told_before_paying(
    ready: Shopper, bank: Bank, database: Database
) -> None:
    card, code = bank.card(3000)
    enter_card(ready, code)
    form = ready.checkout_form()
    bank.credit.set_state(card, CreditState.DISABLED)
    answer = ready.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "has changed since you opened this page" in answer.text
    assert database["orders"].count_documents({}) == 0
    assert bank.figures(card) == (3000, 0, 3000)


def test_the_same_cart_placed_anew_takes_its_credit_along(
    ready: Shopper, bank: Bank, database: Database
) -> None:
    card, code = bank.card(3000)
    enter_card(ready, code)
    ready.check_out()
    assert ready.check_out().status_code == 303
    assert database["orders"].count_documents({}) == 1
    assert ready.check_out(shipping_method="express").status_code == 303
    states = sorted(order["state"] for order in database["orders"].find({}))
    assert states == ["cancelled", "pending"]
    assert bank.figures(card) == (3000, 3000, 0)
    assert bank.is_sound()


def test_an_order_that_nobody_pays_lets_its_credit_go(
    app: Flask, ready: Shopper, bank: Bank, database: Database
) -> None:
    card, code = bank.card(3000)
    enter_card(ready, code)
    ready.check_out()
    for name in ("stock_holds", "credit_holds"):
        database[name].update_many({}, {"$set": {"expires_at": now() - timedelta(minutes=1)}})
    service(Reconciler, app).run(older_than=timedelta(0))
    assert Staff(app).order.state is OrderState.CANCELLED
    assert bank.figures(card) == (3000, 0, 3000)


def test_cancelling_an_unpaid_order_lets_its_credit_go(
    app: Flask, ready: Shopper, bank: Bank
) -> None:
    card, code = bank.card(3000)
    enter_card(ready, code)
    ready.check_out()
    staff = Staff(app)
    staff.cancelling.cancel(staff.order.id)
    assert bank.figures(card) == (3000, 0, 3000)


@pytest.mark.parametrize("spent_elsewhere", [False, True])
def test_a_late_payment_holds_again_or_is_given_back(
    app: Flask,
    ready: Shopper,
    bank: Bank,
    sandbox: Sandbox,
    database: Database,
    *,
    spent_elsewhere: bool,
) -> None:
    card, code = bank.card(3000)
    enter_card(ready, code)
    location = ready.check_out().location
    order_id = OrderId(attempt_of(database)["order_id"])
    database.in_transaction(lambda session: CreditHolds(database).release(order_id, session))
    if spent_elsewhere:
        bank.credit.set_state(card, CreditState.DISABLED)
    ready.approve(sandbox, location, "stripe")
    for _ in range(2):
        service(Settlement, app).settle(attempt_of(database)["_id"])
    staff = Staff(app)
    if spent_elsewhere:
        assert kept(sandbox) == []
        assert staff.order.state is OrderState.CANCELLED
        assert bank.figures(card) == (3000, 0, 3000)
        returned = database["order_events"].find_one({"kind": "payment_returned"})
        assert returned
        assert "was spent before the payment arrived" in returned["message"]
    else:
        assert kept(sandbox) == [1890]
        assert staff.order.state is OrderState.PAID
        assert bank.figures(card) == (0, 0, 0)
    assert bank.is_sound()
    assert service(Audit, app).run() == []


# --- money going back -----------------------------------------------------------------------------


@pytest.fixture
def paid(app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox) -> Staff:
    """Paid with 15.00 and 20.00 from two cards, and 13.90 through the gateway."""
    for minor in (1500, 2000):
        enter_card(ready, bank.card(minor)[1])
    ready.pay(sandbox)
    return Staff(app)


def balances(staff: Staff, bank: Bank) -> list[int]:
    return [bank.figures(use.credit_id)[0] for use in staff.order.credit]


def test_refunds_go_to_the_gateway_first_then_to_the_card_that_paid_last(
    app: Flask, paid: Staff, bank: Bank, sandbox: Sandbox
) -> None:
    assert refund(paid, 1000, "k1") is RefundState.SUCCEEDED
    assert (kept(sandbox), balances(paid, bank)) == ([390], [0, 0])
    assert refund(paid, 1390, "k2") is RefundState.SUCCEEDED
    assert (kept(sandbox), balances(paid, bank)) == ([], [0, 1000])
    assert refund(paid, 1390, "k2") is RefundState.SUCCEEDED  # the same request
    assert refund(paid, 1500, "k3") is RefundState.SUCCEEDED
    assert balances(paid, bank) == [500, 2000]
    with pytest.raises(RefundTooHigh):
        refund(paid, 1001, "k4")
    assert paid.order.state is OrderState.PAID
    assert refund(paid, 1000, "k5") is RefundState.SUCCEEDED
    assert balances(paid, bank) == [1500, 2000]
    assert paid.order.state is OrderState.REFUNDED
    assert paid.order.refunded == usd(4890)
    assert paid.order.refunded_by_gateway == usd(1390)
    assert bank.is_sound()
    assert service(Audit, app).run() == []


def test_a_line_s_refund_is_exact_over_both_ways(
    app: Flask, paid: Staff, bank: Bank, sandbox: Sandbox
) -> None:
    for key in ("k1", "k2"):
        paid.refunding.request(
            paid.order.id, RefundWish(quantities={1: 1}), key=key, reason="", restock=True, by="E"
        )
    assert kept(sandbox) == []
    assert balances(paid, bank) == [900, 2000]  # but the shipping's 6.00
    assert paid.on_hand() == 500


def test_cancelling_a_paid_order_gives_everything_back(
    paid: Staff, bank: Bank, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    paid.cancelling.cancel(paid.order.id)
    paid.cancelling.cancel(paid.order.id)
    assert kept(sandbox) == []
    assert balances(paid, bank) == [1500, 2000]
    assert paid.order.state is OrderState.REFUNDED
    (mail,) = [x for x in mailbox.read(paid.order.email) if str(x["Subject"])[:9] == "Cancelled"]
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert "card or account" not in body.get_content()
        assert "go back the way you paid" in body.get_content()


def test_an_order_paid_by_credit_alone_is_refunded_without_a_gateway(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox
) -> None:
    card, code = bank.card(5000)
    enter_card(ready, code)
    ready.check_out()
    staff = Staff(app)
    assert refund(staff, 1000, "k1") is RefundState.SUCCEEDED
    assert refund(staff, 1000, "k1") is RefundState.SUCCEEDED
    assert bank.figures(card) == (1110, 0, 1110)
    whole = everything(staff.refunding.balance(staff.order))
    staff.refunding.request(staff.order.id, whole, key="k2", reason="", restock=False, by="E")
    assert bank.figures(card) == (5000, 0, 5000)
    assert staff.order.state is OrderState.REFUNDED
    assert sandbox.ledger()["refunds"] == []
    assert bank.is_sound()


def test_two_desks_at_once_never_give_back_too_much(app: Flask, ready: Shopper, bank: Bank) -> None:
    card, code = bank.card(5000)
    enter_card(ready, code)
    ready.check_out()
    staff = Staff(app)
    refused: list[int] = []

    def press(number: int) -> None:
        try:
            refund(staff, 1500, f"k{number}")
        except RefundTooHigh:
            refused.append(number)

    desks = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for desk in desks:
        desk.start()
    for desk in desks:
        desk.join()
    service(Reconciler, app).run(older_than=timedelta(0))
    assert len(refused) == 5
    assert bank.figures(card) == (110 + 4500, 0, 110 + 4500)
    assert staff.order.refunded == usd(4500)


def test_a_failed_gateway_part_gives_no_credit_and_everything_stays_refundable(
    app: Flask, paid: Staff, bank: Bank, sandbox: Sandbox, database: Database
) -> None:
    sandbox.fault("error_500", path="refunds", count=50)
    state = refund(paid, 2000, "k1")
    assert state not in {RefundState.SUCCEEDED, RefundState.FAILED}
    assert balances(paid, bank) == [0, 0]  # nothing before the gateway's part is certain
    assert paid.refunding.balance(paid.order).refundable == usd(2890)


def test_staff_may_refund_to_store_credit_instead(
    app: Flask, ready: Shopper, bank: Bank, sandbox: Sandbox
) -> None:
    member = Member(app)
    account_id = make_proven(app, member.email)
    member.log_in()
    member.add("MUG", 2)
    enter_card(member, bank.card(2000)[1])
    member.pay(sandbox)
    staff = Staff(app)
    assert refund(staff, 3500, "k1", to_store_credit=True) is RefundState.SUCCEEDED
    (store,) = bank.credit.of_account(account_id)
    assert store.balance == usd(3500)
    assert kept(sandbox) == [2890]  # the gateway keeps it, the shopper may spend it
    assert staff.refunding.balance(staff.order).refundable == usd(1390)
    assert service(Audit, app).run() == []
    assert refund(staff, 1390, "k2") is RefundState.SUCCEEDED
    assert (kept(sandbox), balances(staff, bank)) == ([2890], [1390])
    assert bank.is_sound()
    assert service(Audit, app).run() == []


def test_a_guest_has_no_store_credit_to_refund_to(paid: Staff, bank: Bank) -> None:
    with pytest.raises(NoStoreCredit):
        refund(paid, 100, "k1", to_store_credit=True)
    assert paid.refunding.of_order(paid.order.id) == []
    assert paid.refunding.balance(paid.order).refundable == usd(4890)


def test_the_invoice_names_the_card_below_the_total(
    app: Flask, paid: Staff, ready: Shopper
) -> None:
    order = paid.order
    page = ready.get(f"/orders/{order.number}/invoice?token={order.access_token}")
    assert page.status_code == 200
    for use in order.credit:
        assert f"Paid by {use.label}" in page.text
    assert "Discount" not in page.text


def test_the_audit_names_what_does_not_add_up(
    app: Flask, paid: Staff, bank: Bank, database: Database
) -> None:
    card = paid.order.credit[0].credit_id
    database["credit_accounts"].update_one({"_id": card}, {"$inc": {"balance": 1, "available": 1}})
    assert [each.difference for each in service(Audit, app).run()] == [Difference.CREDIT]
    database["credit_accounts"].update_one(
        {"_id": card}, {"$inc": {"balance": -1, "available": -1}}
    )
    database["captures"].update_one({}, {"$set": {"state": "void"}})
    found = {each.difference for each in service(Audit, app).run()}
    assert Difference.UNPAID in found


def test_refunding_by_command(app: Flask, paid: Staff, bank: Bank) -> None:
    run = app.test_cli_runner().invoke
    answer = run(args=["payments", "refund", paid.order.number, "--amount", "20.00", "--key", "a"])
    assert answer.exit_code == 0, answer.output
    assert balances(paid, bank) == [0, 610]
    assert service(Refunding, app).of_order(paid.order.id)[0].by_gateway == usd(1390)
    answer = run(
        args=["payments", "refund", paid.order.number, "--amount", "1", "--to-store-credit"]
    )
    assert answer.exit_code == 1
    assert "guest" in answer.output
