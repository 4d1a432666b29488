"""Pages as people meet them: small screens, keyboards, no scripts, slow answers."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import journey
from tests.browser.conftest import DESKTOP, PHONE

pytestmark = pytest.mark.browser
PAGES = ("/", "/products", "/products?option.Colour=Moss&in_stock=1", "/categories/lighting", "/collections/slow-mornings", "/products/dune-mug", "/products/the-breakfast-set", "/search?q=mug", "/search?q=zzzz", "/cart", "/orders/lookup", "/nowhere")  # fmt: skip


@pytest.mark.parametrize("size", [PHONE, (768, 1024), DESKTOP], ids=["320", "768", "1440"])
@pytest.mark.parametrize("javascript", [True], ids=["js"])
def test_no_page_scrolls_sideways_or_loses_a_picture(page: Page, size: tuple[int, int]) -> None:
    for path in PAGES:
        page.goto(path)
        page.wait_for_load_state("networkidle")  # what htmx asks for has its pictures too
        wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        assert wide <= 0, (path, wide)
        page.evaluate(
            "Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode().catch(() => 0) }))"
        )
        broken = page.evaluate("[...document.images].filter(i => !i.naturalWidth).map(i => i.src)")
        assert broken == [], path
        assert page.locator("h1").count() == 1, path


def test_filters_answer_without_a_page_load(page: Page) -> None:
    page.goto("/products")
    page.evaluate("window.stayed = true")
    page.locator(".facet a.choice", has_text="Halden Pottery").click()
    expect(page.locator(".chips")).to_contain_text("Halden Pottery")
    assert re.search(r"vendor=Halden%20Pottery", page.url)
    assert page.evaluate("window.stayed")
    page.go_back()
    expect(page.locator(".chips")).to_have_count(0)


def test_search_suggests_while_typing(page: Page) -> None:
    page.goto("/")
    page.locator("#q").press_sequentially("mushr", delay=30)
    first = page.locator("#suggestions a[href^='/products/']").first
    expect(first).to_contain_text("Mushroom Lamp")
    first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mushroom Lamp")


def test_a_quantity_changes_in_place(page: Page) -> None:
    page.goto("/products/reed-tumbler")
    page.locator(".option:not(.option-out)").first.click()
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("link", name="View cart").click()
    page.evaluate("window.stayed = true")
    page.locator(".stepper [name=quantity]").first.fill("3")
    page.get_by_role("button", name="Update").click()
    expect(page.locator("#cart-badge")).to_contain_text("3")
    page.locator(".stepper [name=quantity]").first.fill("98")
    page.evaluate("document.querySelector('.stepper').noValidate = true")
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".line .error")).to_be_visible()
    page.get_by_role("button", name=re.compile("Remove")).click()
    expect(page.locator("#cart")).to_contain_text("Nothing in it yet")
    assert page.evaluate("window.stayed")


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
def test_a_bad_form_is_explained_and_keeps_what_was_typed(page: Page, javascript: bool) -> None:
    page.goto("/products/reed-tumbler")
    page.locator(".option:not(.option-out)").first.click()
    journey.add_to_cart(page, javascript)
    page.goto("/checkout")
    page.locator("[name=city]").fill("Springfield")
    page.locator("[name=email]").fill("nobody")
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.get_by_role("alert")).to_contain_text("Please check")
    expect(page.locator("[name=city]")).to_have_value("Springfield")
    page.get_by_role("alert").get_by_role("link", name="Please enter a valid e-mail").click()
    expect(page.locator("[name=email]")).to_be_focused()
    assert page.locator("[name=email]").get_attribute("aria-describedby")


def test_the_keyboard_reaches_everything(page: Page) -> None:
    page.goto("/products/dune-mug")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText") == "Add to cart":
            break
    page.keyboard.press("Enter")
    expect(page.locator("#buy-result")).to_contain_text("In your cart")


@pytest.mark.parametrize("javascript", [False], ids=["no-js"])
def test_the_market_changes_currency_everywhere(page: Page) -> None:
    page.goto("/products/dune-mug")
    page.locator("#market").select_option("IN")
    page.get_by_role("button", name="Change").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dune Mug")
    expect(page.locator(".product-price")).to_contain_text("₹")
