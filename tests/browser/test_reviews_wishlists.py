"""Wishing, waiting and reviewing: phone and desktop, with JavaScript and without."""

from __future__ import annotations

import re
import time

import pytest
from playwright.sync_api import Page, expect

from dev.stack import Stack
from tests.browser import journey
from tests.browser.conftest import DESKTOP, PHONE
from tests.support.member import PASSWORD
from tests.support.processes import run_flask

pytestmark = pytest.mark.browser


def _fits(page: Page) -> None:
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0, page.url
    assert page.locator("h1").count() == 1, page.url


def _press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name).first.click()


@pytest.mark.parametrize(
    ("javascript", "size"), [(True, PHONE), (False, DESKTOP)], ids=["js-phone", "no-js-desktop"]
)
def test_a_shopper_wishes_waits_and_reviews(
    page: Page, shop: Stack, javascript: bool, size: tuple[int, int]
) -> None:
    email = f"wisher-{javascript}@example.com".lower()
    _wish(page, javascript, email)
    _wait(page)
    _review(page, shop, javascript, email)


def _wish(page: Page, javascript: bool, email: str) -> None:
    page.goto("/products/dune-mug")
    _fits(page)
    _press(page, "Add to wishlist")
    if javascript:
        expect(page.locator("#buy-result")).to_contain_text("On your wishlist")
        page.get_by_role("link", name="See your wishlist").click()
    expect(page.locator("h1")).to_have_text("Your wishlist")
    expect(page.locator(".line")).to_have_count(1)
    _fits(page)
    page.get_by_role("main").get_by_role("link", name="Log in").click()
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill("Ann Shopper")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    page.goto("/wishlist")
    expect(page.locator(".line")).to_have_count(1)
    _press(page, "Make a link to share")
    shared = page.locator(".summary a[href*='/wishlist/shared/']").get_attribute("href")
    assert shared is not None
    page.goto(shared)
    expect(page.locator("h1")).to_have_text("A wishlist")
    expect(page.locator(".line")).to_have_count(1)
    _fits(page)
    page.goto("/wishlist")
    _press(page, "Remove")
    expect(page.locator(".line")).to_have_count(0)


def _wait(page: Page) -> None:
    page.goto("/products/reed-carafe?option.Colour=Clear")
    _fits(page)
    page.get_by_label("Tell me when it is back").fill("nobody")
    _press(page, "Tell me")
    expect(page.locator("#email-error")).to_be_visible()
    page.get_by_label("Tell me when it is back").fill("")
    _press(page, "Tell me")
    expect(page.get_by_role("main")).to_contain_text("We write once")
    _fits(page)


def _review(page: Page, shop: Stack, javascript: bool, email: str) -> None:
    slug = "reed-tumbler" if javascript else "dune-mug"
    page.goto(f"/products/{slug}")
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript)
    journey.fill_checkout(page, "stripe", email)
    journey.pay(page, "stripe", javascript)
    page.goto(f"/products/{slug}")
    page.get_by_role("link", name="Write a review").click()
    expect(page.locator("h1")).to_have_text("Write a review")
    _fits(page)
    page.get_by_label("In a few words").fill("Quietly good")
    _press(page, "Send it")
    expect(page.get_by_role("alert")).to_contain_text("Please check")
    expect(page.get_by_label("In a few words")).to_have_value("Quietly good")
    page.get_by_label("Good", exact=False).first.check()
    page.get_by_label("Your review").fill("I drink from it every day.\n\nIt is still whole.")
    _press(page, "Send it")
    expect(page.get_by_role("status").first).to_contain_text("Thank you")
    _fits(page)
    page.goto("/account/reviews")
    expect(page.locator(".row")).to_contain_text("Being read")
    _fits(page)
    found = re.search(r"^(rev_\S+)", run_flask(shop.environment, "reviews", "list"), re.MULTILINE)
    assert found is not None
    run_flask(shop.environment, "reviews", "publish", found[1])
    _until_shown(page, slug)
    _fits(page)
    if javascript:
        page.locator("#said").scroll_into_view_if_needed()
    else:
        page.get_by_role("link", name="Read them").click()
    expect(page.locator(".review")).to_contain_text("every day")
    _fits(page)


def _until_shown(page: Page, slug: str) -> None:
    """Kept pages follow the publication; a busy machine may take its time."""
    end = time.monotonic() + 20
    page.goto(f"/products/{slug}")
    while not page.locator(".said").count():
        assert time.monotonic() < end
        page.goto(f"/products/{slug}")
