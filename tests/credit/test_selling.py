"""Gift cards as goods: bought, sent, spent, and given back only while they are whole."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask

from app.catalog.models import BundleComponent, PercentOff
from app.checkout.refund_rules import RefundWish
from app.credit.errors import GiftCardSpent
from app.db.database import Database, Session
from app.db.outbox import Outbox
from app.orders.events import ORDER_PAID
from app.orders.models import FulfilmentState, OrderState
from app.promotions.kinds import Percentage
from app.shared.ids import CreditId, Sku
from app.web.registry import service
from tests.support.aftersales import Staff
from tests.support.catalog import CatalogMaker
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.member import Mailbox, Member, make_proven
from tests.support.payments import kept
from tests.support.promotions import PromotionMaker, sums
from tests.support.shopper import Shopper, soup


@pytest.fixture
def buyer(shopper: Shopper, bank: Bank) -> Shopper:
    """Somebody with a gift card of 25.00 and one of 50.00 in the cart."""
    bank.product(2500, 5000)
    shopper.add("GIFT-2500")
    shopper.add("GIFT-5000")
    return shopper


def buy(buyer: Shopper, sandbox: Sandbox) -> str:
    """Pay the cart; the order's address."""
    form = buyer.checkout_form()
    form.pop("shipping_method", None)
    answer = buyer.client.post("/checkout", data=form)
    assert answer.status_code == 303, answer.text
    return str(buyer.come_back(sandbox, answer.location, "stripe").location)


def codes_sent(mailbox: Mailbox, to: str) -> list[str]:
    found = []
    for mail in mailbox.read(to):
        body = mail.get_body(("plain",))
        if str(mail["Subject"]) == "Your gift card" and body:
            found += re.findall(r"\b[A-Z2-9]{4}(?:-[A-Z2-9]{4}){3}\b", body.get_content())
    return found


def test_a_card_is_bought_sent_and_spent(
    app: Flask,
    buyer: Shopper,
    catalog: CatalogMaker,
    bank: Bank,
    sandbox: Sandbox,
    mailbox: Mailbox,
) -> None:
    page = buyer.get("/checkout")
    assert sums(page)["Total"] == sums(page)["Subtotal"] == "$75.00"
    assert soup(page).select("input[name=shipping_method]") == []
    url = buy(buyer, sandbox)
    assert kept(sandbox) == [7500]
    codes = codes_sent(mailbox, "ann@example.com")
    assert len(codes) == 2
    page = buyer.get(url)
    assert all(f"Gift card …{code[-4:]}: sent to ann@example.com" in page.text for code in codes)
    assert all(code not in page.text for code in codes)
    order = Staff(app).order
    assert (order.shipping_method, order.totals.shipping.minor, order.totals.tax.minor) == (
        "",
        0,
        0,
    )
    catalog.mug()
    friend = Shopper(app)
    friend.add("MUG", 2)
    for code in codes:
        assert enter_card(friend, code).status_code == 303
    assert friend.check_out().status_code == 303
    ids = [f"{order.id}:{position}:1" for position in (1, 2)]
    assert sum(bank.figures(CreditId(each))[0] for each in ids) == 7500 - 4890
    assert bank.is_sound()


def test_replays_issue_and_send_nothing_twice(
    app: Flask,
    buyer: Shopper,
    sandbox: Sandbox,
    database: Database,
    mailbox: Mailbox,
    environment: dict[str, str],
) -> None:
    buy(buyer, sandbox)
    order = Staff(app).order
    for number in range(3):
        service(Outbox, app).publish(ORDER_PAID, {"order_id": order.id}, key=f"again-{number}")
    assert len(codes_sent(mailbox, "ann@example.com")) == 2
    assert database["credit_accounts"].count_documents({}) == 2
    assert database["credit_entries"].count_documents({"cause": "issue"}) == 2
    stored = str(list(database["credit_accounts"].find({})))
    assert all(code.replace("-", "") not in stored for code in codes_sent(mailbox, "ann@"))


def test_the_recipient_gets_the_card_with_the_buyer_s_words(
    app: Flask, shopper: Shopper, bank: Bank, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    bank.product(2500)
    page = soup(shopper.get("/products/gift-card"))
    assert page.select_one("#gift-email") is not None
    wrong = {"sku": "GIFT-2500", "quantity": "1", "gift_email": "bob", "gift_message": "Hi"}
    for htmx in (False, True):
        answer = shopper.post("/cart/items", wrong, htmx=htmx)
        assert answer.status_code == 422
        assert soup(answer).select_one("#gift-email-error") is not None
        assert "Hi" in answer.text
    note = {"gift_email": "Bob@Example.com", "gift_message": "Happy birthday, Bob"}
    assert shopper.post("/cart/items", {**wrong, **note}).status_code == 303
    assert "To bob@example.com" in shopper.get("/cart").text.replace("Bob@", "bob@")
    buy(shopper, sandbox)
    (mail,) = mailbox.read("ob@")
    body = mail.get_body(("plain",))
    assert body is not None
    assert "Happy birthday, Bob" in body.get_content()
    assert "Ann Shopper sends you a gift card" in body.get_content()
    assert "/orders/" not in body.get_content()
    assert codes_sent(mailbox, "ann@example.com") == []


def test_a_second_card_for_somebody_else_takes_none_from_the_first(
    shopper: Shopper, bank: Bank
) -> None:
    bank.product(2500)
    card = {"sku": "GIFT-2500", "quantity": "1", "gift_message": "Hi"}
    shopper.post("/cart/items", {**card, "gift_email": "bob@x.org"})
    for email in ("carol@x.org", ""):
        for htmx in (False, True):
            answer = shopper.post("/cart/items", {**card, "gift_email": email}, htmx=htmx)
            assert answer.status_code == 422
            beside = soup(answer).select_one("#gift-email-error")
            assert beside is not None
            assert "bob@x.org" in beside.get_text()
    words = {**card, "gift_email": "Bob@x.org", "gift_message": "Once more"}
    assert shopper.post("/cart/items", words).status_code == 303
    page = soup(shopper.get("/cart"))
    assert "To bob@x.org" in page.get_text()
    quantity = page.select_one("input[name=quantity]")
    assert quantity is not None
    assert quantity["value"] == "2"


def test_the_undo_of_a_merge_gives_a_card_back_to_whom_it_was_for(
    app: Flask, bank: Bank, database: Database
) -> None:
    bank.product(2500)
    member = Member(app)
    make_proven(app, member.email)
    card = {"sku": "GIFT-2500", "quantity": "1", "gift_message": ""}
    member.log_in()
    member.post("/cart/items", {**card, "gift_email": "alice@example.com"})
    member.log_out()
    member.post("/cart/items", {**card, "gift_email": "bob@example.com"})
    member.log_in()
    receipt = database["cart_merges"].find_one({})
    assert receipt is not None
    member.post(f"/cart/merges/{receipt['_id']}/undo", {})
    assert "To alice@example.com" in member.get("/cart").text
    member.log_out()
    assert "To bob@example.com" in member.get("/cart").text


@pytest.mark.parametrize(
    ("mine", "guests", "now", "other"),
    [
        ("alice@x.org", "bob@x.org", "bob@x.org", "alice@x.org"),
        ("", "bob@x.org", "bob@x.org", "you"),
        ("alice@x.org", "", "alice@x.org", "you"),
    ],
)
def test_a_merge_says_whom_cards_for_two_people_go_to(
    app: Flask, bank: Bank, mine: str, guests: str, now: str, other: str
) -> None:
    bank.product(2500)
    member = Member(app)
    make_proven(app, member.email)
    card = {"sku": "GIFT-2500", "quantity": "1", "gift_message": ""}
    member.log_in()
    member.post("/cart/items", {**card, "gift_email": mine})
    member.log_out()
    member.post("/cart/items", {**card, "gift_email": guests})
    member.log_in()
    page = member.get("/cart").text
    assert f"To {now}" in page
    assert f"all of these cards go to {now}, also those that were for {other}." in page


def test_a_merge_takes_over_for_whom_only_cards_that_came_are(
    app: Flask, bank: Bank, database: Database
) -> None:
    bank.product(2500, 5000)
    member = Member(app)
    make_proven(app, member.email)
    full = {"quantity": "99", "gift_message": ""}
    member.log_in()
    for sku in ("GIFT-2500", "GIFT-5000"):
        member.post("/cart/items", {**full, "sku": sku, "gift_email": "alice@x.org"})
    member.post(f"/cart/items/{list(member.cart_lines())[1]}", {"quantity": "0"})
    member.log_out()
    for sku, email in (("GIFT-2500", "bob@x.org"), ("GIFT-5000", "")):
        member.post("/cart/items", {**full, "sku": sku, "gift_email": email})
    member.log_in()
    assert "none of 99 added" in (page := member.get("/cart").text)
    assert "all of these cards" not in page
    (note,) = database["carts"].find_one({"merged_into": None})["gift_notes"]
    assert (note["sku"], note["email"]) == ("GIFT-2500", "alice@x.org")


def test_a_card_kept_for_later_is_for_the_same_person_after_another_order(
    shopper: Shopper, catalog: CatalogMaker, bank: Bank, sandbox: Sandbox, database: Database
) -> None:
    bank.product(2500)
    card = {"sku": "GIFT-2500", "quantity": "1", "gift_message": "", "gift_email": "bob@x.org"}
    shopper.post("/cart/items", card)
    (line,) = shopper.cart_lines()
    shopper.post(f"/cart/items/{line}/saved", {})
    shopper.add(catalog.mug(), 1)
    shopper.pay(sandbox)
    cart = database["carts"].find_one({})
    assert cart is not None
    shopper.post(f"/cart/saved/{cart['saved'][0]['id']}/cart", {})
    assert "To bob@x.org" in shopper.get("/cart").text


def test_one_takes_along_what_one_said_of_cards(
    app: Flask, bank: Bank, catalog: CatalogMaker, sandbox: Sandbox
) -> None:
    bank.product(2500, 5000)
    member = Member(app)
    make_proven(app, member.email)
    member.log_in()
    card = {"sku": "GIFT-2500", "quantity": "1", "gift_email": "bob@x.org", "gift_message": "Hi"}
    member.post("/cart/items", card)
    buy(member, sandbox)
    member.post("/cart/items", {**card, "sku": "GIFT-5000"})
    member.add(catalog.mug(), 3)
    *_, mug = member.cart_lines()
    member.post(f"/cart/items/{mug}/saved", {})
    known = member.get("/account/data").get_json()
    assert known["saved_for_later"] == [{"sku": "MUG", "quantity": 3}]
    note = {"sku": "GIFT-5000", "email": "bob@x.org", "message": "Hi"}
    assert known["gift_cards_to_send"] == [note]
    (order,) = known["orders"]
    (line,) = order["lines"]
    assert (line["for"], line["message"]) == ("bob@x.org", "Hi")


def test_cards_and_goods_in_one_order(
    app: Flask, buyer: Shopper, catalog: CatalogMaker, bank: Bank, sandbox: Sandbox
) -> None:
    buyer.add(catalog.mug(), 2)
    _, code = bank.card(20_000)
    enter_card(buyer, code)
    page = buyer.get("/checkout?country=US&state=CA&shipping_method=standard")
    # 75.00 of cards does not make shipping free, is not taxed, and is not paid with a card.
    assert sums(page)["Total"] == "$123.90"
    assert sums(page)["To pay"] == "$75.00"
    buyer.pay(sandbox)
    staff = Staff(app)
    assert kept(sandbox) == [7500]
    assert staff.order.fulfilment is FulfilmentState.UNFULFILLED
    staff.ship()
    assert staff.order.fulfilment is FulfilmentState.FULFILLED
    staff.work()
    assert bank.is_sound()


def test_no_promotion_makes_a_card_cheaper(
    app: Flask, buyer: Shopper, catalog: CatalogMaker
) -> None:
    PromotionMaker(app).add(benefit=Percentage(basis_points=5000))
    assert "To pay" not in sums(buyer.get("/cart"))
    assert sums(buyer.get("/checkout"))["Total"] == "$75.00"
    buyer.add(catalog.mug(), 1)
    page = sums(buyer.get("/cart"))
    assert page["Goods after discounts"] == "$85.00"


def test_a_card_is_no_part_of_a_bundle(bank: Bank, catalog: CatalogMaker) -> None:
    bank.product(2500)
    with pytest.raises(ValueError, match="gift card"):
        catalog.bundle(
            "Bad",
            BundleComponent(sku=Sku("GIFT-2500"), quantity=1),
            pricing=PercentOff(basis_points=1),
        )


def test_a_whole_card_is_paid_back_and_void(
    app: Flask, buyer: Shopper, bank: Bank, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    url = buy(buyer, sandbox)
    codes = codes_sent(mailbox, "ann@example.com")
    staff = Staff(app)
    wish = RefundWish(quantities={1: 1})
    staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=True, by="Eve")
    staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=True, by="Eve")
    assert kept(sandbox) == [5000]
    assert "taken back" in buyer.get(url).text
    assert enter_card(buyer, codes[0]).status_code == 422
    assert bank.is_sound()


def test_a_card_that_was_used_is_not_paid_back(
    app: Flask,
    buyer: Shopper,
    catalog: CatalogMaker,
    bank: Bank,
    sandbox: Sandbox,
    mailbox: Mailbox,
    database: Database,
) -> None:
    url = buy(buyer, sandbox)
    staff = Staff(app)
    order_id = staff.order.id
    codes = codes_sent(mailbox, "ann@example.com")
    catalog.mug()
    buyer.add("MUG", 1)
    enter_card(buyer, codes[0])
    assert buyer.check_out().status_code == 303
    with pytest.raises(GiftCardSpent):
        staff.refunding.request(
            order_id, RefundWish(quantities={1: 1}), key="k", reason="", restock=False, by="E"
        )
    path, _, token = url.partition("?token=")
    answer = buyer.post(f"{path}/cancel", {"token": token})
    assert answer.status_code == 409
    assert "was used already" in answer.text
    order = database["orders"].find_one({"_id": order_id})
    assert order
    assert (order["state"], order["withdrawn"], order["refunded"]) == ("paid", False, 0)
    assert database["refunds"].count_documents({}) == 0
    assert bank.figures(CreditId(f"{order_id}:2:1")) == (5000, 0, 5000)


def test_cancelling_before_the_worker_came_issues_nothing(
    app: Flask, buyer: Shopper, bank: Bank, sandbox: Sandbox, mailbox: Mailbox
) -> None:
    buy(buyer, sandbox)
    staff = Staff(app)
    staff.cancelling.cancel(staff.order.id)
    assert staff.order.state is OrderState.REFUNDED
    assert kept(sandbox) == []
    assert codes_sent(mailbox, "ann@example.com") == []
    assert bank.is_sound()
    assert [bank.figures(CreditId(f"{staff.order.id}:{at}:1")) for at in (1, 2)] == [(0, 0, 0)] * 2


def test_a_refund_that_the_gateway_fails_gives_the_card_its_money_again(
    app: Flask, buyer: Shopper, bank: Bank, sandbox: Sandbox, database: Database
) -> None:
    buy(buyer, sandbox)
    staff = Staff(app)
    staff.work()
    wish = RefundWish(quantities={1: 1})
    staff.refunding.request(staff.order.id, wish, key="k", reason="", restock=False, by="Eve")
    card = CreditId(f"{staff.order.id}:1:1")
    assert bank.figures(card) == (0, 0, 0)
    (made,) = sandbox.ledger()["refunds"]
    sandbox.end_refund(made["id"], "failure")
    staff.refunding.follow(staff.order.id)
    assert bank.figures(card) == (2500, 0, 2500)
    assert staff.order.refunded.minor == 0
    assert bank.is_sound()


def test_the_flag_survives_export_and_import(app: Flask, bank: Bank, tmp_path: object) -> None:
    product = bank.product(2500)
    file = f"{tmp_path}/goods.csv"
    run = app.test_cli_runner().invoke
    assert run(args=["catalog", "export", file]).exit_code == 0

    def back_to_simple(session: Session) -> None:
        bank.database["products"].update_one(
            {"_id": product.id}, {"$set": {"kind": "simple"}}, session=session
        )

    bank.database.in_transaction(back_to_simple)
    answer = run(args=["catalog", "import", file])
    assert answer.exit_code == 0, answer.output
    found = bank.database["products"].find_one({"_id": product.id})
    assert found
    assert found["kind"] == "gift_card"
    assert replace(product).is_gift_card
