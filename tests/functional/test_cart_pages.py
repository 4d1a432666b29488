"""The cart's forms: plain and with htmx, good input and bad."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from app.db.database import Database
from tests.support.answers import BOTH_WAYS, assert_shown
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.shopper import HTMX, Shopper, soup


def test_adding_leads_to_the_cart(shopper: Shopper, catalog: CatalogMaker) -> None:
    answer = shopper.add(catalog.mug(), 2)
    assert (answer.status_code, answer.location) == (303, "/cart")
    assert list(shopper.cart_lines().values()) == [2]


def test_adding_with_htmx_confirms_in_place(shopper: Shopper, catalog: CatalogMaker) -> None:
    answer = shopper.add(catalog.mug(), 2, htmx=True)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    assert "In your cart: Dune Mug" in answer.text
    badge = soup(answer).select_one("#cart-badge[hx-swap-oob]")
    assert badge is not None
    assert badge.text.startswith("2")
    assert list(shopper.cart_lines().values()) == [2]


@pytest.mark.parametrize("quantity", ["0", "-1", "1000000000", "two", ""])
@pytest.mark.parametrize("htmx", [False, True])
def test_a_bad_quantity_is_explained_and_changes_nothing(
    shopper: Shopper, catalog: CatalogMaker, database: Database, quantity: str, htmx: bool
) -> None:
    answer = shopper.add(catalog.mug(), quantity, htmx=htmx)
    assert answer.status_code == 422
    tree = soup(answer)
    field = tree.select_one("input[name=quantity]")
    assert field is not None
    assert field["value"] == quantity
    assert tree.select_one("[role=alert] p") is not None
    assert database["carts"].count_documents({}) == 0


def test_an_unknown_sku_is_explained_and_changes_nothing(
    shopper: Shopper, database: Database
) -> None:
    answer = shopper.add("NO-SUCH-THING")
    assert answer.status_code == 422
    assert "We do not sell this item" in answer.text
    assert database["carts"].count_documents({}) == 0


def test_more_than_the_stock_is_refused(shopper: Shopper, catalog: CatalogMaker) -> None:
    sku = catalog.mug(stock=3)
    assert shopper.add(sku, 2).status_code == 303
    refusal = shopper.add(sku, 2)
    assert refusal.status_code == 422
    assert list(shopper.cart_lines().values()) == [2]


@pytest.mark.parametrize("htmx", [False, True])
def test_a_line_is_changed_and_removed(shopper: Shopper, catalog: CatalogMaker, htmx: bool) -> None:
    shopper.add(catalog.mug(), 2)
    (line,) = shopper.cart_lines()
    answer = shopper.post(f"/cart/items/{line}", {"quantity": "5"}, htmx=htmx)
    assert answer.status_code == (200 if htmx else 303)
    assert shopper.cart_lines() == {line: 5}
    for _ in range(2):  # a repeated removal is no error
        answer = shopper.post(f"/cart/items/{line}", {"quantity": "0"}, htmx=htmx)
        assert answer.status_code == (200 if htmx else 303)
    assert shopper.cart_lines() == {}


@pytest.mark.parametrize("quantity", ["-1", "1000000000", "many", "11"])
def test_a_bad_change_keeps_the_line(
    shopper: Shopper, catalog: CatalogMaker, quantity: str
) -> None:
    shopper.add(catalog.mug(stock=10), 2)
    (line,) = shopper.cart_lines()
    answer = shopper.post(f"/cart/items/{line}", {"quantity": quantity}, htmx=True)
    assert answer.status_code == 422
    assert soup(answer).select_one(".line .error") is not None
    assert shopper.cart_lines() == {line: 2}


# --- for later ------------------------------------------------------------------------------------


def _saved(shopper: Shopper) -> list[str]:
    """The list for later as the cart page shows it."""
    lines = soup(shopper.get("/cart")).select(".saved .line")
    return [" ".join(line.select_one(".line-text > .muted").text.split()) for line in lines]


@BOTH_WAYS
def test_a_line_is_saved_for_later_and_moved_back(
    shopper: Shopper, catalog: CatalogMaker, htmx: bool
) -> None:
    catalog.add(make_product("Plate", make_variant("PLATE")), stock=10)
    shopper.add(catalog.mug(stock=4), 2)
    (line,) = shopper.cart_lines()
    shopper.add("PLATE", 1)
    for _ in range(2):  # pressing twice is no error
        answer = shopper.post(f"/cart/items/{line}/saved", {}, htmx=htmx)
        _moved(answer, htmx, badge="1")
    assert list(shopper.cart_lines().values()) == [1]
    assert _saved(shopper) == ["2 × $20.00 · Only 4 left"]
    page = soup(shopper.get("/cart"))
    assert page.select_one(".sums dd").text == "$20.00"
    assert "Dune Mug" not in shopper.get("/checkout").text
    for _ in range(2):
        _moved(shopper.post(f"/cart/saved/{line}/cart", {}, htmx=htmx), htmx, badge="3")
    assert sorted(shopper.cart_lines().values()) == [1, 2]
    assert _saved(shopper) == []


def _moved(answer: TestResponse, htmx: bool, badge: str) -> None:
    if not htmx:
        assert (answer.status_code, answer.location) == (303, "/cart")
        return
    assert_shown(answer, htmx=True)
    count = soup(answer).select_one("#cart-badge[hx-swap-oob]")
    assert count is not None
    assert count.text.startswith(badge)


@BOTH_WAYS
def test_a_saved_line_is_removed(shopper: Shopper, catalog: CatalogMaker, htmx: bool) -> None:
    shopper.add(catalog.mug(), 2)
    (line,) = shopper.cart_lines()
    shopper.post(f"/cart/items/{line}/saved", {})
    refused = shopper.post(f"/cart/saved/{line}", {"quantity": "3"}, htmx=htmx)
    assert_shown(refused, htmx=htmx, status=422)
    assert len(_saved(shopper)) == 1
    for _ in range(2):
        answer = shopper.post(f"/cart/saved/{line}", {"quantity": "0"}, htmx=htmx)
        assert answer.status_code == (200 if htmx else 303)
    assert _saved(shopper) == []
    assert shopper.cart_lines() == {}


@BOTH_WAYS
def test_moving_back_more_than_there_is_is_refused_beside_the_line(
    shopper: Shopper, catalog: CatalogMaker, database: Database, htmx: bool
) -> None:
    sku = catalog.mug(stock=3)
    shopper.add(sku, 2)
    (line,) = shopper.cart_lines()
    shopper.post(f"/cart/items/{line}/saved", {})
    shopper.add(sku, 2)
    before = list(database["carts"].find({}))
    answer = shopper.post(f"/cart/saved/{line}/cart", {}, htmx=htmx)
    assert_shown(answer, htmx=htmx, status=422)
    error = soup(answer).select_one(".saved .line .error")
    assert error is not None
    assert "Only 3 left, and 2 of them in your cart already." in error.text
    assert list(database["carts"].find({})) == before


def test_a_saved_line_that_is_no_longer_sold_stays_on_the_list(
    shopper: Shopper, catalog: CatalogMaker, database: Database
) -> None:
    shopper.add(catalog.mug(), 2)
    (line,) = shopper.cart_lines()
    shopper.post(f"/cart/items/{line}/saved", {})
    database["products"].update_many({}, {"$set": {"status": "archived"}})
    page = soup(shopper.get("/cart"))
    assert "This has left our range." in page.select_one(".saved .line").text
    assert page.select_one(".saved form[action$='/cart']") is None
    assert shopper.post(f"/cart/saved/{line}/cart", {}).status_code == 422
    assert len(_saved(shopper)) == 1


@pytest.mark.parametrize("path", ["items/{}/saved", "saved/{}/cart"])
def test_an_unknown_line_cannot_be_moved(
    shopper: Shopper, catalog: CatalogMaker, path: str
) -> None:
    assert shopper.post(f"/cart/{path.format('line_x')}", {}).status_code == 404
    shopper.add(catalog.mug(), 2)
    assert shopper.post(f"/cart/{path.format('line_x')}", {}).status_code == 404
    assert list(shopper.cart_lines().values()) == [2]


# --- whose cart -----------------------------------------------------------------------------------


def test_somebody_elses_line_cannot_be_changed(
    app: object, shopper: Shopper, catalog: CatalogMaker
) -> None:
    shopper.add(catalog.mug(), 2)
    (line,) = shopper.cart_lines()
    other = Shopper(app)
    assert other.post(f"/cart/items/{line}", {"quantity": "0"}).status_code == 404
    assert shopper.cart_lines() == {line: 2}


def test_the_badge_counts_units(shopper: Shopper, catalog: CatalogMaker) -> None:
    assert 'hx-trigger="load' not in str(soup(shopper.get("/")).select_one("#cart-badge"))
    shopper.add(catalog.mug(), 3)
    assert 'hx-trigger="load' in str(soup(shopper.get("/")).select_one("#cart-badge"))
    badge = shopper.get("/cart/badge", headers=HTMX)
    assert soup(badge).text.startswith("3")
    assert badge.headers["Cache-Control"] == "private, no-store"


def test_a_forged_cart_cookie_is_no_cart(shopper: Shopper, catalog: CatalogMaker) -> None:
    shopper.add(catalog.mug(), 1)
    cookie = shopper.client.get_cookie("mossx_cart")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    shopper.client.set_cookie("mossx_cart", cookie.value[:-2] + "xx")
    assert "Nothing in it yet" in shopper.get("/cart").text


@pytest.mark.parametrize("token", ["", "wrong", "é" * 40])
def test_a_form_without_its_token_changes_nothing(
    shopper: Shopper, catalog: CatalogMaker, database: Database, token: str
) -> None:
    sku = catalog.mug()
    shopper.token()
    data = {"sku": sku, "quantity": "1", "csrf_token": token}
    answer = shopper.client.post("/cart/items", data=data)
    assert answer.status_code == 403
    assert "nothing was changed" in answer.text
    assert database["carts"].count_documents({}) == 0


def test_another_visitors_token_is_refused(
    app: object, shopper: Shopper, catalog: CatalogMaker
) -> None:
    data = {"sku": catalog.mug(), "quantity": "1", "csrf_token": Shopper(app).token()}
    shopper.token()
    assert shopper.client.post("/cart/items", data=data).status_code == 403


def test_a_form_from_another_site_is_refused(shopper: Shopper, catalog: CatalogMaker) -> None:
    data = {"sku": catalog.mug(), "quantity": "1", "csrf_token": shopper.token()}
    for headers in ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        assert shopper.client.post("/cart/items", data=data, headers=headers).status_code == 403
