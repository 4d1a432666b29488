"""After buying: the parcel is followed and something sent back, with scripts and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from dev.stack import Stack
from tests.browser import journey
from tests.browser.conftest import DESKTOP, PHONE
from tests.support.processes import run_flask

pytestmark = pytest.mark.browser


def staff(shop: Stack, *words: str) -> None:
    """A command of the shop's staff."""
    run_flask(shop.environment, "orders", *words)


def is_not_wider_than_its_window(page: Page) -> bool:
    """Whether nothing has to be scrolled sideways, once its style sheets are there."""
    page.wait_for_load_state("load")
    wide = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    scroll, client = page.evaluate(wide)
    return int(scroll) <= int(client)


@pytest.mark.parametrize(
    ("javascript", "size"),
    [(True, DESKTOP), (True, PHONE), (False, PHONE)],
    ids=["js-desktop", "js-phone", "no-js-phone"],
)
def test_a_guest_follows_the_parcel_and_sends_something_back(
    page: Page, shop: Stack, javascript: bool, size: tuple[int, int]
) -> None:
    page.goto("/products/heron-teapot")
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript)
    journey.fill_checkout(page, "stripe")
    journey.pay(page, "stripe", javascript)
    number = journey.order_number(page)
    order_url = page.url
    staff(shop, "fulfil", number, "--carrier", "dhl", "--tracking", "JD014600003")
    page.goto(order_url)
    expect(page.get_by_role("heading", level=1)).to_have_text("Your order is on its way")
    link = page.get_by_role("link", name="Track JD014600003")
    expect(link).to_have_attribute("href", "https://www.dhl.com/global-en/home/tracking.html?tracking-id=JD014600003")  # fmt: skip
    assert is_not_wider_than_its_window(page)
    page.locator("#return > summary").click()
    page.get_by_label("how many?").fill("9")
    page.get_by_label("Why?").select_option("changed_mind")
    page.get_by_label("Anything we should know?").fill("Too heavy for me")
    page.get_by_role("button", name="Ask for the return").click()
    expect(page.locator("#quantity-1-error")).to_contain_text("At most 1")
    expect(page.get_by_label("Anything we should know?")).to_have_value("Too heavy for me")
    assert is_not_wider_than_its_window(page)
    page.get_by_label("how many?").fill("1")
    page.get_by_role("button", name="Ask for the return").click()
    returns = page.locator("section", has=page.get_by_role("heading", name="Returns"))
    expect(returns).to_contain_text(f"{number}-R1")
    expect(returns).to_contain_text("Asked for")
    staff(shop, "returns", "approve", f"{number}-R1", "--answer", "Please send it to our door.")
    staff(shop, "returns", "receive", f"{number}-R1", "--restock-all")
    page.goto(order_url)
    expect(page.locator("#order")).to_contain_text("Please send it to our door.")
    expect(page.locator("#order")).to_contain_text("Received")
    page.get_by_role("link", name="Invoice").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Invoice")
    assert is_not_wider_than_its_window(page)
    page.get_by_role("link", name="Back to the order").click()
    expect(page).to_have_url(order_url)


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_a_guest_changes_their_mind(page: Page, shop: Stack, javascript: bool) -> None:
    page.goto("/products/pinch-bowl")
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript)
    journey.fill_checkout(page, "stripe")
    journey.pay(page, "stripe", javascript)
    page.locator("#cancel > summary").click()
    page.get_by_role("button", name="Yes, cancel it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("This order is cancelled")
    expect(page.locator("#order")).to_contain_text("The money was sent back to you")
