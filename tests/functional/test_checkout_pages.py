"""The checkout form, and orders found again."""

from __future__ import annotations

import pytest

from app.db.database import Database
from tests.support.answers import BOTH_WAYS, assert_went_to
from tests.support.catalog import CatalogMaker
from tests.support.gateways import Sandbox
from tests.support.shopper import HTMX, Shopper, soup


@pytest.fixture
def ready(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    """A shopper with two mugs in the cart."""
    shopper.add(catalog.mug(stock=5), 2)
    return shopper


def _nothing_happened(database: Database) -> bool:
    names = ("orders", "payment_attempts", "stock_holds", "captures", "idempotency_keys")
    return all(database[name].count_documents({}) == 0 for name in names)


@BOTH_WAYS
def test_an_empty_cart_has_no_checkout(shopper: Shopper, htmx: bool) -> None:
    """Nor does one that was bought in another tab: the cart is not shown in the place of sums."""
    answer = shopper.get("/checkout?country=US", headers=HTMX if htmx else None)
    assert_went_to(answer, "/cart", htmx=htmx)


def test_what_is_wrong_is_listed_in_the_order_of_the_page(ready: Shopper) -> None:
    empty = dict.fromkeys(("email", "phone", "name", "line1", "postal_code", "city", "state"), "")
    answer = ready.client.post("/checkout", data={**ready.checkout_form(), **empty})
    listed = [each["href"].removeprefix("#") for each in soup(answer).select("#problems a")]
    assert listed == ["email", "phone", "name", "line1", "city", "state", "postal_code"]


def test_a_cart_that_was_emptied_elsewhere_leaves_the_checkout(shopper: Shopper) -> None:
    # A redirect would be followed inside the request: the cart's page came into the summary.
    answer = shopper.get("/checkout?changed=shipping_method", headers=HTMX)
    assert (answer.status_code, answer.headers.get("HX-Redirect")) == (200, "/cart")
    assert answer.text == ""


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("email", "not an address", "valid e-mail"),
        ("email", "", "enter your e-mail"),
        ("name", "  ", "recipient"),
        ("phone", "call me", "phone number"),
        ("line1", "", "street"),
        ("line1", "x" * 300, "at most 200"),
        ("city", "", "city"),
        ("state", "", "state"),
        ("postal_code", "ABC", "postal code"),
        ("country", "DE", "Not a valid choice"),
        ("shipping_method", "teleport", "is not offered for your address"),
        ("gateway", "paypal", "Not a valid choice"),
    ],
)
def test_bad_entries_are_explained_beside_their_field_and_nothing_is_lost(
    ready: Shopper, database: Database, field: str, value: str, message: str
) -> None:
    form = {**ready.checkout_form(city="Paris, Texas"), field: value}
    answer = ready.client.post("/checkout", data=form)
    assert answer.status_code == 422
    tree = soup(answer)
    assert message in " ".join(each.text for each in tree.select(".error"))
    if field != "city":
        kept = tree.select_one("#city")
        assert kept is not None
        assert kept["value"] == "Paris, Texas"
    key = tree.select_one("input[name=idempotency_key]")
    assert key is not None
    assert key["value"] == form["idempotency_key"]
    assert _nothing_happened(database)


def test_a_form_without_its_key_is_a_bad_request(ready: Shopper, database: Database) -> None:
    form = {**ready.checkout_form(), "idempotency_key": ""}
    assert ready.client.post("/checkout", data=form).status_code == 400
    assert _nothing_happened(database)


def test_the_key_may_come_as_a_header(ready: Shopper, sandbox: Sandbox) -> None:
    form = ready.checkout_form()
    key = form.pop("idempotency_key")
    answers = [
        ready.client.post("/checkout", data=form, headers={"Idempotency-Key": key})
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[1].headers["Idempotent-Replayed"] == "true"


def test_the_same_key_with_other_entries_is_refused(
    ready: Shopper, sandbox: Sandbox, database: Database
) -> None:
    form = ready.checkout_form()
    assert ready.client.post("/checkout", data=form).status_code == 303
    answer = ready.client.post("/checkout", data={**form, "city": "Elsewhere"})
    assert answer.status_code == 422
    assert "sent before with other entries" in answer.text
    assert database["orders"].count_documents({}) == 1


def test_prices_that_changed_since_the_page_was_read_are_shown_first(
    ready: Shopper, database: Database, sandbox: Sandbox
) -> None:
    form = ready.checkout_form()
    change = {"$set": {"variants.0.prices.US.amount": 2500}}
    database["products"].update_one({"variants.sku": "MUG"}, change)
    answer = ready.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "Your cart or its prices changed" in answer.text
    assert "$50.00" in answer.text
    assert database["orders"].count_documents({}) == 0


@pytest.mark.parametrize("htmx", [False, True])
def test_a_cart_changed_in_another_tab_is_shown_first(
    ready: Shopper, catalog: CatalogMaker, database: Database, sandbox: Sandbox, htmx: bool
) -> None:
    form = ready.checkout_form()
    (line,) = ready.cart_lines()
    ready.post(f"/cart/items/{line}", {"quantity": "1"})
    headers = HTMX if htmx else None
    answer = ready.client.post("/checkout", data=form, headers=headers)
    assert answer.status_code == 422
    assert ("<html" in answer.text) is not htmx
    assert "Your cart or its prices changed" in answer.text
    assert _nothing_happened(database)
    form["seen_cart"] = str(soup(answer).select_one("input[name=seen_cart]")["value"])
    assert ready.client.post("/checkout", data=form).status_code == 303


def test_a_client_that_does_not_say_what_it_saw_is_served(ready: Shopper, sandbox: Sandbox) -> None:
    form = ready.checkout_form()
    del form["seen_cart"]
    assert ready.client.post("/checkout", data=form).status_code == 303


def test_the_summary_follows_what_is_chosen(ready: Shopper) -> None:
    query = "/checkout?country=US&state=CA&shipping_method=express"
    fragment = ready.get(query, headers=HTMX)
    assert "<form" not in fragment.text
    assert "$15.00" in fragment.text
    assert "$2.90" in fragment.text  # 7.25 % of 40.00


def test_a_paid_order_is_found_again_by_its_guest(ready: Shopper, sandbox: Sandbox) -> None:
    page = ready.pay(sandbox)
    number = page.request.path.rsplit("/", 1)[-1]
    assert "Thank you, Ann" in page.text
    found = ready.post("/orders/lookup", {"number": number.lower(), "email": "ANN@example.com"})
    assert found.status_code == 303
    assert number in found.location
    for entry in ({"number": number, "email": "b@example.com"}, {"number": "MX-1", "email": "ann@example.com"}, {"number": "", "email": ""}):  # fmt: skip
        assert ready.post("/orders/lookup", entry).status_code == 422
    ready.client.set_cookie("mossx_language", "de")
    refused = ready.post("/orders/lookup", {"number": "M" * 41, "email": "ann@example.com"})
    assert "höchstens 40 Zeichen" in refused.text
    ready.client.delete_cookie("mossx_language")
    assert ready.get(f"/orders/{number}").status_code == 404
    assert ready.get(f"/orders/{number}?token=é").status_code == 404


def test_without_a_gateway_nothing_can_be_ordered(
    environment: dict[str, str], catalog: CatalogMaker
) -> None:
    from app import create_app

    bare = {
        name: value
        for name, value in environment.items()
        if not name.startswith(("STRIPE", "RAZORPAY"))
    }
    shopper = Shopper(create_app(bare))
    shopper.add(catalog.mug())
    assert "No payment method" in shopper.get("/checkout").text
    assert shopper.check_out(gateway="stripe").status_code == 422
    assert shopper.client.post("/webhooks/stripe", data=b"{}").status_code == 400


def test_a_total_without_its_tax_says_so_until_the_state_is_known(ready: Shopper) -> None:
    said = "Sales tax goes by the state of your address"
    assert said in ready.get("/checkout").text
    assert said not in ready.get("/checkout?country=US&state=CA").text
    ready.post("/market", {"market": "DE"})
    assert said not in ready.get("/checkout").text
