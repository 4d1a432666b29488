"""Ways of charging twice that begin with what people and browsers do; see docs/payments.md."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests
from flask import Flask

from app.checkout.errors import NotRefundable
from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish, everything
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.inventory.service import InventoryService
from app.orders.service import OrderService
from app.shared.clock import now
from app.shared.ids import Sku
from app.web.registry import service
from tests.support.gateways import Sandbox
from tests.support.payments import GATEWAYS, OTHER, attempt_of, kept
from tests.support.shopper import HTMX, Shopper


def _settle_all(app: Flask) -> None:
    for attempt in list(service(Database, app)["payment_attempts"].find({})):
        service(Settlement, app).settle(attempt["_id"])
    service(Reconciler, app).run(older_than=timedelta(0))


# --- the button ---------------------------------------------------------------------------------


@GATEWAYS
def test_a_reloaded_form_with_a_new_key_leads_to_the_same_payment(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    first = ready.checkout_form(gateway=gateway)
    sandbox.fault("drop_after", gateway=gateway, method="POST", count=3)
    ready.client.post("/checkout", data=first)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    second = ready.checkout_form(gateway=gateway)
    assert first["idempotency_key"] != second["idempotency_key"]
    ready.come_back(sandbox, ready.client.post("/checkout", data=second).location, gateway)
    assert kept(sandbox) == [4890]
    assert sandbox.ledger()["sessions"] == database["orders"].count_documents({}) == 1


@GATEWAYS
def test_the_form_posted_again_after_paying_leads_to_the_paid_order(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    form = ready.checkout_form(gateway=gateway)
    ready.come_back(sandbox, ready.client.post("/checkout", data=form).location, gateway)
    again = ready.client.post("/checkout", data=form)
    assert again.headers["Idempotent-Replayed"] == "true"
    if gateway == "stripe":
        assert "/payments/stripe/return" in sandbox.pay_stripe(again.location).headers["Location"]
    else:
        assert ready.get(again.location).status_code == 303
    assert kept(sandbox) == [4890]
    assert database["orders"].count_documents({}) == 1


@GATEWAYS
def test_a_restored_browser_posts_a_form_whose_key_is_forgotten(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    form = ready.checkout_form(gateway=gateway)
    ready.come_back(sandbox, ready.client.post("/checkout", data=form).location, gateway)
    database["idempotency_keys"].delete_many({})
    assert ready.client.post("/checkout", data=form).status_code == 422
    assert kept(sandbox) == [4890]
    assert database["orders"].count_documents({}) == 1


@GATEWAYS
def test_script_and_plain_form_both_sent_place_one_order(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    form = ready.checkout_form(gateway=gateway)
    plain = ready.client.post("/checkout", data=form)
    scripted = ready.client.post("/checkout", data=form, headers=HTMX)
    assert scripted.headers["HX-Redirect"] == plain.location
    assert sandbox.ledger()["sessions"] == database["orders"].count_documents({}) == 1


def test_two_shoppers_with_one_key_pay_for_an_order_each(
    app: Flask, ready: Shopper, sandbox: Sandbox
) -> None:
    other = Shopper(app)
    other.add("MUG", 1)
    for shopper, email in ((ready, "ann@example.com"), (other, "bob@example.com")):
        page = shopper.check_out(idempotency_key="one-key-for-everybody", email=email)
        shopper.come_back(sandbox, page.location, "stripe")
    assert kept(sandbox) == [2745, 4890]
    assert len({number for number, _ in sandbox.captures()}) == 2


@GATEWAYS
def test_opening_pages_and_links_charges_nothing(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    page = ready.check_out(gateway=gateway).location
    attempt = attempt_of(database)
    order = f"/orders/{attempt['order_number']}?token={attempt['access_token']}"
    for path in ("/checkout", f"/payments/{attempt['_id']}", order):
        assert ready.get(path).status_code == 200
    opened = requests.get(page, timeout=5) if gateway == "stripe" else ready.get(page)
    assert opened.status_code == 200
    assert sandbox.ledger()["payments"] == []
    assert sandbox.ledger()["sessions"] == 1


# --- several tabs, pages and browsers -------------------------------------------------------------


def test_two_gateways_chosen_at_once_in_two_tabs_take_the_money_once(
    app: Flask, ready: Shopper, sandbox: Sandbox
) -> None:
    forms = {gateway: ready.checkout_form(gateway=gateway) for gateway in OTHER}
    cookies = [ready.client.get_cookie(name) for name in ("mossx_cart", "mossx_visitor")]

    def press(gateway: str) -> None:
        tab = Shopper(app)
        for cookie in cookies:
            assert cookie is not None
            tab.client.set_cookie(cookie.key, cookie.value)
        location = tab.client.post("/checkout", data=forms[gateway]).location
        if "/c/pay/" in location:
            sandbox.pay_stripe(location)
        elif location.endswith("/razorpay"):
            sandbox.pay_razorpay(tab.get(location).text)

    threads = [threading.Thread(target=press, args=(gateway,)) for gateway in forms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _settle_all(app)
    assert kept(sandbox) == [4890]


@GATEWAYS
def test_another_gateway_chosen_after_paying_finds_the_payment(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    switched = ready.check_out(gateway=OTHER[gateway])  # by the back button
    assert switched.location == f"/payments/{attempt_of(database)['_id']}"
    assert "Thank you" in ready.get(ready.get(switched.location).location).text
    assert kept(sandbox) == [4890]
    assert sandbox.ledger()["sessions"] == 1


@GATEWAYS
def test_turning_back_in_one_tab_after_paying_in_another_shows_the_paid_order(
    ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    back = ready.get(f"/payments/{attempt_of(database)['_id']}/cancelled")
    assert "Thank you" in ready.get(back.location).text
    assert kept(sandbox) == [4890]


def test_another_market_chosen_with_the_page_open_closes_the_page(
    app: Flask, ready: Shopper, sandbox: Sandbox
) -> None:
    dollars = ready.check_out(gateway="stripe").location
    ready.post("/market", {"market": "DE"})
    german = {"country": "DE", "postal_code": "10115", "state": ""}
    euros = ready.check_out(gateway="stripe", **german).location
    assert sandbox.pay_stripe(dollars).status_code == 410
    ready.come_back(sandbox, euros, "stripe")
    _settle_all(app)
    assert [currency for currency, net in sandbox.ledger()["net_captured"].items() if net] == [
        "EUR"
    ]
    assert len(sandbox.captures()) == 1


def test_the_old_page_of_a_cart_that_was_changed_and_paid_is_not_captured(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    old_page = ready.get(ready.check_out(gateway="razorpay").location).text
    ready.add("MUG", 1)
    ready.come_back(sandbox, ready.check_out(gateway="stripe").location, "stripe")
    paid = kept(sandbox)
    sandbox.pay_razorpay(old_page)  # Razorpay cannot close a page
    _settle_all(app)
    assert kept(sandbox) == paid
    assert len(paid) == 1
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 1


def test_of_two_given_up_orders_of_one_cart_a_late_payment_buys_one(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    pages = [ready.get(ready.check_out(gateway="razorpay").location).text]
    ready.add("MUG", 1)
    pages.append(ready.get(ready.check_out(gateway="razorpay").location).text)
    database["stock_holds"].update_many({}, {"$set": {"expires_at": now()}})
    service(Reconciler, app).run(older_than=timedelta(0))
    assert database["orders"].count_documents({"state": "cancelled"}) == 2
    for page in pages:
        sandbox.pay_razorpay(page)
        _settle_all(app)
    assert kept(sandbox) == [4890]
    assert database["orders"].count_documents({"state": "paid"}) == 1


def test_a_late_payment_still_buys_if_the_cart_was_only_bought_before(
    app: Flask, ready: Shopper, sandbox: Sandbox
) -> None:
    ready.pay(sandbox)
    ready.add("MUG", 2)
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    database = service(Database, app)
    database["stock_holds"].update_many({}, {"$set": {"expires_at": now()}})
    service(Reconciler, app).run(older_than=timedelta(0))
    assert database["orders"].count_documents({"state": "cancelled"}) == 1
    sandbox.pay_razorpay(page)
    _settle_all(app)
    assert kept(sandbox) == [4890, 4890]
    assert len({number for number, _ in sandbox.captures()}) == 2


def test_the_same_person_in_another_spelling_is_warned_as_well(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.approve(sandbox, ready.check_out(gateway="razorpay").location, "razorpay")
    sandbox.fault("html_502", gateway="razorpay", count=4)
    other = Shopper(app)
    other.add("MUG", 2)
    warned = other.check_out(gateway="stripe", email="ANN@Example.com")
    assert warned.status_code == 422
    assert "very same things" in warned.text
    assert database["orders"].count_documents({}) == 1


def test_a_failed_payment_that_the_bank_allows_after_the_retry_is_not_captured(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    page = ready.get(ready.check_out(gateway="razorpay").location).text
    declined = sandbox.pay_razorpay(page, "decline")
    ready.client.post("/payments/razorpay/callback", data=declined)
    paid = sandbox.pay_razorpay(page)
    ready.client.post("/payments/razorpay/callback", data=paid)
    (failed,) = [each for each in sandbox.ledger()["payments"] if not each["captured"]]
    requests.post(f"{sandbox.url}/sandbox/late-authorise/{failed['id']}", timeout=5)
    _settle_all(app)
    assert kept(sandbox) == [4890]
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 1


# --- callbacks ------------------------------------------------------------------------------------


def test_a_callback_with_the_payment_of_another_order_is_refused(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    mine = sandbox.pay_razorpay(ready.get(ready.check_out(gateway="razorpay").location).text)
    other = Shopper(app)
    other.add("MUG", 1)
    other.check_out(gateway="razorpay", email="bob@example.com")
    theirs = attempt_of(database, amount=2745)
    forged = {**mine, "razorpay_order_id": theirs["session_id"]}
    assert other.client.post("/payments/razorpay/callback", data=forged).status_code == 400
    assert kept(sandbox) == []
    assert database["captures"].count_documents({}) == 0


@GATEWAYS
def test_an_old_way_back_walked_after_the_refund_takes_nothing(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    page = ready.check_out(gateway=gateway).location
    fields: dict[str, str] = {}
    if gateway == "razorpay":
        fields = sandbox.pay_razorpay(ready.get(page).text)
    else:
        sandbox.pay_stripe(page)
    attempt = attempt_of(database)

    def walk() -> None:
        if gateway == "razorpay":
            ready.client.post("/payments/razorpay/callback", data=fields)
        else:
            ready.get(f"/payments/stripe/return?session_id={attempt['session_id']}")

    walk()
    assert kept(sandbox) == [4890]
    order = service(OrderService, app).get(attempt["order_id"])
    refunding = service(Refunding, app)
    wish = everything(refunding.balance(order))
    refunding.request(order.id, wish, key="k", reason="", restock=False, by="Eve")
    walk()
    _settle_all(app)
    assert kept(sandbox) == []
    assert database["orders"].count_documents({"state": "refunded"}) == 1


@GATEWAYS
def test_a_payment_that_was_given_back_cannot_be_refunded_too(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    page = ready.check_out(gateway=gateway).location
    attempt = attempt_of(database)
    stock = service(InventoryService, app)
    database.in_transaction(lambda session: stock.release(attempt["order_id"], session))
    stock.set_on_hand({Sku("MUG"): 0}, "theft")
    ready.approve(sandbox, page, gateway)
    _settle_all(app)
    with pytest.raises(NotRefundable):
        service(Refunding, app).request(
            attempt["order_id"], RefundWish(quantities={1: 1}),
            key="k", reason="", restock=False, by="Eve",
        )  # fmt: skip
    assert sandbox.ledger()["refunds"] == []
    assert kept(sandbox) == []
