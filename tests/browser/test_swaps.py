"""After every swap the keyboard is somewhere sensible, and what happened was read out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.stack import Stack
from tests.browser import journey, walk, walk_panel
from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.reader import Reader
from tools import day

pytestmark = pytest.mark.browser


@pytest.fixture
def page(browser: Browser, shop: Stack) -> Iterator[Page]:
    """A fresh browser profile that writes down what it says."""
    context = browser.new_context(
        base_url=shop.environment["BASE_URL"],
        viewport={"width": DESKTOP[0], "height": DESKTOP[1]},
    )
    context.set_default_timeout(15_000)
    Reader.listen(context)
    yield context.new_page()
    context.close()


def test_filters_and_variants(page: Page) -> None:
    reader = Reader(page)
    page.goto("/products")
    choice = page.locator(".facet a.choice").first
    name = choice.get_attribute("id") or ""
    reader.press(choice)
    reader.is_at(f"^{name}$")
    reader.heard(r"^\d+ products?")
    reader.press(page.locator("#sort-price_asc"))
    reader.is_at("^sort-price_asc$")
    page.locator("#min_price").fill("much")
    reader.press(page.locator("#apply-price"))
    reader.is_at("min_price")
    reader.heard("amount|number|price")
    page.goto("/products/dune-mug")
    option = page.locator(".option:not([aria-current])").first
    name = option.get_attribute("id") or ""
    reader.press(option)
    reader.is_at(f"^{name}$")
    reader.heard(r"Dune Mug, .*\$\d+.*In stock")


def test_suggestions_are_counted(page: Page) -> None:
    reader = Reader(page)
    page.goto("/")
    page.locator("#q").press_sequentially("mush")
    reader.heard(r"\d+ suggestions? for mush")
    reader.is_at("^q$")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#suggestions') !== null")


def test_the_cart_and_the_checkout(page: Page) -> None:
    reader = Reader(page)
    page.goto("/products/reed-tumbler")
    journey.choose_buyable(page)
    reader.settled()
    reader.press(page.get_by_role("button", name="Add to wishlist"))
    reader.is_at("Add to wishlist")
    reader.heard("On your wishlist")
    reader.press(page.get_by_role("button", name="Add to cart"))
    reader.is_at("Add to cart")
    reader.heard("In your cart: Reed Tumbler")
    page.goto("/cart")
    reader.settled()
    page.locator(".stepper [name=quantity]").first.fill("2")
    reader.press(page.get_by_role("button", name="Update"))
    reader.is_at("-update$")
    reader.heard("2 in all")
    page.locator(".stepper").first.evaluate("it => it.noValidate = true")
    page.locator(".stepper [name=quantity]").first.fill("98")
    reader.press(page.get_by_role("button", name="Update"))
    assert page.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"
    reader.heard("98|at most|only|left")
    page.locator("#code").fill("NOSUCHCODE")
    reader.press(page.locator("#apply-code"))
    reader.is_at("^code$")
    page.locator("#code").fill("WELCOME10")
    reader.press(page.locator("#apply-code"))
    reader.is_at("^apply-code$")
    reader.press(page.get_by_role("button", name="Remove code"))
    reader.is_at("Your cart")
    reader.press(page.get_by_role("button", name="Save for later"))
    reader.is_at("Your cart")
    reader.heard("cart is empty")
    reader.press(page.get_by_role("button", name="Move to cart"))
    reader.heard("2 in all")
    page.goto("/checkout")
    page.locator("[name=state]").select_option("CA")
    reader.press(page.locator("[name=shipping_method]").first, "ArrowDown")
    reader.is_at("^shipping_method-")
    reader.heard(r"to pay: \$")
    page.locator("#gift-card").fill("NO-SUCH-CARD")
    reader.press(page.locator("#apply-gift-card"))
    reader.is_at("^gift-card$")
    page.keyboard.press("Enter")
    expect(page.locator("#gift-card-error")).to_contain_text("leave the field empty")
    reader.is_at("^gift-card$")
    page.goto("/cart")
    reader.settled()
    reader.press(page.get_by_role("button", name="Remove").first)
    reader.is_at("Your cart")
    reader.heard("cart is empty")
    page.goto("/wishlist")
    reader.press(page.get_by_role("button", name="Remove"))
    reader.is_at("wishlist")


@pytest.mark.parametrize("press", ["option", "quantity"])
def test_what_was_pressed_stays_where_it_was(page: Page, press: str) -> None:
    reader = Reader(page)
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.emulate_media(reduced_motion="reduce")  # scrolls at once
    page.goto("/products/dune-mug")
    target = page.locator(".option").last
    if press == "quantity":
        reader.press(page.get_by_role("button", name="Add to cart"))
        page.goto("/cart")
        reader.settled()
        target = page.locator(".stepper [name=quantity]").first
        target.fill("2")
    target.evaluate("it => it.scrollIntoView({block: 'center'})")
    before = target.bounding_box()
    reader.press(target)
    reader.settled()
    after = target.bounding_box()
    assert before
    assert after
    assert abs(after["y"] - before["y"]) < 100


def test_who_presses_twice_buys_once(page: Page) -> None:
    page.goto("/products/reed-tumbler")
    journey.choose_buyable(page)
    page.get_by_role("button", name="Add to cart").dblclick()
    expect(page.locator("#buy-result")).to_contain_text("In your cart")
    journey.settled(page)
    page.goto("/cart")
    expect(page.locator(".stepper [name=quantity]").first).to_have_value("1")


def test_trouble_is_told_above_what_was_there(page: Page) -> None:
    reader = Reader(page)
    page.goto("/products/reed-tumbler")
    journey.choose_buyable(page)
    reader.settled()
    reader.press(page.get_by_role("button", name="Add to cart"))
    page.goto("/cart")
    for guess in range(11):
        page.locator("#code").fill(f"GUESS{guess}")
        reader.press(page.locator("#apply-code"))
    expect(page.locator("#trouble")).to_contain_text("too many tries")
    reader.is_at("too many tries")
    expect(page.locator("#cart .line")).to_have_count(1)
    page.locator(".stepper [name=quantity]").first.fill("2")
    reader.press(page.get_by_role("button", name="Update"))
    expect(page.locator("#trouble")).to_be_empty()


def test_a_page_that_is_shown_again_asks_what_is_in_the_cart(page: Page) -> None:
    reader = Reader(page)
    page.goto("/products/reed-tumbler")
    journey.choose_buyable(page)
    reader.settled()
    reader.press(page.get_by_role("button", name="Add to cart"))
    expect(page.locator("#cart-badge")).to_contain_text("1")
    other = page.context.new_page()
    other.goto("/cart")
    journey.settled(other)
    other.get_by_role("button", name="Remove").first.click()
    expect(other.get_by_text("Nothing in it yet")).to_be_visible()
    # What every browser says of a page that it takes from its memory, and of a tab that is back.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#cart-badge")).to_be_empty()


def test_waiting_and_asking(page: Page) -> None:
    reader = Reader(page)
    page.goto("/products/reed-carafe?option.Colour=Clear")
    page.locator("#alert-email").fill("nobody")
    reader.press(page.get_by_role("button", name="Tell me"))
    reader.is_at("alert-email")
    page.locator("#alert-email").fill("reader@example.com")
    reader.press(page.get_by_role("button", name="Tell me"))
    reader.is_at("We write once")
    page.goto("/products/dune-mug/review")
    reader.press(page.get_by_role("button", name="Go on"))
    reader.is_at("problems")


def test_lists_and_editors_of_the_panel(page: Page) -> None:
    reader = Reader(page)
    day.log_in(page, day.OWNER)
    page.goto("/admin/products")
    page.evaluate("window.heard = []")
    page.locator("#list-q").press_sequentially("mug")
    reader.heard(r"\d+ shown")
    reader.is_at("list-q")
    page.goto("/admin/inventory?q=dune+mug")
    count = page.locator(".count [name=quantity]").first
    count.fill("17")
    reader.press(count)
    reader.is_at("^count-")
    reader.heard("17 on hand")
    page.goto("/admin/products/new")
    page.locator("#form form").evaluate("it => it.noValidate = true")
    reader.press(page.get_by_role("button", name="Create"))
    reader.is_at("problems")
    path = walk_panel.first_product(page)
    page.goto(f"{path}/variants")
    reader.press(page.get_by_role("button", name="Add option"))
    assert page.evaluate("document.activeElement.placeholder") == "Name, such as Size"
    fieldset = page.locator(".option-edit").last
    reader.press(fieldset.get_by_role("button", name="Add value"))
    reader.is_at("^f-v")
    reader.press(fieldset.get_by_role("button", name="Remove option"))
    reader.is_at("^add-option$")


def test_shelves_and_sets_of_the_panel(page: Page) -> None:
    reader = Reader(page)
    day.log_in(page, day.OWNER)
    page.goto("/admin/collections/new")
    page.locator("#q").fill("mug")
    reader.press(page.locator("#find"))
    reader.is_at("^find$")
    reader.press(page.get_by_role("list", name="Found").get_by_role("button").first)
    reader.is_at("^q$")
    reader.press(page.get_by_role("list", name="Found").get_by_role("button").first)
    reader.press(page.locator("#products li").nth(1).get_by_role("button", name="up"))
    reader.is_at("^down-")
    reader.press(page.locator("#products li").first.get_by_role("button", name="out"))
    reader.is_at("^q$")
    page.locator("#kind-hand").focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#conditions")).to_be_visible()
    reader.settled()
    reader.is_at("^kind-rule$")
    reader.press(page.locator("#add-condition"))
    reader.is_at("condition|What is asked")
    for field in page.get_by_label("One of these, one on each line").all():
        field.fill("Mug")
    reader.press(page.locator("#work-out"))
    reader.is_at("^work-out$")
    reader.heard("found")
    page.goto("/admin/bundles/new")
    page.locator("#q").fill("mug")
    reader.press(page.locator("#find"))
    reader.is_at("^find$")
    reader.press(page.get_by_role("list", name="Found").get_by_role("button").first)
    reader.is_at("^q$")
    reader.press(page.locator("#work-out"))
    reader.is_at("^work-out$")
    page.goto("/admin/settings/markets/US")
    reader.press(page.locator("#try"))
    reader.is_at("try|trial-")


def test_figures_that_renew_themselves(page: Page) -> None:
    reader = Reader(page)
    day.log_in(page, day.OWNER)
    page.goto("/admin")
    page.locator("#funnel").focus()
    page.evaluate("htmx.ajax('GET', '/admin', {target: '#figures', swap: 'outerHTML'})")
    reader.settled()
    reader.is_at("^funnel$")
    page.get_by_role("link", name="Stop renewing").click()
    expect(page.locator("#figures")).to_be_visible()
    assert page.locator("#figures").get_attribute("hx-trigger") is None


def test_an_order_that_is_cancelled(page: Page) -> None:
    reader = Reader(page)
    page.goto("/products/reed-tumbler")
    journey.choose_buyable(page)
    walk.press(page, "Add to cart")
    page.goto("/checkout")
    walk.fill_checkout(page)
    page.get_by_role("button", name="Continue to payment").click()
    journey.pay(page, "razorpay", javascript=True)
    page.locator("#cancel > summary").click()
    reader.press(page.get_by_role("button", name="Yes, cancel it"))
    reader.is_at("This order is cancelled")
