"""What somebody who logs in with a filled cart sees, and can take back: plain and with htmx."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app.cart.service import CartService
from app.db.database import Database, Document
from app.shared.ids import AccountId
from app.web.registry import service
from tests.support.answers import BOTH_WAYS, assert_shown
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.gateways import Sandbox
from tests.support.member import Member, make_proven
from tests.support.shopper import HTMX, Shopper, soup

TOGETHER = "We put the cart you filled before logging in together with the one of your account"
APART = "The two carts are apart again"


@pytest.fixture
def member(app: Flask, catalog: CatalogMaker) -> Member:
    """Ann with two mugs in the cart of her browser, and a plate in that of her account."""
    catalog.add(make_product("Dune Mug", make_variant("MUG")), stock=5)
    catalog.add(make_product("Dune Plate", make_variant("PLATE")), stock=5)
    ann = Member(app)
    make_proven(app, ann.email)
    other_device = Member(app)
    other_device.log_in()
    other_device.add("PLATE", 1)
    ann.add("MUG", 2)
    return ann


def stored(database: Database) -> list[Document]:
    """Every cart and receipt, to see that nothing changed."""
    return [
        document
        for name in ("carts", "cart_merges")
        for document in database[name].find({}).sort("_id", 1)
    ]


def quantities(shopper: Shopper) -> list[int]:
    return list(shopper.cart_lines().values())


def cookie_of(shopper: Shopper) -> str:
    cookie = shopper.client.get_cookie("mossx_cart")
    return cookie.value if cookie else ""


def path_of(page: TestResponse, action: str) -> str:
    form = soup(page).select_one(f"form[action$='/{action}']")
    assert form is not None
    assert form["action"] == form["hx-post"]
    return str(form["action"])


def test_logging_in_puts_the_carts_together_and_says_so(member: Member) -> None:
    member.log_in()
    assert cookie_of(member) == ""
    page = member.get("/cart")
    assert TOGETHER in page.text
    assert [item.text for item in soup(page).select("section.alert li")] == ["Dune Mug: 2 added."]
    assert quantities(member) == [1, 2]
    assert soup(member.get("/cart/badge", headers=HTMX)).text.startswith("3")
    assert "/cart/badge" in str(soup(member.get("/")).select_one("#cart-badge"))


@pytest.mark.parametrize("path", ["/cart/badge", "/cart", "/checkout"])
def test_what_logging_in_left_undone_the_next_request_finishes(
    app: Flask, member: Member, path: str
) -> None:
    cookie = cookie_of(member)
    member.client.delete_cookie("mossx_cart")
    member.log_in()
    member.client.set_cookie("mossx_cart", cookie)  # as if the login had died before the merge
    assert member.get(path).status_code == 200
    assert cookie_of(member) == ""
    assert quantities(member) == [1, 2]


@BOTH_WAYS
def test_the_receipt_is_put_away(member: Member, database: Database, htmx: bool) -> None:
    member.log_in()
    path = path_of(member.get("/cart"), "receipt")
    for _ in range(2):
        answer = member.post(path, {}, htmx=htmx)
        if htmx:
            assert_shown(answer, htmx=True)
            assert TOGETHER not in answer.text
        else:
            assert (answer.status_code, answer.location) == (303, "/cart")
    assert TOGETHER not in member.get("/cart").text
    assert quantities(member) == [1, 2]
    assert database["cart_merges"].count_documents({"closed_at": None}) == 0


@BOTH_WAYS
def test_a_merge_is_undone_once(member: Member, htmx: bool) -> None:
    member.log_in()
    path = path_of(member.get("/cart"), "undo")
    for _ in range(2):
        answer = member.post(path, {}, htmx=htmx)
        if htmx:
            assert_shown(answer, htmx=True)
            badge = soup(answer).select_one("#cart-badge[hx-swap-oob]")
            assert badge is not None
            assert badge.text.startswith("1")
            assert len(soup(answer).select(".line")) == 1
            assert APART in answer.text
        else:
            assert (answer.status_code, answer.location) == (303, "/cart")
        assert cookie_of(member)
    assert htmx or APART in member.get("/cart").text
    assert APART not in member.get("/cart").text
    assert quantities(member) == [1]
    member.log_out()
    assert quantities(member) == [2]
    member.log_in()
    assert quantities(member) == [1]  # it stays apart while its guest changes nothing
    member.log_out()
    member.add("MUG", 1)
    member.log_in()
    assert quantities(member) == [1, 3]


@BOTH_WAYS
def test_somebody_else_s_merge_is_not_found(
    app: Flask, member: Member, database: Database, htmx: bool
) -> None:
    member.log_in()
    page = member.get("/cart")
    make_proven(app, "bob@example.com")
    bob = Member(app, "bob@example.com")
    bob.log_in()
    before = stored(database)
    for stranger in (bob, Shopper(app)):
        for action in ("undo", "receipt"):
            answer = stranger.post(path_of(page, action), {}, htmx=htmx)
            assert answer.status_code == 404
    assert stored(database) == before


@BOTH_WAYS
def test_what_was_paid_for_is_not_undone(
    member: Member, sandbox: Sandbox, database: Database, htmx: bool
) -> None:
    member.log_in()
    path = path_of(member.get("/cart"), "undo")
    member.pay(sandbox)
    before = stored(database)
    answer = member.post(path, {}, htmx=htmx)
    assert_shown(answer, htmx=htmx, status=422)
    alert = soup(answer).select_one("#cart [role=alert]")
    assert alert is not None
    assert "ordered and paid" in alert.text
    assert stored(database) == before
    assert cookie_of(member) == ""


def test_a_browser_that_missed_the_answer_to_an_undo_gets_its_cart_with_the_next_page(
    app: Flask, member: Member, database: Database
) -> None:
    member.log_in()
    merge = database["cart_merges"].find_one({})
    assert merge
    service(CartService, app).undo_merge(merge["_id"], AccountId(merge["account_id"]))
    assert APART in member.get("/cart").text
    assert cookie_of(member)
    member.log_out()
    assert quantities(member) == [2]


def test_another_cart_that_was_set_apart_is_not_lost_by_an_undo(app: Flask, member: Member) -> None:
    member.log_in()
    first = path_of(member.get("/cart"), "undo")
    other = Member(app)
    other.add("PLATE", 2)
    other.log_in()
    second = path_of(other.get("/cart"), "undo")
    member.post(first, {})
    member.post(second, {})
    page = member.get("/cart")
    assert TOGETHER in page.text
    assert "Dune Mug: 2 added." in page.text
    assert quantities(member) == [1, 2]
    member.log_out()
    assert quantities(member) == [2]


def test_a_guest_whose_cart_was_merged_elsewhere_gets_a_new_one(
    member: Member, database: Database
) -> None:
    cookie = cookie_of(member)
    member.log_in()
    member.log_out()
    member.client.set_cookie("mossx_cart", cookie)
    assert "Nothing in it yet" in member.get("/cart").text
    assert member.add("PLATE", 1).status_code == 303
    assert cookie_of(member) != cookie
    assert quantities(member) == [1]
    assert database["carts"].count_documents({}) == 3


def test_an_empty_cart_says_where_things_are_kept(app: Flask, member: Member) -> None:
    assert "on this device" in Shopper(app).get("/cart").text
    make_proven(app, "bob@example.com")
    bob = Member(app, "bob@example.com")
    bob.log_in()
    assert "on every device" in bob.get("/cart").text
    assert "Nothing in it yet" in bob.get("/cart").text


# --- the checkout form ------------------------------------------------------------------------------


@BOTH_WAYS
def test_a_form_of_before_the_login_shows_what_changed_and_places_nothing(
    member: Member, sandbox: Sandbox, database: Database, htmx: bool
) -> None:
    form = member.checkout_form()
    member.log_in()
    answer = member.client.post("/checkout", data=form, headers=HTMX if htmx else None)
    assert_shown(answer, htmx=htmx, status=422)
    assert "Your cart or its prices changed since you opened this page." in answer.text
    summary = soup(answer).select_one("#checkout-summary")
    assert summary is not None
    assert "Dune Plate" in summary.text
    for name in ("orders", "payment_attempts", "stock_holds", "idempotency_keys"):
        assert database[name].count_documents({}) == 0
    seen = summary.select_one("input[name=seen_cart]")
    assert seen is not None
    again = {**form, "seen_cart": str(seen["value"])}
    assert member.client.post("/checkout", data=again).status_code == 303


def test_a_form_whose_cart_is_still_the_same_after_the_login_goes_on(
    app: Flask, member: Member, sandbox: Sandbox
) -> None:
    make_proven(app, "bob@example.com")
    bob = Member(app, "bob@example.com")
    bob.add("MUG", 1)
    form = bob.checkout_form()
    bob.log_in()
    assert bob.client.post("/checkout", data=form).status_code == 303
