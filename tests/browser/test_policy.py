"""A real browser finds nothing that breaks the content policy, also on the way to the gateways."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from app.account.demo import DEMO_LOGINS
from tests.browser import journey

pytestmark = pytest.mark.browser

# Stays over page loads; the browser's console tells of what is refused before scripts run.
_LISTEN = """addEventListener("securitypolicyviolation", (event) => {
  console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI);
});"""
_SIGNS = ("policy violated", "content security policy", "content-security-policy", "refused to")


@pytest.fixture
def violations(page: Page) -> list[str]:
    """What the browser complains of while the test walks."""
    found: list[str] = []
    page.add_init_script(_LISTEN)
    page.on(
        "console",
        lambda message: (
            found.append(f"{page.url}: {message.text}")
            if any(sign in message.text.lower() for sign in _SIGNS)
            else None
        ),
    )
    return found


def test_a_violation_would_be_noticed(page: Page, violations: list[str]) -> None:
    page.goto("/")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate("document.body.append(Object.assign(new Image(), {src: 'http://127.0.0.1:1/x'}))")
    page.wait_for_function("document.images.length > 0")
    expect(page.locator("h1")).to_be_visible()
    assert any("style-src" in each for each in violations), violations
    assert any("img-src" in each for each in violations), violations


def test_a_shopper_meets_no_violation(page: Page, violations: list[str]) -> None:
    for path in ("/", "/products", "/products?option.Colour=Moss", "/search?q=mug", "/nowhere", "/account/login", "/orders/lookup", "/gift-cards", "/wishlist"):  # fmt: skip
        page.goto(path)
        page.wait_for_load_state("networkidle")
    for gateway in ("stripe", "razorpay"):
        page.goto("/products/alder-pitcher")
        journey.choose_buyable(page)
        journey.add_to_cart(page, javascript=True)
        journey.fill_checkout(page, gateway)
        journey.pay(page, gateway, javascript=True)
    assert violations == []


def test_an_owner_meets_no_violation(page: Page, violations: list[str]) -> None:
    owner = DEMO_LOGINS[0]
    page.goto("/account/login?next=/admin")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill(owner.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dashboard")
    for path in ("/admin/reports", "/admin/live", "/admin/orders", "/admin/products", "/admin/collections", "/admin/home", "/admin/settings/mails/order_confirmation/en", "/account/two-factor"):  # fmt: skip
        page.goto(path)
        page.wait_for_load_state("load")
        expect(page.get_by_role("heading", level=1).first).to_be_visible()
    assert violations == []
