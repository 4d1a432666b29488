"""A walk through the panel: every list, the first thing of each, its forms, and two who meet in one."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

from playwright.sync_api import Locator, Page, expect

from tests.browser.walk import press, refused, settled
from tools.day import OWNER, log_in
from tools.screenshots import BELOW, PANEL


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
    ("/admin/pages/new", "Save"),
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
    for tab in (other, page):
        tab.locator("#type").fill(f"Cup {uuid4().hex[:8]}")
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
