"""A guest buys with a coupon, with and without JavaScript, on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.shared.ids import new_id
from dev.stack import Stack
from tests.browser import journey
from tests.browser.conftest import PHONE
from tests.browser.test_purchase import SCRIPTS, wait_for_mail
from tests.support.gateways import Sandbox
from tests.support.processes import run_flask

pytestmark = pytest.mark.browser


def _enter(page: Page, code: str) -> None:
    page.get_by_label("Discount code").fill(code)
    page.get_by_role("button", name="Apply", exact=True).click()


@SCRIPTS
@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_a_coupon_and_a_gift_card_pay(
    page: Page, shop: Stack, ledger: Sandbox, javascript: bool, size: tuple[int, int]
) -> None:
    page.goto("/products/alder-pitcher")
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript)
    _enter(page, "NO-SUCH-CODE")
    expect(page.locator("#code-error")).to_contain_text("We do not know this code")
    expect(page.get_by_label("Discount code")).to_have_value("NO-SUCH-CODE")
    _enter(page, "welcome10")
    expect(page.locator(".sums")).to_contain_text("Welcome: 10 % off your first order")
    page.get_by_role("button", name="Remove code WELCOME10").click()
    expect(page.locator(".sums")).not_to_contain_text("Welcome")
    _enter(page, "WELCOME10")
    expect(page.locator(".coupon")).to_contain_text("WELCOME10")
    fits = "document.documentElement.scrollWidth <= window.innerWidth"
    assert not javascript or page.evaluate(fits)
    email = f"{new_id('guest')}@example.com"
    if javascript:
        journey.fill_checkout(page, "stripe", email)
    else:  # one form has it all, and Enter presses the button that orders
        code = run_flask(shop.environment, "credit", "issue", "5.00", "USD").split()[1]
        page.get_by_role("link", name="Check out").click()
        journey.fill_form(page, "stripe", email)
        page.locator("#gift-card").fill(code)
        page.locator("#gift-card").press("Enter")
        expect(page.locator("#gift-cards [role=status]")).to_be_focused()
        expect(page.locator("#gift-cards")).to_contain_text("Nothing is ordered yet")
        expect(page.locator("[name=email]")).to_have_value(email)
        page.get_by_role("button", name="Continue to payment").click()
    journey.pay(page, "stripe", javascript)
    sums = page.locator(".sums")
    expect(sums).to_contain_text("Welcome: 10 % off your first order (WELCOME10)")
    total = sums.locator(".grand dd").last.inner_text()
    number = journey.order_number(page)
    mine = [amount for order, amount in ledger.captures() if order == number]
    assert [f"${amount / 100:.2f}" for amount in mine] == [total]
    assert "WELCOME10" in wait_for_mail(shop, number)
