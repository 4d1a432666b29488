"""Photographs of every page, phone and desktop, light and dark: ``make screenshots``.

Needs a running shop (``make run``) and Chromium; the pictures go to ``var/screenshots``.
"""

from __future__ import annotations

import sys

from playwright.sync_api import Page, sync_playwright

from dev.attach import data_folder
from dev.browsers import find_chromium
from dev.lock import DataLock
from tools import day

PAGES = {
    "home": "/",
    "products": "/products",
    "category": "/categories/tableware?option.Colour=Moss",
    "collection": "/collections/slow-mornings",
    "product": "/products/dune-mug",
    "bundle": "/products/the-breakfast-set",
    "pre-order": "/products/dome-pendant",
    "back-order": "/products/brams-board?option.Wood=Walnut",
    "search": "/search?q=lamp",
    "nothing-found": "/search?q=zzzz",
    "cart-empty": "/cart",
    "lookup": "/orders/lookup",
    "reviews": "/products/dune-mug/reviews",
    "wishlist-empty": "/wishlist",
    "not-found": "/nowhere",
}
SIZES = {"phone": (390, 844), "desktop": (1440, 900)}


def _shoot(page: Page, folder: str, name: str) -> None:
    page.evaluate(
        "Promise.all([...document.images].map(i => { i.loading = 'eager'; return i.decode().catch(() => 0) }))"
    )
    page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def _buy(page: Page, folder: str) -> None:
    page.goto("/products/dune-mug?option.Colour=Oat")
    page.get_by_role("button", name="Add to cart").click()
    page.locator("#buy-result .alert").wait_for()
    _shoot(page, folder, "added")
    page.goto("/products/globe-lamp")
    page.get_by_role("button", name="Add to cart").click()
    page.locator("#buy-result .alert").wait_for()
    page.goto("/cart")
    _shoot(page, folder, "cart")
    page.goto("/checkout")
    _shoot(page, folder, "checkout")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("alert").wait_for()
    _shoot(page, folder, "checkout-errors")
    page.locator("[name=email]").fill("ann@example.com")
    for name, value in day.ENTRIES.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=state]").select_option("CA")
    page.locator("[name=gateway][value=razorpay]").check()
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="with Razorpay").wait_for()
    _shoot(page, folder, "razorpay")
    page.get_by_role("button", name="with Razorpay").click()
    _shoot(page, folder, "hosted-razorpay")
    page.get_by_test_id("approve").click()
    page.get_by_text("Thank you, Ann").wait_for()
    _shoot(page, folder, "order")


def _refuse(page: Page, folder: str, path: str, button: str) -> None:
    """A form, and the same one sent empty."""
    name = path.strip("/").replace("/", "-")
    page.goto(path)
    _shoot(page, folder, name)
    page.get_by_role("button", name=button).click()
    page.get_by_role("alert").wait_for()
    _shoot(page, folder, f"{name}-errors")


def _account(page: Page, folder: str) -> None:
    _refuse(page, folder, "/account/login", "Log in")
    _refuse(page, folder, "/account/register", "Create account")
    _refuse(page, folder, "/account/forgot", "Send the link")
    page.goto("/account/forgot?sent=1")
    _shoot(page, folder, "account-forgot-sent")
    day.log_in(page, day.MEMBER)
    for name in ("globe-lamp", "heron-teapot"):
        page.goto(f"/products/{name}")
    page.goto("/account/addresses")
    for name, value in day.ENTRIES.items():
        page.locator(f"main [name={name}]").fill(value)
    page.locator("main [name=state]").select_option("CA")
    page.get_by_role("button", name="Save").click()
    page.locator(".card-plain").first.wait_for()
    day.buy(page, "globe-lamp")  # something for the order history
    for name in ("", "/orders", "/sessions", "/deletion"):
        page.goto(f"/account{name}")
        _shoot(page, folder, f"account{name}".replace("/", "-"))
    _refuse(page, folder, "/account/addresses", "Save")
    _refuse(page, folder, "/account/password", "Change it")
    _refuse(page, folder, "/account/email", "Send the link")
    _refuse(page, folder, "/account/two-factor", "Turn it on")


PANEL = {
    "dashboard": "/admin",
    "live": "/admin/live",
    "reports": "/admin/reports",
    "report-sales": "/admin/reports/sales",
    "money": "/admin/money",
    "orders": "/admin/orders",
    "drafts": "/admin/drafts",
    "draft-new": "/admin/drafts/new",
    "returns": "/admin/returns",
    "products": "/admin/products",
    "product-new": "/admin/products/new",
    "bundle-new": "/admin/bundles/new",
    "collections": "/admin/collections",
    "collection": "/admin/collections/slow-mornings",
    "categories": "/admin/categories",
    "home": "/admin/home",
    "pages": "/admin/pages",
    "page": "/admin/pages/terms",
    "page-new": "/admin/pages/new",
    "imports": "/admin/imports",
    "inventory": "/admin/inventory",
    "counts": "/admin/inventory/counts",
    "transfers": "/admin/transfers",
    "transfer-new": "/admin/transfers/new",
    "locations": "/admin/locations",
    "customers": "/admin/customers",
    "groups": "/admin/groups",
    "reviews": "/admin/reviews",
    "promotions": "/admin/promotions",
    "promotion-kinds": "/admin/promotions/new",
    "promotion-new": "/admin/promotions/new?kind=percentage",
    "gift-cards": "/admin/gift-cards",
    "gift-card-new": "/admin/gift-cards/new",
    "settings": "/admin/settings",
    "shop": "/admin/settings/shop",
    "markets": "/admin/settings/markets",
    "market": "/admin/settings/markets/US",
    "mails": "/admin/settings/mails",
    "gateways": "/admin/settings/gateways",
    "staff": "/admin/staff",
    "audit": "/admin/audit",
}
# By the list that leads to it: the first thing of it, and pages below that one.
BELOW = {
    "orders": ("", "/shipments/new", "/refunds/new", "/cancellation"),
    "products": ("", "/variants", "/pictures"),
    "promotions": ("", "/usage", "/codes"),
    "customers": ("",),
    "inventory": ("",),
    "audit": ("",),
}


def _panel(page: Page, folder: str) -> None:
    """The owner's pages. Says which are wider than the window."""
    day.log_in(page, day.OWNER)
    for name, path in PANEL.items():
        _look(page, folder, f"admin-{name}", path)
        if name in BELOW:
            link = page.locator("#list tbody a[href^='/admin/']:not([href*='?'])").first
            found = link.get_attribute("href") if link.count() else None
            for below in BELOW[name] if found else ():
                words = f"{name}-one{below.replace('/', '-')}"
                _look(page, folder, f"admin-{words}", f"{found}{below}")


def _day(page: Page, folder: str) -> None:
    """What there is only once somebody bought, wrote and sent back."""
    for steps in day.WALKS:
        for name in steps(page):
            _shoot(page, folder, f"day-{name.replace(' ', '-')}")


def _look(page: Page, folder: str, name: str, path: str) -> None:
    answer = page.goto(path)
    if answer is None or answer.status != 200:
        print(f"{path}: {answer.status if answer else 'no answer'}")
    too_wide = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
    if too_wide > 0:
        print(f"{path} is {too_wide} pixels too wide in {folder}")
    _shoot(page, folder, name)


def main() -> None:
    """Take them all."""
    base = DataLock(data_folder()).read().get("BASE_URL")
    program = find_chromium()
    if not base or not program:
        sys.exit("This needs Chromium and a running shop: make run")
    target = data_folder() / "screenshots"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for size, (width, height) in SIZES.items():
                folder = target / f"{size}-{scheme}"
                folder.mkdir(parents=True, exist_ok=True)
                context = browser.new_context(
                    base_url=base,
                    viewport={"width": width, "height": height},
                    color_scheme=scheme,
                )
                page = context.new_page()
                for name, path in PAGES.items():
                    page.goto(path)
                    _shoot(page, str(folder), name)
                _buy(page, str(folder))
                _account(page, str(folder))
                context.close()
                if scheme == "light":
                    context = browser.new_context(
                        base_url=base, viewport={"width": width, "height": height}
                    )
                    _panel(context.new_page(), str(folder))
                    _day(context.new_page(), str(folder))
                    context.close()
        browser.close()
    print(f"in {target}")


if __name__ == "__main__":
    main()
