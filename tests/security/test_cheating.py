"""Shoppers who would rather not pay, or would rather read what others bought."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from app.db.database import Database
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.shopper import Shopper, soup

# Names that forms and documents of shops have for what things cost, and who may say so.
_INVENTED = {
    "price": "1", "prices": "1", "unit_price": "1", "amount": "1", "amount_minor": "1",
    "total": "1", "subtotal": "1", "discount": "9999", "tax": "0", "shipping": "0",
    "shipping_price": "0", "currency": "JPY", "market": "IN", "compare_at": "1", "paid": "1",
    "state": "paid", "status": "paid", "payment": "paid", "gift": "1", "draft": "", "credit": "9999",
    "use_store_credit": "y", "customer_id": "cus_1", "account_id": "acc_1", "role": "owner",
    "prices.US.amount": "1", "lines.0.price": "1", "lines[0][price]": "1", "$set": "1",
}  # fmt: skip


@pytest.fixture
def honest(app: Flask, catalog: CatalogMaker, sandbox: Sandbox) -> tuple[Shopper, str]:
    """Somebody who bought two mugs, and where the order is, with its token."""
    shopper = Shopper(app)
    shopper.add(catalog.mug(stock=9), 2)
    answer = shopper.check_out()
    return shopper, shopper.come_back(sandbox, answer.location, "stripe").location


def _order(database: Database, email: str) -> dict[str, Any]:
    (order,) = database["orders"].find({"email": email})
    return dict(order)


@pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
def test_what_a_form_says_of_money_is_not_read(
    app: Flask, honest: tuple[Shopper, str], sandbox: Sandbox, database: Database, gateway: str
) -> None:
    due = _order(database, "ann@example.com")
    cheat = Shopper(app)
    assert (
        cheat.post("/cart/items", {**_INVENTED, "sku": "MUG", "quantity": "2"}).status_code == 303
    )
    for line in cheat.cart_lines():
        cheat.post(f"/cart/items/{line}", {**_INVENTED, "quantity": "2"})
    form = {**_INVENTED, **cheat.checkout_form(email="cheat@example.com", gateway=gateway)}
    answer = cheat.client.post("/checkout", data=form)
    assert answer.status_code == 303
    cheat.come_back(sandbox, answer.location, gateway)
    order = _order(database, "cheat@example.com")
    assert order["totals"] == due["totals"]
    assert order["currency"] == due["currency"]
    assert order["market"] == due["market"]
    assert order.get("account_id") is None
    amounts = dict(sandbox.captures())
    assert amounts[order["number"]] == amounts[due["number"]] == due["totals"]["total"]


@pytest.mark.parametrize(
    "quantity", ["-1", "-2147483649", "0.5", "1e3", "NaN", "٢٢٢٢٢٢٢", "", "2 "]
)
def test_no_quantity_makes_a_cart_cheaper(
    shopper: Shopper, catalog: CatalogMaker, quantity: str
) -> None:
    shopper.add(catalog.mug(stock=9), 2)
    shopper.post("/cart/items", {"sku": "MUG", "quantity": quantity})
    (units,) = shopper.cart_lines().values()
    assert 2 <= units <= 9


def test_what_is_paid_for_one_order_pays_no_other(
    app: Flask, catalog: CatalogMaker, sandbox: Sandbox, database: Database
) -> None:
    catalog.mug(stock=99)
    cheap, dear = Shopper(app), Shopper(app)
    cheap.add("MUG", 1)
    dear.add("MUG", 8)
    one = cheap.check_out(email="cheap@example.com", gateway="razorpay")
    dear.check_out(email="dear@example.com", gateway="razorpay")
    paid = sandbox.pay_razorpay(cheap.get(one.location).text)
    wanted = database["payment_attempts"].find_one(
        {"order_id": _order(database, "dear@example.com")["_id"]}
    )
    assert wanted is not None
    mixed = {**paid, "razorpay_order_id": wanted["session_id"]}
    assert dear.client.post("/payments/razorpay/callback", data=mixed).status_code == 400
    assert dear.client.post("/payments/razorpay/callback", data=paid).status_code == 303
    assert _order(database, "dear@example.com")["state"] == "pending"
    assert _order(database, "cheap@example.com")["state"] == "paid"
    assert [amount for _, amount in sandbox.captures()] == [
        _order(database, "cheap@example.com")["totals"]["total"]
    ]


def test_numbers_of_orders_open_nothing(
    app: Flask, honest: tuple[Shopper, str], sandbox: Sandbox
) -> None:
    shopper, mine = honest
    other = Shopper(app)
    other.add("MUG", 1)
    theirs = other.come_back(sandbox, other.check_out().location, "stripe").location
    (my_path, _, my_token), (their_path, _, their_token) = (
        mine.partition("?"),
        theirs.partition("?"),
    )
    assert shopper.get(mine).status_code == other.get(theirs).status_code == 200
    stranger = Shopper(app)
    for path, token in ((my_path, their_token), (their_path, my_token)):
        assert stranger.get(path).status_code == 404
        assert stranger.get(f"{path}?token=").status_code == 404
        assert stranger.get(f"{path}?{token}").status_code == 404
    assert stranger.get(f"{mine}x").status_code == 404
    assert stranger.get(mine).status_code == 200


def test_numbers_and_addresses_cannot_be_tried_out(app: Flask, honest: tuple[Shopper, str]) -> None:
    _, location = honest
    number = location.partition("?")[0].rpartition("/")[2]
    stranger = Shopper(app)
    tries = [
        {"number": number, "email": "bob@example.com"},
        {"number": "MX-99999", "email": "ann@example.com"},
    ]
    wrong, unknown = (stranger.post("/orders/lookup", each) for each in tries)
    assert wrong.status_code == unknown.status_code == 422
    said = [
        [each.text for each in soup(page).select(".error, .alert")] for page in (wrong, unknown)
    ]
    assert said[0]
    assert said[0] == said[1]
    codes = {
        stranger.post(
            "/orders/lookup", {"number": number, "email": f"{each}@example.com"}
        ).status_code
        for each in range(40)
    }
    assert 429 in codes
    assert codes <= {422, 429}
