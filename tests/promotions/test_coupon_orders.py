"""Whole checkouts with coupons: what is charged, shown, refunded, held and given back.

Two mugs are 40.00; with ten per cent off 36.00, tax 2.61, shipping 6.00: 44.61.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import requests
from flask import Flask
from werkzeug.test import TestResponse

from app.checkout.reconciliation import Reconciler
from app.checkout.refund_rules import RefundWish, everything
from app.checkout.refunding import Refunding
from app.checkout.settlement import Settlement
from app.db.database import Database, Document
from app.inventory.errors import OutOfStock
from app.inventory.service import InventoryService
from app.orders.service import OrderService
from app.promotions.kinds import BuyGet, FixedAmount, FreeShipping, Percentage
from app.promotions.models import Conditions
from app.shared.clock import now
from app.shared.ids import OrderId, Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member, make_proven
from tests.support.payments import GATEWAYS, attempt_of, kept
from tests.support.promotions import PromotionMaker, enter, sums
from tests.support.shopper import Shopper, soup


def other_shopper(app: Flask) -> Shopper:
    """Somebody else with two mugs."""
    other = Shopper(app)
    other.add("MUG", 2)
    return other


def order_of(database: Database, **query: str) -> Document:
    order = database["orders"].find_one(query)
    assert order
    return order


def uses(database: Database) -> list[str]:
    return sorted(use["state"] for use in database["promotion_uses"].find({}))


def left(database: Database) -> int:
    return int(database["promotion_counters"].find_one({})["left"])


def alert(answer: TestResponse) -> str:
    found = soup(answer).select_one("[role=alert]")
    assert found is not None
    return " ".join(found.text.split())


def reconcile_later(app: Flask, database: Database) -> None:
    """When every hold has run out."""
    database["stock_holds"].update_many({}, {"$set": {"expires_at": now()}})
    database["promotion_uses"].update_many({}, {"$set": {"expires_at": now()}})
    service(Reconciler, app).run(older_than=timedelta(0))


# --- bought ---------------------------------------------------------------------------------------


@GATEWAYS
def test_a_discounted_order_is_charged_shown_and_mailed(
    ready: Shopper, sandbox: Sandbox, database: Database, mailbox: Mailbox, gateway: str
) -> None:
    page = ready.pay(sandbox, gateway)
    assert kept(sandbox) == [4461]
    assert sums(page)["Subtotal"] == "$40.00"
    assert sums(page)["Ten per cent off (SAVE10)"] == "−$4.00"
    assert sums(page)["Total"] == "$44.61"
    order = order_of(database)
    assert order["totals"] == {
        "subtotal": 4000, "discount": 400, "shipping": 600, "tax": 261, "total": 4461,
        "tax_included": False, "tax_name": "Sales tax",
    }  # fmt: skip
    assert [each["amount"] for each in order["lines"][0]["reductions"]] == [400]
    (mail,) = mailbox.read("ann@example.com")
    for kind in ("plain", "html"):
        body = mail.get_body((kind,))
        assert body is not None
        assert "Ten per cent off (SAVE10)" in body.get_content()
        assert "−$4.00" in body.get_content()
    assert uses(database) == ["committed"]
    assert left(database) == 0
    assert "SAVE10" not in ready.get("/cart").text  # used with the cart that was bought


def test_what_is_off_one_thing_is_shown_with_it(
    shopper: Shopper, catalog: CatalogMaker, promotions: PromotionMaker, sandbox: Sandbox,
    mailbox: Mailbox,
) -> None:  # fmt: skip
    promotions.add(name="Third one free", benefit=BuyGet(buy=2, get=1))
    promotions.add(name="Free post", benefit=FreeShipping())
    shopper.add(catalog.mug(stock=50), 3)
    page = shopper.pay(sandbox)
    assert kept(sandbox) == [4000 + 290]
    assert soup(page).select_one(".line .off").text == "Third one free: −$20.00"
    assert sums(page)["Free post"] == "$6.00 saved"
    (mail,) = mailbox.read("ann@example.com")
    assert "  Third one free: −$20.00" in mail.get_body(("plain",)).get_content()


def test_refunds_by_line_give_back_what_was_paid_for_the_line(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.pay(sandbox)
    refunding = service(Refunding, app)
    order = service(OrderService, app).get(OrderId(order_of(database)["_id"]))

    def refund(wish: RefundWish, key: str) -> int:
        made = refunding.request(order.id, wish, key=key, reason="", restock=False, by="Eve")
        return made.amount.minor

    assert refund(RefundWish(quantities={1: 1}), "one") == 1930  # half of 36.00 and its tax 2.61
    assert refund(everything(refunding.balance(order)), "rest") == 4461 - 1930
    assert kept(sandbox) == []
    assert order_of(database)["state"] == "refunded"


def test_an_order_of_nothing_is_placed_and_paid_without_a_gateway(
    shopper: Shopper,
    catalog: CatalogMaker,
    promotions: PromotionMaker,
    sandbox: Sandbox,
    database: Database,
) -> None:
    promotions.add("ALL", benefit=Percentage(basis_points=10_000))
    promotions.add("SHIP", benefit=FreeShipping())
    shopper.add(catalog.mug(), 1)
    enter(shopper, "ALL")
    enter(shopper, "SHIP")
    form = shopper.checkout_form()
    del form["gateway"]
    answer = shopper.client.post("/checkout", data=form)
    assert answer.status_code == 303
    assert "There was nothing to pay" in shopper.get(answer.location).text
    assert order_of(database)["state"] == "paid"
    assert uses(database) == ["committed", "committed"]
    assert sandbox.ledger()["sessions"] == 0
    assert database["payment_attempts"].count_documents({}) == 0
    again = shopper.client.post("/checkout", data=form)
    assert again.location == answer.location
    assert again.headers["Idempotent-Replayed"] == "true"


# --- owned by the checkout ------------------------------------------------------------------------


def test_the_same_shopper_s_retry_second_tab_and_other_gateway_keep_the_use(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    first = ready.check_out(gateway="stripe").location
    assert ready.check_out(gateway="stripe").location == first
    assert sums(ready.get("/cart"))["Ten per cent off"] == "−$4.00"
    second = ready.check_out(gateway="razorpay").location
    assert enter(other_shopper(app), "SAVE10").status_code == 422
    ready.come_back(sandbox, second, "razorpay")
    assert kept(sandbox) == [4461]
    assert uses(database) == ["committed"]


def test_a_changed_order_takes_the_use_over(
    ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.check_out(city="Fresno")
    answer = ready.check_out(city="Sacramento")
    assert answer.status_code == 303, alert(answer)
    assert uses(database) == ["held", "released"]
    ready.come_back(sandbox, answer.location, "stripe")
    assert kept(sandbox) == [4461]
    assert uses(database) == ["committed", "released"]
    assert left(database) == 0


def test_a_changed_order_that_cannot_be_placed_gives_the_use_back(
    ready: Shopper, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.check_out(city="Fresno")

    def sold_meanwhile(*_: object, **__: object) -> None:
        raise OutOfStock({Sku("MUG"): 0})

    monkeypatch.setattr(InventoryService, "hold", sold_meanwhile)
    assert ready.check_out(city="Sacramento").status_code == 422
    assert uses(database) == ["released"]
    assert left(database) == 1


def test_what_a_process_left_held_when_it_died_is_given_back(
    app: Flask, ready: Shopper, database: Database
) -> None:
    ready.check_out()
    order = service(OrderService, app).get(OrderId(order_of(database)["_id"]))
    assert service(Settlement, app).cancel(order, "Replaced", keep_benefits=True)
    assert uses(database) == ["held"]
    service(Reconciler, app).run(older_than=timedelta(0))
    assert uses(database) == ["held"]  # its time is not over
    reconcile_later(app, database)
    assert uses(database) == ["released"]
    assert left(database) == 1


def test_an_abandoned_order_gives_its_use_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    ready.check_out()
    assert left(database) == 0
    reconcile_later(app, database)
    assert order_of(database)["state"] == "cancelled"
    assert uses(database) == ["released"]
    ready.pay(sandbox)
    assert kept(sandbox) == [4461]


# --- told before paying ---------------------------------------------------------------------------


def test_a_promotion_that_ends_or_changes_is_told_before_paying(
    ready: Shopper, promotions: PromotionMaker, database: Database, sandbox: Sandbox
) -> None:
    (report,) = promotions.service.report()
    for change in (
        lambda: promotions.service.change(
            replace(
                promotions.service.get(report.promotion.id), benefit=Percentage(basis_points=500)
            )
        ),
        lambda: promotions.end(report.promotion),
    ):
        form = ready.checkout_form()
        change()
        answer = ready.client.post("/checkout", data=form)
        assert answer.status_code == 422
        assert "Your cart or its prices changed" in alert(answer)
        assert database["orders"].count_documents({}) == 0
    assert "This code expired on" in alert(answer)
    ready.pay(sandbox)
    assert kept(sandbox) == [4890]


def test_a_use_that_others_took_is_told_before_paying(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    form = ready.checkout_form()
    faster = other_shopper(app)
    enter(faster, "SAVE10")
    faster.pay(sandbox)
    answer = ready.client.post("/checkout", data={**form, "email": "bea@example.com"})
    assert answer.status_code == 422
    assert "Code SAVE10: This code has been used up." in alert(answer)
    assert sums(answer)["Total"] == "$48.90"
    assert database["orders"].count_documents({}) == 1


def test_a_code_for_new_customers_is_refused_once_the_address_is_known(
    app: Flask, ready: Shopper, promotions: PromotionMaker, sandbox: Sandbox
) -> None:
    ready.pay(sandbox)
    promotions.add("HELLO", name="Hello", conditions=Conditions(first_order=True))
    again = other_shopper(app)
    assert enter(again, "HELLO").status_code == 303
    assert "We check at checkout" in again.get("/cart").text
    answer = again.check_out(email=" ANN@Example.com ")
    assert answer.status_code == 422
    assert "Only for new customers" in alert(answer)
    assert sums(answer)["Total"] == "$48.90"
    fields = {
        each["name"]: each["value"] for each in soup(answer).select("form.split input[type=hidden]")
    }
    form = {**again.checkout_form(), **fields}  # press again what the answer shows
    assert again.client.post("/checkout", data=form).status_code == 303
    new = other_shopper(app)
    enter(new, "HELLO")
    assert new.check_out(email="new@example.com").status_code == 303


def test_two_checkouts_of_one_customer_at_once_get_one_discount(
    app: Flask, catalog: CatalogMaker, promotions: PromotionMaker, database: Database
) -> None:
    promotions.add("ONCE", limit_per_customer=1)
    catalog.mug(stock=50)
    make_proven(app, "ann@example.com")
    at_home = Member(app)
    at_home.log_in()
    away = Shopper(app)
    forms = []
    for each, email in ((at_home, "other@example.com"), (away, "Ann@EXAMPLE.com")):
        each.add("MUG", 2)
        enter(each, "ONCE")
        forms.append((each, each.checkout_form(email=email)))
    answers: list[TestResponse] = []
    barrier = threading.Barrier(2)

    def press(shopper: Shopper, form: dict[str, str]) -> None:
        barrier.wait()
        answers.append(shopper.client.post("/checkout", data=form))

    crowd = [threading.Thread(target=press, args=each) for each in forms]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "used up just now" in alert(refused) or "Already used" in alert(refused)
    assert database["orders"].count_documents({}) == 1
    assert uses(database) == ["held"]


# --- late payments --------------------------------------------------------------------------------


def _late(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> Document:
    """An order is paid at the gateway, and cancelled before the shop looks."""
    ready.approve(sandbox, ready.check_out(gateway=gateway).location, gateway)
    order = service(OrderService, app).get(OrderId(order_of(database)["_id"]))
    assert service(Settlement, app).cancel(order, "Not paid in time")
    assert left(database) == 1
    return attempt_of(database, order_id=order.id)


@GATEWAYS
def test_a_late_payment_takes_the_use_again_and_keeps_the_agreed_price(
    app: Flask, ready: Shopper, promotions: PromotionMaker, sandbox: Sandbox, database: Database,
    gateway: str,
) -> None:  # fmt: skip
    attempt = _late(app, ready, sandbox, database, gateway)
    promotions.end(promotions.service.report()[0].promotion)  # it was promised
    service(Settlement, app).settle(attempt["_id"])
    assert kept(sandbox) == [4461]
    assert order_of(database)["state"] == "paid"
    assert uses(database) == ["committed"]
    assert left(database) == 0


@GATEWAYS
def test_a_late_payment_whose_use_is_gone_is_given_back_and_the_shopper_told(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, mailbox: Mailbox,
    gateway: str,
) -> None:  # fmt: skip
    attempt = _late(app, ready, sandbox, database, gateway)
    other = other_shopper(app)
    enter(other, "SAVE10")
    assert other.check_out(email="bea@example.com").status_code == 303
    stock = service(InventoryService, app).available([Sku("MUG")])
    for _ in range(2):
        service(Settlement, app).settle(attempt["_id"])
    assert kept(sandbox) == []
    assert order_of(database, email="ann@example.com")["state"] == "cancelled"
    assert service(InventoryService, app).available([Sku("MUG")]) == stock
    assert left(database) == 0
    assert uses(database) == ["held", "released"]
    (mail,) = mailbox.read("ann@example.com")
    assert (
        "“Ten per cent off” was used up before the payment arrived"
        in mail.get_body(("plain",)).get_content()
    )


@GATEWAYS
def test_a_payment_that_is_withdrawn_for_good_gives_the_use_back(
    app: Flask, ready: Shopper, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    page = ready.check_out(gateway=gateway).location
    sandbox.fault("drop_before", gateway=gateway, path="capture", count=None)
    ready.come_back(sandbox, page, gateway)
    requests.delete(f"{sandbox.url}/sandbox/faults", timeout=5)
    assert uses(database) == ["held"]
    sandbox.lapse()
    for _ in range(2):
        service(Settlement, app).settle(attempt_of(database)["_id"])
        assert order_of(database)["state"] == "cancelled"
        assert uses(database) == ["released"]
        assert left(database) == 1


# --- carts that are put together ------------------------------------------------------------------


def test_a_guest_s_codes_come_along_at_login_and_go_back_with_an_undo(
    app: Flask, catalog: CatalogMaker, promotions: PromotionMaker, database: Database
) -> None:
    fixed = FixedAmount(amounts={"US": 100})
    promotions.add("OWN", name="Own", benefit=fixed)
    promotions.add("BOTH", name="Both", benefit=fixed)
    promotions.add("GUEST", name="Guest", benefit=fixed)
    catalog.mug(stock=50)
    make_proven(app, "ann@example.com")
    member = Member(app)
    member.log_in()
    member.add("MUG", 1)
    enter(member, "OWN")
    enter(member, "BOTH")
    member.log_out()
    member.add("MUG", 1)
    enter(member, "BOTH")
    enter(member, "GUEST")
    member.log_in()
    page = soup(member.get("/cart"))
    receipt = [each.text for each in page.select(".alert-good li")]
    assert receipt == [
        "Dune Mug: raised from 1 to 2.",
        "Code BOTH: was there already.",
        "Code GUEST: added.",
    ]
    assert [each.text for each in page.select(".coupon strong")] == ["OWN", "BOTH", "GUEST"]
    undo = page.select_one("form[action$='/undo']")
    assert undo is not None
    assert member.post(str(undo["action"]), {}).status_code == 303
    found = sorted(cart["coupons"] for cart in database["carts"].find({}))
    assert found == [["BOTH", "GUEST"], ["OWN", "BOTH"]]


def test_a_guest_with_nothing_but_a_code_brings_it(
    app: Flask, catalog: CatalogMaker, promotions: PromotionMaker
) -> None:
    promotions.add("GUEST", benefit=FixedAmount(amounts={"US": 100}))
    catalog.mug(stock=50)
    make_proven(app, "ann@example.com")
    member = Member(app)
    member.add("MUG", 1)
    enter(member, "GUEST")
    (line,) = member.cart_lines()
    member.post(f"/cart/items/{line}", {"quantity": "0"})
    member.log_in()
    assert [each.text for each in soup(member.get("/cart")).select(".coupon strong")] == ["GUEST"]


def test_the_code_of_a_guest_s_order_leaves_the_account_s_cart_once_paid(
    app: Flask, catalog: CatalogMaker, promotions: PromotionMaker, sandbox: Sandbox
) -> None:
    promotions.add("GUEST", benefit=FixedAmount(amounts={"US": 100}))
    catalog.mug(stock=50)
    make_proven(app, "ann@example.com")
    member = Member(app)
    member.add("MUG", 1)
    enter(member, "GUEST")
    location = member.check_out().location
    member.log_in()
    assert "GUEST" in member.get("/cart").text
    member.come_back(sandbox, location, "stripe")
    assert len(kept(sandbox)) == 1
    assert not soup(member.get("/cart")).select(".coupon")
