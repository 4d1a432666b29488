"""Both coupon forms, plain and with htmx: what they answer, and what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from app import create_app
from app.catalog.models import Collection, CollectionRule, RuleCondition, RuleField
from app.catalog.repository import CatalogRepository
from app.db.database import Database
from app.promotions.kinds import (
    BundleSet,
    BuyGet,
    FixedAmount,
    FreeShipping,
    Part,
    Percentage,
    Scope,
    Stacking,
)
from app.promotions.models import Conditions
from app.shared.clock import now
from app.web.registry import service
from tests.support.answers import BOTH_WAYS, assert_refused, assert_shown, field_of
from tests.support.catalog import CatalogMaker, make_product, make_variant
from tests.support.member import Member
from tests.support.promotions import PromotionMaker, enter, sums
from tests.support.shopper import Shopper, soup


def message(answer: TestResponse) -> str:
    """What stands beside the field."""
    found = soup(answer).select_one("#code-error")
    assert found is not None, answer.text
    return found.text


@pytest.fixture
def filled(shopper: Shopper, catalog: CatalogMaker) -> Shopper:
    """Two mugs of 20.00 in the cart."""
    shopper.add(catalog.mug(stock=50), 2)
    return shopper


@BOTH_WAYS
def test_a_code_lowers_the_sums_and_can_be_taken_off(
    filled: Shopper, promotions: PromotionMaker, htmx: bool
) -> None:
    promotions.add("SAVE10", name="Ten per cent off")
    for typed in ("save10", " SAVE 10 "):  # however it is written, and twice is no error
        answer = enter(filled, typed, htmx=htmx)
        if htmx:
            assert_shown(answer, htmx=True)
            assert sums(answer)["Ten per cent off"] == "−$4.00"
        else:
            assert (answer.status_code, answer.location) == (303, "/cart")
    page = filled.get("/cart")
    assert sums(page) == {
        "Subtotal": "$40.00", "Ten per cent off": "−$4.00", "Goods after discounts": "$36.00",
    }  # fmt: skip
    assert soup(page).select_one(".coupon strong").text == "SAVE10"
    for _ in range(2):
        answer = filled.post("/cart/coupons/removal", {"code": "save10"}, htmx=htmx)
        assert answer.status_code == (200 if htmx else 303)
    assert sums(filled.get("/cart")) == {"Subtotal": "$40.00"}


def test_the_checkout_shows_and_charges_the_discount(
    filled: Shopper, promotions: PromotionMaker
) -> None:
    promotions.add("SAVE10", name="Ten per cent off")
    enter(filled, "SAVE10")
    page = filled.get("/checkout")
    assert sums(page)["Ten per cent off (SAVE10)"] == "−$4.00"
    assert sums(page)["Total"] == "$42.00"


@BOTH_WAYS
def test_an_unknown_code_is_refused_beside_the_field_and_kept_there(
    filled: Shopper, database: Database, htmx: bool
) -> None:
    before = list(database["carts"].find({}))
    answer = enter(filled, "NO-SUCH", htmx=htmx)
    assert_refused(answer, "code", htmx=htmx)
    assert message(answer) == "We do not know this code. Please check the spelling."
    assert field_of(answer, "code") == "NO-SUCH"
    assert list(database["carts"].find({})) == before


@pytest.mark.parametrize("typed", ["", "   ", "x", "é" * 10, "A" * 500, "<script>", "$gt"])
def test_what_cannot_be_a_code_is_refused(filled: Shopper, typed: str) -> None:
    assert_refused(enter(filled, typed), "code")


def test_a_code_needs_something_in_the_cart(
    shopper: Shopper, promotions: PromotionMaker, database: Database
) -> None:
    promotions.add("SAVE10")
    answer = enter(shopper, "SAVE10")
    assert_refused(answer, "code")
    assert "Your cart is empty" in message(answer)
    assert database["carts"].count_documents({}) == 0
    assert shopper.post("/cart/coupons/removal", {"code": "SAVE10"}).status_code == 303


@BOTH_WAYS
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"conditions": Conditions(minimum_subtotal={"US": 5250})}, "Spend $12.50 more to use this code."),
        ({"conditions": Conditions(minimum_quantity=3)}, "Add 1 more item to use this code."),
        ({"ends_at": datetime(2026, 5, 3, 20, tzinfo=UTC)}, "This code expired on 3 May 2026."),
        ({"ends_at": datetime(2026, 5, 3, tzinfo=UTC)}, "This code expired on 2 May 2026."),
        ({"starts_at": datetime(2099, 5, 3, tzinfo=UTC)}, "This code can be used from 3 May 2099 on."),
        ({"starts_at": datetime(2099, 5, 3, 18, 30, tzinfo=UTC)}, "This code can be used from 3 May 2099, 18:30 UTC on."),
        ({"active": False}, "This code is not valid any more."),
        ({"conditions": Conditions(markets=("DE",))}, "Not valid in this market."),
        ({"benefit": FixedAmount(amounts={"IN": 5})}, "Not valid in this market."),
        ({"benefit": BundleSet(parts=(Part(sku="MUG"),), prices={"IN": 5})}, "Not valid in this market."),
        ({"scope": Scope(vendors=("Nobody",))}, "Nothing in your cart is part of this offer."),
        ({"benefit": BuyGet(buy=3, get=1)}, "Add 2 more items to use this code."),
        ({"benefit": BundleSet(parts=(Part(sku="MUG", quantity=3),), basis_points=1)}, "Nothing in your cart gets cheaper with this code."),
        ({"scope": Scope(skus=("MUG",)), "conditions": Conditions(minimum_subtotal={"US": 5000})}, "Spend $10.00 more on what this offer is for to use this code."),
    ],
)  # fmt: skip
def test_the_cart_says_why_a_code_does_not_apply(
    filled: Shopper,
    promotions: PromotionMaker,
    database: Database,
    more: dict[str, object],
    words: str,
    htmx: bool,
) -> None:
    promotions.add("SAVE10", **more)
    answer = enter(filled, "SAVE10", htmx=htmx)
    assert_refused(answer, "code", htmx=htmx)
    assert message(answer) == words
    assert database["carts"].find_one({})["coupons"] == []


def test_a_code_that_stops_fitting_stays_and_says_so(
    filled: Shopper, promotions: PromotionMaker
) -> None:
    promotions.add("SAVE10", conditions=Conditions(minimum_subtotal={"US": 4000}))
    enter(filled, "SAVE10")
    (line,) = filled.cart_lines()
    filled.post(f"/cart/items/{line}", {"quantity": "1"})
    page = filled.get("/cart")
    assert soup(page).select_one(".coupon .error").text == "Spend $20.00 more to use this code."
    assert sums(page) == {"Subtotal": "$20.00"}
    assert "Code SAVE10: Spend $20.00 more" in filled.get("/checkout").text
    filled.post(f"/cart/items/{line}", {"quantity": "3"})
    assert sums(filled.get("/cart"))["Ten off"] == "−$6.00"


def test_of_two_codes_that_do_not_combine_the_better_is_used_and_the_other_says_so(
    filled: Shopper, promotions: PromotionMaker
) -> None:
    promotions.add("SMALL", name="Small", stacking=Stacking.EXCLUSIVE)
    promotions.add("LARGE", name="Large", benefit=Percentage(basis_points=2500))
    enter(filled, "SMALL")
    assert enter(filled, "LARGE").status_code == 303
    page = filled.get("/cart")
    assert sums(page)["Large"] == "−$10.00"
    assert "Small" not in sums(page)
    assert "another offer saves you more" in soup(page).select_one(".coupon .error").text


def test_another_code_of_the_same_promotion_is_refused_as_such(
    filled: Shopper, promotions: PromotionMaker
) -> None:
    promotions.add("ONE", "TWO")
    enter(filled, "ONE")
    answer = enter(filled, "TWO")
    assert answer.status_code == 422
    assert message(answer) == "Not used: this discount is in your cart already."
    assert sums(filled.get("/cart"))["Ten off"] == "−$4.00"


def test_a_cart_holds_five_codes(filled: Shopper, promotions: PromotionMaker) -> None:
    for number in range(6):
        promotions.add(f"CODE-{number}", name=f"No. {number}")
    assert [enter(filled, f"CODE-{number}").status_code for number in range(6)] == [303] * 5 + [422]


def test_a_code_for_one_customer_is_refused_to_others(
    member: Member, catalog: CatalogMaker, promotions: PromotionMaker
) -> None:
    member.add(catalog.mug(), 2)
    promotions.add("FORBOB", conditions=Conditions(emails=("bob@example.com",)))
    assert message(enter(member, "FORBOB")) == "This code is for another customer."


def test_automatic_promotions_need_no_code(
    app: Flask, filled: Shopper, promotions: PromotionMaker, catalog: CatalogMaker
) -> None:
    product = make_product("Plate", make_variant("PLATE", US=1500), vendor="Kiln", tags=("Flat",))
    catalog.add(product, stock=20)
    shelf = Collection(slug="table", title="Table", product_ids=(product.id,))
    CatalogRepository(service(Database, app)).add_shelf(shelf)
    scopes = {
        "by collection": Scope(collections=("table",)),
        "by vendor": Scope(vendors=("kiln",)),
        "by tag": Scope(tags=("flat",)),
        "by type": Scope(types=("Thing",)),
        "by slug": Scope(products=("plate",)),
        "by id": Scope(products=(product.id,)),
    }
    for place, (name, scope) in enumerate(scopes.items()):
        hundred = FixedAmount(amounts={"US": 100})
        promotions.add(name=name, scope=scope, benefit=hundred, priority=place)
    filled.add("PLATE", 1)
    page = filled.get("/cart")
    assert {name: row for name, row in sums(page).items() if name in scopes} == dict.fromkeys(
        scopes, "−$1.00"
    )
    plate = next(line for line in soup(page).select(".line") if "Plate" in line.text)
    assert [each.text for each in plate.select(".off")][:3] == [
        "by collection: −$1.00", "by vendor: −$1.00", "by tag: −$1.00",
    ]  # fmt: skip


def test_a_promotion_for_a_collection_by_rule_is_for_what_that_shows(
    app: Flask,
    filled: Shopper,
    promotions: PromotionMaker,
    catalog: CatalogMaker,
    environment: dict[str, str],
) -> None:
    catalog.add(
        make_product("Plate", make_variant("PLATE", US=1500), tags=("gift",)),
        make_product("Vase", make_variant("VASE", US=9000), tags=("gift",)),
    )
    rule = CollectionRule(
        conditions=(
            RuleCondition(subject=RuleField.TAG, values=("gift",)),
            RuleCondition(subject=RuleField.PRICE, most={"US": 2000}),
        )
    )
    gifts = Scope(collections=("gifts",))
    promotions.add(name="Gifts", scope=gifts)
    for sku in ("PLATE", "VASE"):
        filled.add(sku, 1)
    assert "Gifts" not in sums(filled.get("/cart"))
    shelf = Collection(slug="gifts", title="Gifts", rule=rule)
    CatalogRepository(service(Database, app)).add_shelf(shelf)  # other processes are not told yet
    assert sums(filled.get("/cart"))["Gifts"] == "−$1.50"
    page = filled.get("/checkout")
    assert sums(page)["Gifts"] == "−$1.50"
    other = Shopper(
        create_app(environment)
    )  # a process that looks at the catalog for the first time
    for sku in ("PLATE", "VASE"):
        other.add(sku, 1)
    assert sums(other.get("/cart"))["Gifts"] == "−$1.50"


def test_free_shipping_is_shown_in_cart_and_checkout(
    filled: Shopper, promotions: PromotionMaker
) -> None:
    promotions.add("SHIP", name="Free post", benefit=FreeShipping(methods=("standard",)))
    enter(filled, "SHIP")
    assert sums(filled.get("/cart"))["Free post"] == "Free shipping"
    page = filled.get("/checkout")
    assert sums(page)["Shipping, Standard"] == "Free"
    assert sums(page)["Free post (SHIP)"] == "$6.00 saved"
    radios = [each.text for each in soup(page).select("label.radio > span:last-child")][:2]
    assert radios == ["Free", "$15.00"]


def test_an_end_in_the_future_is_no_refusal(filled: Shopper, promotions: PromotionMaker) -> None:
    promotions.add("SAVE10", ends_at=now() + timedelta(hours=1))
    assert enter(filled, "SAVE10").status_code == 303


# --- guessing -------------------------------------------------------------------------------------


def test_guessing_codes_is_limited_and_typing_good_ones_is_not(
    filled: Shopper, promotions: PromotionMaker
) -> None:
    promotions.add("SAVE10", conditions=Conditions(minimum_quantity=9))
    for _ in range(12):  # known, if not usable: no guess
        assert enter(filled, "SAVE10").status_code == 422
    answers = [enter(filled, f"GUESS{number}").status_code for number in range(12)]
    assert answers == [422] * 10 + [429] * 2
    refused = enter(filled, "SAVE10")
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_new_visitors_of_one_address_share_a_wider_limit(
    app: Flask, shopper: Shopper, catalog: CatalogMaker
) -> None:
    shopper.add(catalog.mug(stock=50), 1)
    cart = shopper.client.get_cookie("mossx_cart")
    assert cart is not None
    answers = []
    for visitor in range(7):
        guesser = Shopper(app)
        guesser.client.set_cookie("mossx_cart", cart.value)
        answers += [enter(guesser, f"GUESS{visitor}{number}").status_code for number in range(9)]
    assert answers == [422] * 60 + [429] * 3


@pytest.mark.parametrize("path", ["/cart/coupons", "/cart/coupons/removal"])
def test_a_form_without_its_token_changes_nothing(
    filled: Shopper, promotions: PromotionMaker, path: str
) -> None:
    promotions.add("SAVE10")
    enter(filled, "SAVE10")
    assert filled.client.post(path, data={"code": "SAVE10"}).status_code == 403
    assert "Ten off" in sums(filled.get("/cart"))


def test_shipping_that_is_no_longer_free_is_told_before_paying(
    shopper: Shopper, catalog: CatalogMaker, promotions: PromotionMaker, database: Database
) -> None:
    offer = promotions.add(benefit=FreeShipping())
    shopper.add(catalog.mug(), 1)
    form = shopper.checkout_form(shipping_method="express")
    promotions.service.change(
        replace(promotions.service.get(offer.id), benefit=FreeShipping(methods=("standard",)))
    )
    answer = shopper.client.post("/checkout", data=form)
    assert answer.status_code == 422
    assert "Your cart or its prices changed" in answer.text
    assert database["orders"].count_documents({}) == 0
