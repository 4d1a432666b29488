"""Walks through every page of the shop, and through the states that pages can be in.

Each walk yields the name of what the page shows now. Whoever walks judges it, and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

from playwright.sync_api import Page, expect

from tests.browser import journey
from tests.browser.journey import settled
from tests.support.shopper import ADDRESS
from tools.day import MEMBER, log_in
from tools.screenshots import PAGES

Walk = Callable[[Page], Iterator[str]]
_EMPTY = """it => it.querySelectorAll("form[method=post]").forEach((form) => {
  form.noValidate = true;
  form.querySelectorAll("input:is([type=text], [type=number], [type=email], :not([type])), textarea").forEach((field) => field.value = "");
})"""


def press(page: Page, name: str) -> None:
    """Press a button of the page, and wait for what comes of it."""
    page.get_by_role("main").get_by_role("button", name=name).first.click()
    settled(page)


def refused(page: Page, path: str, button: str) -> str:
    """Send a page's form without what it needs. Returns the name of that state."""
    page.goto(path)
    main = page.get_by_role("main")
    main.evaluate(_EMPTY)
    main.get_by_role("button", name=button, exact=True).last.click()
    expect(main.locator("[aria-invalid], #problems").first).to_be_visible()
    settled(page)
    return f"{path} refused"


# --- a visitor ------------------------------------------------------------------------------------


def passer_by(page: Page) -> Iterator[str]:
    """Somebody who looks around: a small part of what there is."""
    for name in ("home", "category", "product", "bundle", "nothing-found", "reviews", "not-found"):
        page.goto(PAGES[name])
        yield name
    yield from _header(page)
    yield from _product(page)
    page.goto("/cart")
    settled(page)
    yield "cart"
    yield refused(page, "/checkout", "Continue to payment")
    yield refused(page, "/account/register", "Create account")


def visitor(page: Page) -> Iterator[str]:
    """Somebody without an account, from the home page to an order."""
    for name, path in PAGES.items():
        page.goto(path)
        yield name
    yield from _header(page)
    yield from _shelves(page)
    yield from _product(page)
    yield from _doors(page)
    yield from _buying(page)


def _header(page: Page) -> Iterator[str]:
    page.goto("/")
    menu = page.locator("details.menu > summary")
    if menu.is_visible():
        menu.click()
        yield "menu open"
    page.locator("#q").press_sequentially("mush")
    expect(page.locator("#suggestions a").first).to_be_visible()
    yield "suggestions"


def _open_filters(page: Page) -> None:
    fold = page.locator(".filters > summary")
    if fold.is_visible():
        fold.click()


def _shelves(page: Page) -> Iterator[str]:
    page.goto("/products")
    _open_filters(page)
    yield "filters open"
    page.locator(".facet a.choice").first.click()
    expect(page.locator(".chips")).to_be_visible()
    settled(page)
    yield "filtered"
    page.goto("/products?sort=price_asc&page=2")
    yield "second page"
    page.goto("/products?min_price=much")
    yield "price refused"
    page.goto("/products?vendor=Nobody")
    yield "nothing fits"
    page.goto("/recommendations/for-you")
    yield "for you"
    page.goto("/recently-viewed")
    yield "seen before"


def _product(page: Page) -> Iterator[str]:
    page.goto("/products/reed-carafe?option.Colour=Clear")
    yield "sold out"
    page.get_by_role("textbox", name="Tell me when it is back").fill("nobody")
    press(page, "Tell me")
    yield "alert refused"
    page.get_by_role("textbox", name="Tell me when it is back").fill("ann@example.com")
    press(page, "Tell me")
    yield "alert set"
    page.goto("/products/reed-tumbler")
    journey.choose_buyable(page)
    press(page, "Add to wishlist")
    yield "wished"
    page.locator(".buy").evaluate("it => it.noValidate = true")
    page.get_by_label("Quantity", exact=True).fill("500")
    press(page, "Add to cart")
    yield "refused"
    page.goto("/products/reed-tumbler")
    journey.choose_buyable(page)
    press(page, "Add to cart")
    yield "added"
    page.goto("/wishlist")
    yield "wishlist"


def _doors(page: Page) -> Iterator[str]:
    for path, button in (
        ("/account/login", "Log in"),
        ("/account/register", "Create account"),
        ("/account/forgot", "Send the link"),
        ("/orders/lookup", "Find it"),
        ("/gift-cards", "Show the balance"),
        ("/products/dune-mug/review", "Go on"),
    ):
        page.goto(path)
        yield path
        yield refused(page, path, button)
    page.goto("/account/forgot?sent=1")
    yield "link sent"
    page.goto("/pages/shipping-and-returns")
    yield "a page of the owner's own"


def _buying(page: Page) -> Iterator[str]:
    page.goto("/cart")
    settled(page)
    yield "cart"
    page.locator("#code").fill("NOSUCHCODE")
    page.locator("#apply-code").click()
    expect(page.locator("#code-error")).to_be_visible()
    yield "code refused"
    page.locator("#code").fill("WELCOME10")
    page.locator("#apply-code").click()
    expect(page.locator(".coupon")).to_be_visible()
    settled(page)
    yield "code used"
    page.locator(".stepper [name=quantity]").first.fill("98")
    page.locator(".stepper").first.evaluate("it => it.noValidate = true")
    press(page, "Update")
    yield "quantity refused"
    press(page, "Save for later")
    yield "saved for later"
    press(page, "Move to cart")
    page.goto("/checkout")
    yield "checkout"
    page.locator("#gift-card").fill("NO-SUCH-CARD")
    page.locator("#apply-gift-card").click()
    expect(page.locator("#gift-card-error")).to_be_visible()
    yield "gift card refused"
    page.locator("#gift-card").fill("")
    page.locator("#checkout-form").evaluate("it => it.requestSubmit()")
    expect(page.locator("#problems")).to_be_visible()
    yield "checkout refused"
    fill_checkout(page)
    page.locator("#checkout-form").evaluate("it => it.requestSubmit()")
    expect(page.get_by_role("button", name="with Razorpay")).to_be_visible()
    yield "razorpay"
    page.get_by_role("link", name="Not now").click()
    yield "not paid"
    page.go_back()
    journey.pay(page, "razorpay", javascript=True)
    yield "order"
    page.locator("#cancel > summary").click()
    yield "cancel open"
    invoice = page.get_by_role("link", name="Invoice", exact=True).get_attribute("href")
    page.goto(invoice or "")
    yield "invoice"


def fill_checkout(page: Page) -> None:
    """Everything that the form asks for."""
    # Somebody new each time: the code is for a first order.
    page.locator("[name=email]").fill(f"{uuid4().hex[:12]}@example.com")
    for name in ("phone", "name", "line1", "postal_code", "city"):
        page.locator(f"[name={name}]").fill(ADDRESS[name])
    page.locator("[name=state]").select_option(ADDRESS["state"])
    settled(page)
    page.locator("input[name=gateway][value=razorpay]").check()
    settled(page)


# --- somebody with an account ---------------------------------------------------------------------


def member(page: Page) -> Iterator[str]:
    """The account's own pages."""
    log_in(page, MEMBER)
    for path in ("", "/orders", "/credit", "/reviews", "/addresses", "/sessions", "/two-factor", "/password", "/email", "/deletion"):  # fmt: skip
        page.goto(f"/account{path}")
        yield f"/account{path}"
    for path, button in (
        ("/account/addresses", "Save"),
        ("/account/two-factor", "Turn it on"),
        ("/account/password", "Change it"),
        ("/account/email", "Send the link"),
        ("/account/deletion", "Delete my account"),
    ):
        yield refused(page, path, button)
