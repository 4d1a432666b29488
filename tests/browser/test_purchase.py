"""A guest buys: each gateway, with and without JavaScript, on phone and desktop."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from dev.stack import Stack
from tests.browser import journey
from tests.browser.conftest import DESKTOP, PHONE
from tests.support.gateways import Sandbox
from tests.support.shopper import ADDRESS

pytestmark = pytest.mark.browser
GATEWAYS = pytest.mark.parametrize("gateway", ["stripe", "razorpay"])
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])


def wait_for_mail(shop: Stack, number: str) -> str:
    """The confirmation of an order, once a worker has sent it; one that was killed at it holds
    its lease for a minute."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        for mail in (shop.data / "mail").glob("*.eml"):
            text = mail.read_text()
            if number in text:
                return text
        time.sleep(0.2)
    raise AssertionError(f"no mail for {number}")


@GATEWAYS
@SCRIPTS
@SIZES
def test_a_guest_buys(
    page: Page,
    shop: Stack,
    ledger: Sandbox,
    gateway: str,
    javascript: bool,
    size: tuple[int, int],
) -> None:
    journey.find_product(page, size == PHONE)
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript)
    journey.fill_checkout(page, gateway)
    journey.pay(page, gateway, javascript)
    number = journey.order_number(page)
    total = page.locator(".sums .grand dd").inner_text()
    mine = [amount for order, amount in ledger.captures() if order == number]
    assert [f"${amount / 100:.2f}" for amount in mine] == [total]
    assert total in wait_for_mail(shop, number)
    page.goto("/cart")
    expect(page.locator("#cart")).to_contain_text("Nothing in it yet")


@SCRIPTS
def test_a_guest_buys_a_set_with_a_part_exchanged(
    page: Page, ledger: Sandbox, javascript: bool
) -> None:
    page.goto("/products/the-breakfast-set")
    page.get_by_label("2 × Dune Mug").select_option("DUNE-MUG-OAT-SMALL-250-ML")
    page.get_by_label("Bram's Board").select_option("BRAMS-BOARD-ASH")
    journey.add_to_cart(page, javascript)
    expect(page.locator("#cart .set-parts")).to_contain_text("2 × Dune Mug, Oat / Small 250 ml")
    journey.fill_checkout(page, "stripe")
    journey.pay(page, "stripe", javascript)
    expect(page.locator("#order .set-parts")).to_contain_text("Bram's Board, Ash")
    number = journey.order_number(page)
    assert len([each for each in ledger.captures() if each[0] == number]) == 1


def test_a_press_counts_while_the_figures_are_renewed(page: Page, ledger: Sandbox) -> None:
    """Leaving a field of the address renews the sums, perhaps between mouse down and mouse up."""
    page.goto("/products/pinch-bowl")
    journey.choose_buyable(page)
    journey.add_to_cart(page, True)
    page.get_by_role("link", name="Check out").click()
    for name in ("email", "phone", "name", "line1", "city"):
        page.locator(f"[name={name}]").fill(ADDRESS[name])
    page.locator("[name=state]").select_option("CA")
    page.locator("input[name=gateway][value=stripe]").check()
    page.locator("[name=postal_code]").fill("94203")
    page.get_by_role("button", name="Continue to payment").hover()
    with page.expect_response(lambda answer: "postal_code=94203" in answer.url):
        page.mouse.down()
    journey.settled(page)
    page.mouse.up()
    journey.pay(page, "stripe", True)


@GATEWAYS
@SCRIPTS
def test_a_decline_and_a_change_of_mind_charge_nothing(
    page: Page, ledger: Sandbox, gateway: str, javascript: bool
) -> None:
    page.goto("/products/heron-teapot")
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript)
    journey.fill_checkout(page, gateway)
    if gateway == "razorpay":
        page.get_by_role("button", name="with Razorpay").click()
    page.get_by_test_id("decline").click()
    if gateway == "stripe":
        expect(page.get_by_role("alert")).to_contain_text("declined")
        page.get_by_test_id("cancel").click()
    elif not javascript:
        page.get_by_test_id("continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not paid yet")
    number = journey.order_number(page)
    assert not [each for each in ledger.captures() if each[0] == number]
    page.get_by_role("link", name="Pay now").click()
    journey.pay(page, gateway, javascript)
    assert len([each for each in ledger.captures() if each[0] == number]) == 1


def test_the_back_button_after_paying_does_not_pay_again(page: Page, ledger: Sandbox) -> None:
    page.goto("/products/pinch-bowl")
    journey.choose_buyable(page)
    page.get_by_role("button", name="Add to cart").click()
    page.locator("#buy-result").get_by_role("link", name="View cart").click()
    journey.fill_checkout(page, "stripe")
    gateway_page = page.url
    journey.pay(page, "stripe", True)
    number = journey.order_number(page)
    page.goto(gateway_page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert len([each for each in ledger.captures() if each[0] == number]) == 1


def test_mail_folder_is_private_to_the_shop(shop: Stack) -> None:
    assert Path(shop.data / "run" / "secrets.json").stat().st_mode & 0o077 == 0


def test_a_choice_stays_though_an_earlier_answer_comes_late(page: Page) -> None:
    """Choosing the state asks for the sums; meanwhile the shopper goes on choosing."""
    page.goto("/products/pinch-bowl")
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript=True)
    page.get_by_role("link", name="Check out").click()
    late = page.locator("#checkout-summary")
    expect(late).to_be_visible()

    def hold_back(route: Route) -> None:
        answer = route.fetch()
        page.locator("input[name=gateway][value=razorpay]").check()
        page.locator("input[name=shipping_method][value=express]").evaluate(
            "it => it.checked = true"
        )
        route.fulfill(response=answer)

    page.route("**/checkout?*", hold_back, times=1)
    with page.expect_response("**/checkout?*"):
        page.locator("[name=state]").select_option("TX")
    expect(late).to_contain_text("6.25")
    expect(page.locator("input[name=gateway][value=razorpay]")).to_be_checked()
    expect(page.locator("input[name=shipping_method][value=express]")).to_be_checked()
