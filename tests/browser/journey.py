"""The steps of a purchase, as a person takes them."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.support.shopper import ADDRESS

_BUSY = ".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added"


def settled(page: Page) -> None:
    """What the page asked for has come, and works: until then its forms go the plain way."""
    expect(page.locator(_BUSY)).to_have_count(0)


def find_product(page: Page, phone: bool) -> None:
    """From the home page through a category to a product."""
    page.goto("/")
    if phone:
        page.locator("details.menu summary").click()
        page.locator(".menu-panel").get_by_role("link", name="Tableware").click()
    else:
        page.locator(".shelf").get_by_role("link", name="Tableware").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tableware")
    page.locator(".card-link", has_text="Alder Pitcher").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Alder Pitcher")


def choose_buyable(page: Page) -> None:
    """Choose the first colour that is in stock."""
    page.locator(".option:not(.option-out)").first.click()
    expect(page).to_have_url(re.compile(r"option\."))
    settled(page)


def add_to_cart(page: Page, javascript: bool, units: str = "1") -> None:
    """Press the button; with scripts the page stays. ``units``: how many the cart has then."""
    page.get_by_role("button", name="Add to cart").click()
    if javascript:
        expect(page.locator("#buy-result")).to_contain_text("In your cart")
        expect(page.locator("#cart-badge")).to_contain_text(units)
        page.locator("#buy-result").get_by_role("link", name="View cart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your cart")


def fill_checkout(page: Page, gateway: str, email: str = ADDRESS["email"]) -> None:
    """From the cart through the form to the gateway's side."""
    page.get_by_role("link", name="Check out").click()
    fill_form(page, gateway, email)
    page.get_by_role("button", name="Continue to payment").click()


def fill_form(page: Page, gateway: str, email: str) -> None:
    """Everything that the checkout asks for."""
    page.locator("[name=email]").fill(email)
    for name in ("phone", "name", "line1", "postal_code", "city"):
        page.locator(f"[name={name}]").fill(ADDRESS[name])
    page.locator("[name=state]").select_option(ADDRESS["state"])
    page.locator(f"input[name=gateway][value={gateway}]").check()


def pay(page: Page, gateway: str, javascript: bool) -> None:
    """Approve on the gateway's page and come back."""
    if gateway == "razorpay":
        page.get_by_role("button", name="with Razorpay").click()
    page.get_by_test_id("approve").click()
    if gateway == "razorpay" and not javascript:
        page.get_by_test_id("continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you, Ann")


def order_number(page: Page) -> str:
    """The number on the order's page."""
    return page.url.split("/orders/")[1].split("?")[0]


def choose_market(page: Page, market: str, language: str) -> None:
    """Choose country and language at the foot of the page."""
    page.locator("#market").select_option(market)
    page.locator("#language").select_option(language)
    page.locator("form.market button").click()
