"""An account from its first day to its last: phone and desktop, with JavaScript and without."""

from __future__ import annotations

import re
import time
from email import message_from_bytes, policy

import pyotp
import pytest
from playwright.sync_api import Page, expect

from dev.stack import Stack
from tests.browser import journey
from tests.browser.conftest import DESKTOP, PHONE
from tests.support.member import PASSWORD
from tests.support.shopper import ADDRESS

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
OTHER = "four loud bitterns"


@pytest.fixture
def email(request: pytest.FixtureRequest) -> str:
    """An address of this test's own."""
    return re.sub(r"\W+", "-", request.node.name.removeprefix("test_")).strip("-") + "@example.com"


def mailed_path(shop: Stack, to: str, part: str) -> str:
    """The path of a link that was mailed to somebody, once a worker has sent it."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        for path in (shop.data / "mail").glob("*.eml"):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            body = mail.get_body(("plain",))
            found = re.search(rf"https?://[^/\s]+(/\S*{part}\S*)", body.get_content())
            if found and to in str(mail["To"]):
                return found[1]
        time.sleep(0.2)
    raise AssertionError(f"no link with {part} for {to}")


def heading(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait for a page."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def register(page: Page, email: str) -> None:
    """From the header to the account's own page."""
    page.goto("/")
    page.locator("header a[href='/account']").click()
    heading(page, "Log in")
    page.get_by_role("link", name="Create an account").click()
    page.get_by_label("Name").fill("Ann Shopper")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    heading(page, "Hello, Ann")
    expect(page.get_by_role("status").first).to_contain_text("follow its link")


def log_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fill in the form."""
    page.goto("/account/login")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def open_tab(page: Page, name: str) -> None:
    """Follow the account's own navigation."""
    page.get_by_role("navigation", name="Your account").get_by_role("link", name=name).click()


def log_out(page: Page) -> None:
    """Press the button."""
    page.goto("/account")
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url(re.compile(r"/$"))


@SCRIPTS
@SIZES
def test_a_guest_becomes_a_member(
    page: Page, shop: Stack, email: str, javascript: bool, size: tuple[int, int]
) -> None:
    page.goto("/products/reed-tumbler")
    journey.choose_buyable(page)
    journey.add_to_cart(page, javascript)
    journey.fill_checkout(page, "stripe", email)
    journey.pay(page, "stripe", javascript)
    number = journey.order_number(page)
    register(page, email)
    expect(page.get_by_role("main")).not_to_contain_text(number)
    page.goto(mailed_path(shop, email, "/verify/"))
    heading(page, "Confirm your address")
    page.get_by_role("button", name="Confirm").click()
    heading(page, "Hello, Ann")
    expect(page.get_by_role("status").first).to_contain_text("confirmed")
    open_tab(page, "Orders")
    page.get_by_role("link", name=number).click()
    expect(page.get_by_role("main")).to_contain_text(number)
    page.goto("/account/orders")
    page.get_by_role("button", name="Order again").click()
    heading(page, "Your cart")
    expect(page.locator(".line")).to_have_count(1)


@SCRIPTS
@SIZES
def test_a_member_keeps_house(
    page: Page, email: str, javascript: bool, size: tuple[int, int]
) -> None:
    register(page, email)
    open_tab(page, "Addresses")
    for name in ("name", "line1", "postal_code", "city", "phone"):
        page.locator(f"main [name={name}]").fill(ADDRESS[name])
    page.locator("main [name=state]").select_option(ADDRESS["state"])
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".card-plain")).to_contain_text("1 Main Street")
    log_out(page)
    page.goto("/account/addresses")
    heading(page, "Log in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill("not this one")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not belong together")
    expect(page.get_by_label("E-mail")).to_have_value(email)
    expect(page.get_by_label("Password")).to_have_value("")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    heading(page, "Your addresses")
    open_tab(page, "Password")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_label("New password").fill(OTHER)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("status").first).to_contain_text("Your password is changed")
    open_tab(page, "Devices")
    expect(page.locator(".rows .row")).to_have_count(1)
    expect(page.locator(".rows .row")).to_contain_text("This device")
    page.locator(".rows").get_by_role("button", name="Log out").click()
    heading(page, "Log in")
    log_in(page, email, OTHER)
    heading(page, "Hello, Ann")


@SCRIPTS
@SIZES
def test_a_member_adds_a_second_factor_leaves_and_stays(
    page: Page, email: str, javascript: bool, size: tuple[int, int]
) -> None:
    register(page, email)
    open_tab(page, "Second factor")
    secret = pyotp.TOTP(page.locator("main p code").inner_text())
    page.get_by_label("Code", exact=True).fill("000000")
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator("#code-error")).to_be_visible()
    began = int(time.time())
    page.get_by_label("Code", exact=True).fill(secret.at(began))
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Turn it on").click()
    expect(page.locator(".codes li")).to_have_count(10)
    spare = page.locator(".codes li").first.inner_text()
    assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0
    page.get_by_role("link", name="I have kept them").click()
    log_out(page)
    log_in(page, email)
    heading(page, "One more step")
    page.get_by_label("Code", exact=True).fill(secret.at(began + 30))
    page.get_by_role("button", name="Log in").click()
    heading(page, "Hello, Ann")
    page.get_by_role("link", name="Delete the account").click()
    page.get_by_label("Current password").fill(PASSWORD)
    page.get_by_role("button", name="Delete my account").click()
    heading(page, "Log in")
    expect(page.get_by_role("status").first).to_contain_text("deleted")
    log_in(page, email)
    page.get_by_label("Code", exact=True).fill(spare)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("main")).to_contain_text("Your account will be deleted on")
    page.get_by_role("button", name="Keep my account").click()
    heading(page, "Hello, Ann")
    expect(page.locator("main")).not_to_contain_text("will be deleted")


@pytest.mark.parametrize("size", [PHONE, (768, 1024), DESKTOP], ids=["320", "768", "1440"])
def test_no_account_page_scrolls_sideways(page: Page, email: str, size: tuple[int, int]) -> None:
    for path in ("/account/login", "/account/register", "/account/forgot"):
        page.goto(path)
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0, path
    register(page, email)
    for path in ("", "/orders", "/addresses", "/sessions", "/two-factor", "/password", "/email", "/deletion"):  # fmt: skip
        page.goto(f"/account{path}")
        assert page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0, path
        assert page.locator("h1").count() == 1, path


def test_a_login_is_filled_in_by_keyboard_alone(page: Page, email: str) -> None:
    register(page, email)
    log_out(page)
    page.goto("/account/login")
    page.get_by_label("E-mail").focus()
    page.keyboard.type(email)
    page.keyboard.press("Tab")
    page.keyboard.type("not this one")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Password").focus()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    heading(page, "Hello, Ann")
