"""Gift cards at a checkout that is half filled in: with no script every button sends all of it."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.db.database import Database
from tests.support.answers import BOTH_WAYS, assert_shown, assert_went_to
from tests.support.credit import Bank, enter_card
from tests.support.gateways import Sandbox
from tests.support.promotions import sums
from tests.support.shopper import ADDRESS, HTMX, Shopper, soup

BUTTONS = pytest.mark.parametrize("path", ["/cart/gift-cards", "/checkout"])


def cards_of(database: Database) -> list[list[str]]:
    return [cart["gift_cards"] for cart in database["carts"].find({})]


def press(shopper: Shopper, path: str, **changes: str) -> TestResponse:
    """A button of the checkout's form, filled in, where no script runs."""
    form = shopper.checkout_form(shipping_method="express", gateway="razorpay", at="checkout")
    return shopper.client.post(path, data={**form, **changes})


def typed_into(page: TestResponse) -> dict[str, str]:
    """What a browser would send of the page's checkout, buttons aside."""
    tree = soup(page)
    fields = [*tree.select("#checkout-form input[name]"), *tree.select("[form=checkout-form]")]
    sent = {
        str(each["name"]): str(each.get("value", ""))
        for each in fields
        if each.name == "input"
        and (each.get("type") not in {"radio", "checkbox"} or each.has_attr("checked"))
    }
    for each in tree.select("#checkout-form select"):
        sent[str(each["name"])] = str(each.select_one("option[selected]")["value"])
    return sent


def assert_kept(page: TestResponse) -> None:
    """Nothing that was typed is gone, and nothing is asked for that was not pressed for."""
    typed = {**ADDRESS, "shipping_method": "express", "gateway": "razorpay"}
    assert typed_into(page).items() >= typed.items()
    assert soup(page).select_one(".has-error") is None


def nothing_ordered(database: Database) -> bool:
    return not any(database[name].count_documents({}) for name in ("orders", "idempotency_keys"))


@BUTTONS
def test_a_card_at_the_checkout_loses_nothing_typed_and_orders_nothing(
    ready: Shopper, bank: Bank, database: Database, sandbox: Sandbox, path: str
) -> None:
    card, code = bank.card(2500)
    for _ in range(2):  # sent once more, it is the same
        page = press(ready, path, code=code, idempotency_key="a-key-of-its-own")
        assert_shown(page)
        assert_kept(page)
        assert cards_of(database) == [[card]]
        assert nothing_ordered(database)
    assert sums(page)["To pay"] == "$32.90"  # 40.00, tax 2.90, express 15.00
    assert "Now to pay: $32.90. Nothing is ordered yet." in page.text
    assert code not in page.text
    form = typed_into(page)
    assert form["code"] == ""
    assert form["idempotency_key"] != "a-key-of-its-own"
    placed = [ready.client.post("/checkout", data=form) for _ in range(2)]
    assert [each.status_code for each in placed] == [303, 303]
    assert placed[0].location == placed[1].location
    assert [each["amount"] for each in database["payment_attempts"].find({})] == [3290]


@BUTTONS
def test_a_refused_card_at_the_checkout_loses_nothing_typed(
    ready: Shopper, database: Database, path: str
) -> None:
    page = press(ready, path, code="ABCD")
    assert_shown(page, status=422)
    assert_kept(page)
    assert typed_into(page)["code"] == "ABCD"
    field = soup(page).select_one("#gift-card[autofocus][aria-describedby=gift-card-error]")
    assert field is not None
    assert "do not know this gift card" in page.text
    assert ("leave the field empty" in page.text) is (path == "/checkout")
    assert nothing_ordered(database)
    empty = ready.client.post("/checkout", data={**typed_into(page), "code": " ", "city": ""})
    assert "Please check the fields below" in empty.text  # an order's own answer


def test_a_card_is_taken_off_at_the_checkout_and_nothing_typed_is_lost(
    ready: Shopper, bank: Bank, database: Database
) -> None:
    card, code = bank.card(2500)
    enter_card(ready, code)
    for _ in range(2):
        page = press(ready, "/cart/gift-cards/removal", card=card, code="HALF-TYP")
        assert_shown(page)
        assert_kept(page)
        assert sums(page)["Total"] == "$57.90"
        assert typed_into(page)["code"] == "HALF-TYP"
    assert cards_of(database) == [[]]
    assert nothing_ordered(database)


def test_a_code_that_nobody_applied_is_not_passed_over(
    ready: Shopper, bank: Bank, database: Database
) -> None:
    """htmx gets the whole form, as of any order that is refused."""
    card, code = bank.card(2500)
    answer = ready.client.post("/checkout", data=ready.checkout_form(code=code), headers=HTMX)
    assert_shown(answer, htmx=True)
    assert soup(answer).select_one("#checkout #checkout-form #checkout-summary") is not None
    assert soup(answer).select_one("[hx-swap-oob=true]") is None
    assert sums(answer)["To pay"] == "$23.90"
    assert cards_of(database) == [[card]]
    assert nothing_ordered(database)


def test_enter_presses_the_order_button_of_the_checkout(ready: Shopper, bank: Bank) -> None:
    enter_card(ready, bank.card(100)[1])
    buttons = [
        each
        for each in soup(ready.get("/checkout")).select("button[type=submit]")
        if each.get("form") == "checkout-form" or each.find_parent(id="checkout-form")
    ]
    assert [each.get("formaction") for each in buttons] == [
        None,
        "/cart/gift-cards/removal",
        "/cart/gift-cards",
    ]


def test_guesses_are_counted_together_whichever_button_is_pressed(
    ready: Shopper, bank: Bank, database: Database, sandbox: Sandbox
) -> None:
    _, code = bank.card(100)
    ways = ["/checkout", "/cart/gift-cards"]
    assert [press(ready, ways[each % 2], code="ABCD").status_code for each in range(10)] == [
        422
    ] * 10
    for way in ways:
        page = press(ready, way, code=code)
        assert_shown(page, status=429)
        assert_kept(page)
        assert 0 < int(page.headers["Retry-After"]) <= 900
        assert "too many tries" in str(soup(page).select_one("#gift-card-error"))
    assert enter_card(ready, code).status_code == 429
    htmx = ready.post("/checkout", ready.checkout_form(code=code), htmx=True)
    assert (htmx.status_code, htmx.headers["HX-Retarget"]) == (429, "#trouble")
    assert cards_of(database) == [[]]
    assert nothing_ordered(database)
    assert press(ready, "/checkout", code="").status_code == 303


def test_one_network_guesses_sixty_times_at_the_order_button(
    app: Flask, ready: Shopper, bank: Bank
) -> None:
    _, code = bank.card(100)
    form = ready.checkout_form(code="ABCD")
    seen = []
    for _ in range(61):
        stranger = Shopper(app)
        seen.append(
            stranger.client.post("/checkout", data={**form, "csrf_token": stranger.token()})
        )
    assert [each.status_code for each in seen[-2:]] == [303, 429]
    assert press(ready, "/checkout", code=code).status_code == 429


def test_what_changed_meanwhile_is_said_before_the_sum_is_new(
    ready: Shopper, bank: Bank, database: Database
) -> None:
    form = ready.checkout_form(code=bank.card(2500)[1])
    change = {"$set": {"variants.0.prices.US.amount": 2500}}
    database["products"].update_one({"variants.sku": "MUG"}, change)
    page = ready.client.post("/checkout", data=form)
    assert_shown(page, status=422)
    assert "Your cart or its prices changed" in page.text
    assert "Nothing is ordered yet" not in page.text
    assert nothing_ordered(database)


@BOTH_WAYS
@BUTTONS
def test_a_card_for_a_cart_that_was_emptied_elsewhere_leaves_the_checkout(
    ready: Shopper, bank: Bank, path: str, htmx: bool
) -> None:
    form = ready.checkout_form(code=bank.card(2500)[1], at="checkout")
    for line in ready.cart_lines():
        ready.post(f"/cart/items/{line}", {"quantity": "0"})
    answer = ready.client.post(path, data=form, headers=HTMX if htmx else None)
    assert_went_to(answer, "/cart", htmx=htmx)
