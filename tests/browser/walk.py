"""Walks through every page of the shop and the panel, and through the states that pages can be in.

Each walk yields the name of what the page shows now. Whoever walks judges it, and goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from app.account.demo import DEMO_LOGINS, DemoLogin
from tests.browser import journey
from tests.support.shopper import ADDRESS
from tools.screenshots import BELOW, PAGES, PANEL

Walk = Callable[[Page], Iterator[str]]
OWNER, MEMBER = DEMO_LOGINS
_EMPTY = """it => it.querySelectorAll("form[method=post]").forEach((form) => {
  form.noValidate = true;
  form.querySelectorAll("input:is([type=text], [type=number], [type=email], :not([type])), textarea").forEach((field) => field.value = "");
})"""


def settled(page: Page) -> None:
    """What the page asked for by itself has come."""
    expect(page.locator(".htmx-request, .htmx-swapping, .htmx-settling")).to_have_count(0)


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


def log_in(page: Page, login: DemoLogin) -> None:
    """As one of the demo store's accounts."""
    page.goto("/account/login")
    page.get_by_label("E-mail").fill(login.email)
    page.get_by_label("Password").fill(login.password)
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hello")


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


# --- an owner -------------------------------------------------------------------------------------


def glance(page: Page) -> Iterator[str]:
    """A small part of the panel."""
    log_in(page, OWNER)
    for name in ("dashboard", "orders", "products", "inventory", "market", "staff"):
        page.goto(PANEL[name])
        yield name
    yield refused(page, "/admin/products/new", "Create")
    page.goto(f"{first_product(page)}/variants")
    yield "matrix"


def owner(page: Page) -> Iterator[str]:
    """The panel: every list, the first thing of each, and its forms when they are refused."""
    log_in(page, OWNER)
    for name, path in PANEL.items():
        page.goto(path)
        yield name
        link = page.locator("#list tbody a[href^='/admin/']:not([href*='?'])").first
        found = link.get_attribute("href") if name in BELOW and link.count() else None
        for below in BELOW[name] if found else ():
            page.goto(f"{found}{below}")
            yield f"one of {name}{below}"
    menu = page.locator(".admin-menu > summary")
    if menu.is_visible():
        menu.click()
        yield "menu open"
    for path, button in OWNERS_FORMS:
        yield refused(page, path, button)
    yield from _editing(page)


OWNERS_FORMS = (
    ("/admin/products/new", "Create"),
    ("/admin/bundles/new", "Save"),
    ("/admin/collections/new", "Save"),
    ("/admin/categories/new", "Save"),
    ("/admin/promotions/new?kind=percentage", "Save"),
    ("/admin/promotions/new?kind=fixed", "Save"),
    ("/admin/promotions/new?kind=buy_get", "Save"),
    ("/admin/promotions/new?kind=bundle", "Save"),
    ("/admin/gift-cards/new", "Issue"),
    ("/admin/drafts/new", "Create the draft order"),
    ("/admin/locations/new", "Save"),
    ("/admin/transfers/new", "Transfer"),
    ("/admin/inventory/threshold", "Save"),
    ("/admin/inventory/counts", "Look first"),
    ("/admin/groups", "Make the group"),
    ("/admin/staff", "Send the invitation"),
    ("/admin/imports", "See what it would change"),
)


def first_product(page: Page) -> str:
    """The path of a product in the panel."""
    page.goto("/admin/products?q=Dune+Mug")
    link: Locator = page.locator("#list tbody th a").first
    return link.get_attribute("href") or ""


def _editing(page: Page) -> Iterator[str]:
    path = first_product(page)
    page.goto(f"{path}/variants")
    page.locator(".matrix details > summary").first.click()
    yield "matrix with more"
    page.locator(".matrix input.sku").first.fill("")
    page.get_by_role("main").get_by_role("button", name="Save", exact=True).last.click()
    expect(page.locator("#problems")).to_be_visible()
    yield "matrix refused"
    page.goto(f"{path}/variants")
    press(page, "Add option")
    yield "matrix with a new option"
    page.goto(path)
    other = page.context.new_page()
    other.goto(path)
    for at, (tab, words) in enumerate(((other, "Theirs"), (page, "Mine"))):
        tab.locator("#type").fill(f"Cup, {words} {at}")
        tab.locator(".save-bar button").click()
        settled(tab)
    other.close()
    expect(page.locator("#clash")).to_be_visible()
    yield "two versions"
    page.goto("/admin/products")
    page.locator("#list input[name=ids]").first.check()
    press(page, "Go on")
    yield "bulk refused"
    page.goto("/admin/orders?q=zzzz")
    yield "no order"
    page.goto("/admin/nowhere")
    yield "nowhere"
