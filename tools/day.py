"""A day of a shop, through its pages: what a panel shows only once somebody bought and wrote.

For whoever looks at pages (``tools.screenshots``, the walks of the browser tests): each step
leaves the page at something that no fresh shop has, and yields its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from uuid import uuid4

from playwright.sync_api import Page

from app.account.demo import DEMO_LOGINS, DemoLogin

OWNER, MEMBER = DEMO_LOGINS
ENTRIES = {"phone": "+1 555 010 2030", "name": "Ann Shopper", "line1": "1 Main Street", "postal_code": "94203", "city": "Sacramento"}  # fmt: skip
_CSV = """Handle,Title,Vendor,Type,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Qty,Variant Price
{slug},Tide Bowl {mark},Moss & Clay,Bowl,Colour,Oat,TIDE-{mark}-OAT,4,24.00
{slug},,,,,Ink,TIDE-{mark}-INK,7,24.00
dune-mug,Dune Mug,Moss & Clay,Mug,Colour,Oat,,not a number,18.00
"""


def log_in(page: Page, login: DemoLogin) -> None:
    """As one of the demo store's accounts, whoever was there before."""
    page.context.clear_cookies()
    page.goto("/account/login")
    page.get_by_label("E-mail").fill(login.email)
    page.get_by_label("Password").fill(login.password)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", level=1, name="Hello").wait_for()


def buy(page: Page, product: str) -> str:
    """One of it, paid with a card. Returns the path of its order."""
    page.goto(f"/products/{product}")
    _press(page, "Add to cart")
    page.locator("#buy-result .alert").wait_for()
    page.goto("/checkout")
    for name, value in ENTRIES.items():
        page.locator(f"[name={name}]").fill(value)
    page.locator("[name=state]").select_option("CA")
    page.locator("[name=gateway][value=stripe]").check()
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_test_id("approve").click()
    page.get_by_text("Thank you, Ann").wait_for()
    return page.evaluate("location.pathname")


def spend(page: Page) -> Iterator[str]:
    """A member buys, writes what it is like and sends it back; the owner's side of each."""
    log_in(page, MEMBER)
    order = buy(page, "globe-lamp")
    number = order.rsplit("/", 1)[1]
    page.goto("/products/globe-lamp/review")
    yield "review form"
    page.get_by_label("Good", exact=False).first.check()
    page.get_by_label("In a few words").fill("A quiet, warm light")
    page.get_by_label("Your review").fill("It stands beside my bed.\n\nThe cord could be longer.")
    page.locator("#review-form").get_by_role("button").last.click()
    page.get_by_text("Thank you").first.wait_for()
    page.goto("/account/reviews")
    yield "my review"
    log_in(page, OWNER)
    page.goto(f"/admin/orders/{number}/shipments/new")
    page.locator("#carrier").fill("DHL")
    page.locator("#tracking").fill("JD014600003")
    _press(page, "Ship, and write to the customer")
    page.get_by_text("is on its way").first.wait_for()
    yield "shipped"
    yield from _read_review(page)
    log_in(page, MEMBER)
    yield from _send_back(page, order)
    log_in(page, OWNER)
    yield from _take_back(page, number)


def _read_review(page: Page) -> Iterator[str]:
    page.goto("/admin/reviews")
    yield "reviews that wait"
    page.locator("#list td.said a").first.click()
    page.get_by_role("heading", name="Decision").wait_for()
    yield "one review"


def _send_back(page: Page, order: str) -> Iterator[str]:
    page.goto(order)
    page.locator("#return > summary").click()
    page.get_by_label("Why?").select_option("changed_mind")
    page.get_by_label("Anything we should know?").fill("It is brighter than I thought.")
    yield "return form"
    page.get_by_label("how many?").fill("1")
    page.get_by_role("button", name="Ask for the return").click()
    page.get_by_role("heading", name="Returns").wait_for()
    yield "return asked for"


def _take_back(page: Page, number: str) -> Iterator[str]:
    page.goto("/admin/returns")
    yield "returns that wait"
    page.goto(f"/admin/returns/{number}-R1")
    yield "one return"
    page.locator("#answer").fill("Please send it to our door, with the slip in the box.")
    _press(page, "Approve")
    page.get_by_role("heading", name="The goods have arrived").wait_for()
    yield "return approved"
    _press(page, "Receive, and pay back")
    page.get_by_text("Refund of").first.wait_for()
    yield "return received"
    page.goto(f"/admin/orders/{number}")
    yield "order with a return"


def keep_house(page: Page) -> Iterator[str]:
    """What an owner makes: a draft, a gift card, a group, an import; and the log of it."""
    log_in(page, OWNER)
    mark = uuid4().hex[:6]
    yield from draft(page)
    yield from _gift_card(page)
    yield from _group(page, mark)
    yield from _import(page, mark)
    page.goto("/admin/audit")
    page.locator("#list tbody a[href*='/admin/audit/']").first.click()
    page.get_by_role("columnheader", name="Before").first.wait_for()
    yield "one entry of the log"


def draft(page: Page) -> Iterator[str]:
    """A draft order: found, put together, made, and in its list. Needs the owner."""
    page.goto("/admin/drafts/new")
    page.locator("#find").fill("mug")
    page.locator("#find").press("Enter")
    page.locator("main [name=pick]").first.wait_for()
    yield "draft with things found"
    page.locator("main [name=pick]").first.click()
    page.locator("#quantity-1").wait_for()
    page.locator("#quantity-1").fill("2")
    page.locator("#discount").fill("10")
    page.locator("#email").fill("ann@example.com")
    page.locator("#message").fill("As we said on the phone: two of them, wrapped.")
    page.get_by_label("Good for how many days").fill("7")
    _press(page, "Create the draft order")
    page.locator("#link").wait_for()
    yield "one draft"
    page.goto("/admin/drafts")
    yield "drafts"


def _gift_card(page: Page) -> Iterator[str]:
    page.goto("/admin/gift-cards/new")
    page.locator("main [name=amount]").fill("50.00")
    _press(page, "Issue")
    page.locator(".new-code").wait_for()
    yield "new gift card"
    page.goto(page.evaluate("location.pathname"))
    yield "one gift card"
    page.goto("/admin/gift-cards")
    yield "gift cards"


def _group(page: Page, mark: str) -> Iterator[str]:
    page.goto("/admin/groups")
    page.locator("main [name=name]").fill("Friends of the house")
    page.locator("main [name=code]").fill(f"friends-{mark}")
    _press(page, "Make the group")
    page.get_by_role("heading", name="Add addresses").wait_for()
    yield "empty group"
    page.locator("main [name=emails]").fill("ann@example.com\nsam@example.com, uma@example.org")
    _press(page, "Add")
    page.locator("main td", has_text="uma@example.org").wait_for()
    yield "one group"


def _import(page: Page, mark: str) -> Iterator[str]:
    page.goto("/admin/imports")
    content = _CSV.format(slug=f"tide-bowl-{mark}", mark=mark.upper())
    page.locator("#file").set_input_files(
        {"name": "autumn.csv", "mimeType": "text/csv", "buffer": content.encode()}
    )
    _press(page, "See what it would change")
    _until(page, "tried out, not started")
    yield "import tried out"
    _press(page, "Import now")
    _until(page, "new products")
    _until(page, "done")
    yield "import done"


def _press(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()


def _until(page: Page, words: str) -> None:
    page.locator("#progress").get_by_text(re.compile(words)).first.wait_for(timeout=60_000)


WALKS = (spend, keep_house)
