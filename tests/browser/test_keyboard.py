"""Buying and selling with a keyboard alone; names as a screen reader is given them."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.stack import Stack
from tests.browser import journey, walk
from tests.browser.conftest import DESKTOP
from tests.support.shopper import ADDRESS
from tools import day

pytestmark = pytest.mark.browser
_HERE = "document.activeElement"
# The focused element lies in the window, and nothing lies over its middle.
_SEEN = """() => { const it = document.activeElement, box = it.getBoundingClientRect();
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + Math.min(box.height / 2, 20));
  return box.width === 0 || it.matches(".sr, .sr *, .skip, .enter") || (top !== null && (it.contains(top) || top.contains(it) || !!top.closest("label"))); }"""


class Keyboard:
    """A keyboard, and nothing else."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def to(self, name: str, *, most: int = 90, key: str = "Tab") -> None:
        """Tab until the focus is on what has this name; whatever it passes can be seen."""
        for _ in range(most):
            self.page.keyboard.press(key)
            assert self.page.evaluate(_SEEN), self.page.evaluate(f"{_HERE}.outerHTML")
            if re.search(name, self._name()):
                return
        raise AssertionError(f"Tab never comes to {name}")

    def _name(self) -> str:
        name: str = self.page.evaluate(
            f"(({{ariaLabel, labels, innerText}}) => ariaLabel || labels?.[0]?.innerText || innerText || '')({_HERE})"
        )
        return name.strip()

    def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def write(self, field: str, text: str) -> None:
        """Go to a field and replace what is in it."""
        self.to(field)
        self.press("ControlOrMeta+a")
        self.page.keyboard.type(text)


@pytest.fixture
def page(browser: Browser, shop: Stack) -> Iterator[Page]:
    """A fresh browser profile."""
    width, height = DESKTOP
    context = browser.new_context(
        base_url=shop.environment["BASE_URL"],
        viewport={"width": width, "height": height},
        reduced_motion="reduce",  # so that scrolling to the focus takes no time
    )
    context.set_default_timeout(15_000)
    yield context.new_page()
    context.close()


def test_buying_with_a_keyboard(page: Page) -> None:
    keyboard = Keyboard(page)
    page.goto("/")
    keyboard.to("^Skip to content$")
    keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.goto("/products/reed-tumbler")
    keyboard.to("^Clear$|^Smoke$|^Green$|^Amber$")
    keyboard.press("Enter")
    expect(page).to_have_url(re.compile("option"))
    journey.settled(page)
    keyboard.to("^Add to cart$")
    keyboard.press("Enter")
    expect(page.locator("#buy-result")).to_contain_text("In your cart")
    keyboard.to("^Check out$")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Checkout")
    keyboard.write("^E-mail", ADDRESS["email"])
    keyboard.write("^Phone", ADDRESS["phone"])
    keyboard.write("^(Full n|N)ame", ADDRESS["name"])
    keyboard.write("^(Street|Address)", ADDRESS["line1"])
    keyboard.write("^(City|Town)", ADDRESS["city"])
    keyboard.to("^State")
    keyboard.page.keyboard.type("Calif")
    keyboard.write("^ZIP", ADDRESS["postal_code"])
    journey.settled(page)
    page.locator("[name=gateway]:checked").focus()
    keyboard.press("ArrowDown", "ArrowUp")
    journey.settled(page)
    keyboard.to("^Continue to payment$")
    keyboard.press("Space")
    approve = page.get_by_test_id("approve")
    razorpay = page.get_by_role("button", name="with Razorpay")
    expect(approve.or_(razorpay)).to_be_visible()
    approve.focus()
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you, Ann")


def test_editing_a_product_with_a_keyboard(page: Page) -> None:
    keyboard = Keyboard(page)
    day.log_in(page, day.OWNER)
    page.goto("/admin/products")
    keyboard.to("^Title, SKU")
    page.keyboard.type("heron")
    expect(page.locator("#list tbody tr")).to_have_count(1)
    journey.settled(page)
    keyboard.to("^Heron Teapot$")  # its box to tick
    keyboard.press("Space")
    expect(page.locator("#list input[name=ids]")).to_be_checked()
    keyboard.to("^Heron Teapot$")
    keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Heron Teapot")
    keyboard.write("^Type$", "Teapots")
    keyboard.to("^Tax class")
    keyboard.to("^Save$")
    keyboard.press("Space")
    expect(page.locator("main [role=status]").first).to_be_focused()
    expect(page.locator("#type")).to_have_value("Teapots")


def test_what_opens_also_closes_with_the_keyboard(page: Page) -> None:
    keyboard = Keyboard(page)
    page.goto("/")
    keyboard.to("^Search products$")
    page.keyboard.type("mush")
    expect(page.locator("#suggestions a").first).to_be_visible()
    keyboard.press("Escape")
    expect(page.locator("#suggestions a")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/products")
    keyboard.to("^Menu$")
    keyboard.press("Space")
    expect(page.locator(".menu-panel")).to_be_visible()
    keyboard.press("Enter")
    expect(page.locator(".menu-panel")).to_be_hidden()
    keyboard.to("^Filter and sort")
    keyboard.press("Enter")
    expect(page.locator("#facets")).to_be_visible()
    keyboard.to("^Price, low")
    keyboard.press("Enter")
    expect(page).to_have_url(re.compile("sort=price_asc"))
    journey.settled(page)
    expect(page.locator("#facets")).to_be_visible()
    assert page.evaluate(f"{_HERE}.id") == "sort-price_asc"


def test_names_of_what_is_on_a_page(page: Page) -> None:
    page.goto("/products")
    expect(page.get_by_role("banner")).to_match_aria_snapshot("""
      - banner:
        - link "MossX"
        - search:
          - text: Search products
          - searchbox "Search products"
          - button "Search"
        - link "Account"
        - link "Cart"
        - navigation "Categories"
    """)
    expect(page.get_by_role("navigation", name="Pages")).to_match_aria_snapshot("""
      - navigation "Pages":
        - list:
          - listitem:
            - link "Page 1"
          - listitem:
            - link "Page 2"
        - link "Next"
    """)
    page.goto("/categories/tableware")
    card = page.locator(".card", has_text="Alder Pitcher").first
    expect(card).to_match_aria_snapshot(r"""
      - article:
        - link /Alder Pitcher/:
          - img /Alder Pitcher in/
          - heading "Alder Pitcher" [level=3]
        - paragraph: /\$\d+/
    """)


def test_names_of_a_cart_and_a_checkout(page: Page) -> None:
    page.goto("/products/heron-teapot")
    page.locator(".option:not(.option-out)").first.click()
    expect(page).to_have_url(re.compile("option"))
    walk.press(page, "Add to cart")
    page.goto("/cart")
    expect(page.locator(".line").first).to_match_aria_snapshot("""
      - listitem:
        - img /Heron Teapot in/
        - paragraph:
          - link "Heron Teapot"
        - text: Quantity of Heron Teapot
        - spinbutton "Quantity of Heron Teapot": "1"
        - button "Update"
        - button /Save for later.*Heron Teapot/
        - button "Remove Heron Teapot"
    """)
    page.goto("/checkout")
    expect(page.locator("#checkout-form")).to_match_aria_snapshot("""
      - group "Contact"
      - group "Delivery address"
      - group "Shipping"
      - group "Payment"
      - region "Your order"
    """)
