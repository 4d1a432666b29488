"""Readers who bring their own colours, and forms that are refused without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.stack import Stack

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, shop: Stack, javascript: bool) -> Iterator[Page]:
    """A fresh browser profile with forced colours."""
    context = browser.new_context(
        base_url=shop.environment["BASE_URL"],
        java_script_enabled=javascript,
        forced_colors="active",
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", ["/products/dune-mug", "/products", "/admin/products"])
def test_what_is_chosen_shows_without_our_colours(page: Page, path: str) -> None:
    page.goto(path)
    look = "it => { const look = getComputedStyle(it); return look.outlineStyle !== 'none' || parseFloat(look.borderTopWidth) > 0; }"
    for chosen in page.locator("a[aria-current], .button").all():
        if chosen.is_visible():
            assert chosen.evaluate(look), chosen.evaluate("it => it.outerHTML")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.parametrize("javascript", [False], ids=["no-js"])
@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("/account/login", "Log in"),
        ("/account/register", "Create account"),
        ("/orders/lookup", "Find it"),
    ],
)
def test_a_refused_form_is_told_without_scripts(page: Page, path: str, button: str) -> None:
    page.goto(path)
    page.get_by_role("main").get_by_role("button", name=button, exact=True).click()
    expect(page.locator("#problems")).to_be_focused()
    assert page.title().startswith("Error: ")
    page.locator("#problems a").first.click()
    field = page.locator("[aria-invalid]").first
    expect(field).to_be_focused()
    expect(field).to_have_accessible_description(page.locator(".field .error").first.inner_text())
