"""Logging in in the middle of a purchase: the goods are paid for once, and leave every cart."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import requests
from flask import Flask

from app.cart.models import Cart
from app.cart.service import CartService
from app.checkout.placing import Placing
from app.checkout.reconciliation import Reconciler
from app.checkout.settlement import Settlement
from app.db.database import Database
from app.inventory.service import InventoryService
from app.markets.service import UNITED_STATES
from app.shared.errors import Invalid
from app.shared.ids import AccountId, CartId, Sku
from app.web.registry import service
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import Member, make_proven

MUG, PLATE = Sku("MUG"), Sku("PLATE")


@pytest.fixture
def member(app: Flask, catalog: CatalogMaker) -> Member:
    """Ann, who has an account, is not logged in, and has two mugs in the cart of her browser."""
    catalog.add(make_product("Dune Mug", make_variant(MUG)), stock=5)
    catalog.add(make_product("Dune Plate", make_variant(PLATE)), stock=5)
    ann = Member(app)
    make_proven(app, ann.email)
    ann.add(MUG, 2)
    return ann


@pytest.fixture
def ann(member: Member, database: Database) -> AccountId:
    """Her account."""
    found = database["accounts"].find_one({"email": member.email})
    assert found
    return AccountId(found["_id"])


def units(cart: Cart | None) -> dict[str, int]:
    return {line.sku: line.quantity for line in cart.lines} if cart else {}


def kept(sandbox: Sandbox) -> list[int]:
    return sorted(amount for _, amount in sandbox.captures())


def states(database: Database) -> list[str]:
    return [order["state"] for order in database["orders"].find({}).sort("placed_at", 1)]


def settle_all(app: Flask) -> None:
    for attempt in list(service(Database, app)["payment_attempts"].find({})):
        service(Settlement, app).settle(attempt["_id"])
    service(Reconciler, app).run(older_than=timedelta(0))


def guest_cart_of(database: Database) -> CartId:
    found = database["orders"].find_one({})
    assert found
    return CartId(found["cart_id"])


@pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
def test_a_guest_s_order_paid_after_the_login_empties_the_account_s_cart(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox, database: Database, gateway: str
) -> None:
    carts = service(CartService, app)
    location = member.check_out(gateway=gateway).location
    page = "" if gateway == "stripe" else member.get(location).text
    member.log_in()
    assert units(carts.of_account(ann)) == {"MUG": 2}
    receipt = carts.open_receipt(ann)
    assert receipt is not None
    if gateway == "stripe":
        sandbox.pay_stripe(location)
    else:
        sandbox.pay_razorpay(page)
    settle_all(app)
    assert states(database) == ["paid"]
    assert units(carts.of_account(ann)) == {}
    assert carts.open_receipt(ann) is None
    with pytest.raises(Invalid, match="ordered and paid"):
        carts.undo_merge(receipt.id, ann)
    assert units(carts.find(guest_cart_of(database))) == {}


def test_only_what_was_bought_leaves_the_account_s_cart(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox
) -> None:
    other_device = Member(app)
    other_device.log_in()
    other_device.add(MUG, 1)
    location = member.check_out().location
    member.add(PLATE, 1)
    member.log_in()
    sandbox.pay_stripe(location)
    settle_all(app)
    assert units(service(CartService, app).of_account(ann)) == {"MUG": 1, "PLATE": 1}


def test_the_guest_s_open_order_is_withdrawn_when_the_account_checks_out(
    member: Member, sandbox: Sandbox, database: Database
) -> None:
    old_page = member.check_out().location
    member.log_in()
    new_page = member.check_out()
    assert new_page.status_code == 303
    assert states(database) == ["cancelled", "pending"]
    assert requests.get(old_page, timeout=5).status_code == 410
    member.come_back(sandbox, new_page.location, "stripe")
    assert kept(sandbox) == [4890]
    assert member.cart_lines() == {}


def test_the_account_s_own_earlier_order_is_withdrawn_as_well(
    app: Flask, member: Member, sandbox: Sandbox, database: Database
) -> None:
    other_device = Member(app)
    other_device.log_in()
    other_device.add(PLATE, 1)
    pages = [other_device.check_out().location, member.check_out().location]
    member.log_in()
    member.pay(sandbox)
    assert states(database).count("cancelled") == 2
    assert [requests.get(page, timeout=5).status_code for page in pages] == [410, 410]
    assert len(kept(sandbox)) == 1


def test_nothing_new_is_opened_while_the_guest_s_payment_is_under_way(
    member: Member, sandbox: Sandbox, database: Database
) -> None:
    page = member.get(member.check_out(gateway="razorpay").location).text
    sandbox.ask_razorpay(page)
    member.log_in()
    answer = member.check_out(gateway="stripe")
    attempt = database["payment_attempts"].find_one({})
    assert attempt
    assert answer.location == f"/payments/{attempt['_id']}"
    assert states(database) == ["pending"]


def test_a_late_payment_of_the_guest_s_withdrawn_order_is_given_back(
    app: Flask, member: Member, sandbox: Sandbox, database: Database
) -> None:
    old_page = member.get(member.check_out(gateway="razorpay").location).text
    member.log_in()
    new_page = member.check_out(gateway="stripe").location
    assert states(database) == ["cancelled", "pending"]
    sandbox.pay_razorpay(old_page)
    settle_all(app)
    assert kept(sandbox) == []
    member.come_back(sandbox, new_page, "stripe")
    settle_all(app)
    assert kept(sandbox) == [4890]
    assert states(database) == ["cancelled", "paid"]
    assert database["order_events"].count_documents({"kind": "payment_returned"}) == 1


def test_an_order_that_comes_back_to_life_while_another_is_placed_stays_the_only_one(
    app: Flask, member: Member, sandbox: Sandbox, database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    page = member.get(member.check_out(gateway="razorpay").location).text
    sandbox.pay_razorpay(page, "decline")
    member.log_in()
    (attempt,) = database["payment_attempts"].find({})

    def paid_late(*_: object) -> None:
        """The guest's order is withdrawn, the account's is not placed yet."""
        monkeypatch.undo()
        (failed,) = sandbox.ledger()["payments"]
        requests.post(f"{sandbox.url}/sandbox/late-authorise/{failed['id']}", timeout=5)
        sandbox.fault("drop_before", gateway="razorpay", path="capture", count=None)
        service(Settlement, app).settle(attempt["_id"])

    monkeypatch.setattr(Placing, "_refuse_twin", paid_late)
    answer = member.check_out(gateway="stripe")
    assert answer.location == f"/payments/{attempt['_id']}"
    assert states(database) == ["pending"]


def test_a_late_payment_still_buys_if_the_account_ordered_nothing(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox, database: Database
) -> None:
    page = member.get(member.check_out(gateway="razorpay").location).text
    member.log_in()
    database["orders"].update_many({}, {"$set": {"state": "cancelled"}})
    sandbox.pay_razorpay(page)
    settle_all(app)
    assert kept(sandbox) == [4890]
    assert units(service(CartService, app).of_account(ann)) == {}


def test_the_last_goods_held_by_the_guest_s_own_order_come_along(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox, database: Database
) -> None:
    service(InventoryService, app).set_on_hand({MUG: 2}, "count")
    member.check_out()
    assert service(InventoryService, app).available([MUG]) == {"MUG": 0}
    assert "Sold out" not in member.get("/cart").text
    member.log_in()
    assert units(service(CartService, app).of_account(ann)) == {"MUG": 2}
    assert "Sold out" not in member.get("/cart").text
    member.pay(sandbox)
    assert kept(sandbox) == [4890]
    assert service(InventoryService, app).on_hand([MUG]) == {"MUG": 0}


def test_an_order_is_not_placed_from_a_cart_that_was_merged_a_moment_ago(
    app: Flask,
    member: Member,
    ann: AccountId,
    sandbox: Sandbox,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    carts = service(CartService, app)
    form = member.checkout_form()
    found = database["carts"].find_one({})
    assert found

    def merge(*_: object) -> None:
        carts.merge(found["_id"], ann, UNITED_STATES)

    monkeypatch.setattr(Placing, "_refuse_twin", merge)
    answer = member.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "Your cart or its prices changed" in answer.text
    for name in ("orders", "payment_attempts", "stock_holds", "idempotency_keys"):
        assert database[name].count_documents({}) == 0
    assert units(carts.of_account(ann)) == {"MUG": 2}


def test_checking_out_and_merging_at_once_leaves_one_payable_order(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox, database: Database
) -> None:
    carts = service(CartService, app)
    service(InventoryService, app).set_on_hand({MUG: 500}, "count")
    for number in range(6):
        guest = Member(app, f"g{number}@example.com")
        guest.add(MUG, 1)
        form = guest.checkout_form(email=f"g{number}@example.com")
        newest = database["carts"].find({"lines.0": {"$exists": True}}).sort("_id", -1)
        cart_id = next(each["_id"] for each in newest if not each["_id"].startswith("cart_of_"))
        answers: list[int] = []
        threads = [
            threading.Thread(
                target=lambda: answers.append(guest.client.post("/checkout", data=form).status_code)  # noqa: B023 - ends in the loop
            ),
            threading.Thread(target=carts.merge, args=(cart_id, ann, UNITED_STATES)),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert answers[0] in {303, 422}
        orders = database["orders"].count_documents({"cart_id": cart_id})
        assert orders == (1 if answers[0] == 303 else 0)
    member.log_in()
    assert units(carts.of_account(ann)) == {"MUG": 8}
    assert member.check_out().status_code == 303
    assert states(database).count("pending") == 1


def test_an_undo_leaves_one_payable_order_too(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox, database: Database
) -> None:
    member.log_in()
    page = member.check_out().location
    receipt = service(CartService, app).open_receipt(ann)
    assert receipt is not None
    member.post(f"/cart/merges/{receipt.id}/undo", {})
    member.log_out()
    assert list(member.cart_lines().values()) == [2]
    member.pay(sandbox)
    assert states(database) == ["cancelled", "paid"]
    assert requests.get(page, timeout=5).status_code == 410
    assert kept(sandbox) == [4890]


def test_the_last_goods_held_by_the_account_s_order_go_along_with_an_undo(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox
) -> None:
    service(InventoryService, app).set_on_hand({MUG: 2}, "count")
    member.log_in()
    member.check_out()
    receipt = service(CartService, app).open_receipt(ann)
    assert receipt is not None
    member.post(f"/cart/merges/{receipt.id}/undo", {})
    member.log_out()
    member.pay(sandbox)
    assert kept(sandbox) == [4890]


def test_an_order_of_the_account_paid_after_an_undo_empties_the_guest_s_cart(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox
) -> None:
    carts = service(CartService, app)
    member.log_in()
    page = member.check_out().location
    receipt = carts.open_receipt(ann)
    assert receipt is not None
    member.post(f"/cart/merges/{receipt.id}/undo", {})
    assert units(carts.find(receipt.guest_cart_id)) == {"MUG": 2}
    sandbox.pay_stripe(page)
    settle_all(app)
    assert kept(sandbox) == [4890]
    assert units(carts.find(receipt.guest_cart_id)) == {}


def test_an_order_that_the_account_made_after_an_undo_leaves_the_guest_s_goods(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox
) -> None:
    carts = service(CartService, app)
    member.log_in()
    receipt = carts.open_receipt(ann)
    assert receipt is not None
    carts.undo_merge(receipt.id, ann)
    other_device = Member(app)
    other_device.log_in()
    other_device.add(MUG, 2)
    page = other_device.check_out().location
    (line,) = other_device.cart_lines()
    other_device.post(f"/cart/items/{line}", {"quantity": "0"})
    sandbox.pay_stripe(page)
    settle_all(app)
    assert kept(sandbox) == [4890]
    assert units(carts.of_account(ann)) == {}
    assert units(carts.find(receipt.guest_cart_id)) == {"MUG": 2}


def test_an_order_of_before_the_merge_does_not_keep_it_from_being_undone(
    app: Flask, member: Member, ann: AccountId, sandbox: Sandbox
) -> None:
    carts = service(CartService, app)
    other_device = Member(app)
    other_device.log_in()
    other_device.add(MUG, 1)
    page = other_device.check_out().location
    member.log_in()
    sandbox.pay_stripe(page)
    settle_all(app)
    assert units(carts.of_account(ann)) == {"MUG": 2}
    receipt = carts.open_receipt(ann)
    assert receipt is not None
    carts.undo_merge(receipt.id, ann)
    assert units(carts.of_account(ann)) == {}
    assert units(carts.find(receipt.guest_cart_id)) == {"MUG": 2}
