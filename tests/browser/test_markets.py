"""A guest buys in each market, in its language, with its first gateway."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests.browser import journey
from tests.browser.conftest import DESKTOP, PHONE
from tests.support.gateways import Sandbox

pytestmark = pytest.mark.browser
SCRIPTS = pytest.mark.parametrize("javascript", [True, False], ids=["js", "no-js"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A market, and what its pages say."""

    market: str
    language: str
    spoken: str
    gateway: str
    currency: str
    address: dict[str, str]
    add: str
    code: str
    apply: str
    check_out: str
    order: str
    thanks: str


US = Place(
    market="US", language="auto", spoken="en", gateway="stripe", currency="$",
    address={
        "name": "Ann Shopper", "line1": "1 Main Street", "postal_code": "94203",
        "city": "Sacramento", "state": "CA", "phone": "+1 555 010 2030",
    },
    add="Add to cart", code="Discount code", apply="Apply", check_out="Check out",
    order="Continue to payment", thanks="Thank you, Ann.",
)  # fmt: skip
GERMANY = Place(
    market="DE", language="auto", spoken="de", gateway="stripe", currency="€",
    address={
        "name": "Anna Käufer", "line1": "Lange Straße 1", "postal_code": "10115",
        "city": "Berlin", "phone": "+49 30 1234567",
    },
    add="In den Warenkorb", code="Gutscheincode", apply="Anwenden", check_out="Zur Kasse",
    order="Zahlungspflichtig bestellen", thanks="Vielen Dank, Anna.",
)  # fmt: skip
INDIA = Place(
    market="IN", language="hi", spoken="hi", gateway="razorpay", currency="₹",
    address={
        "name": "आशा शर्मा", "line1": "12 MG Road", "postal_code": "560001",
        "city": "Bengaluru", "state": "KA", "phone": "+91 98450 12345",
    },
    add="कार्ट में डालें", code="कूपन कोड", apply="लगाएँ", check_out="चेकआउट करें",
    order="भुगतान के लिए आगे बढ़ें", thanks="धन्यवाद, आशा।",
)  # fmt: skip
PLACES = pytest.mark.parametrize("place", [US, GERMANY, INDIA], ids=["us-en", "de-de", "in-hi"])


@PLACES
@SCRIPTS
@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_a_guest_buys_where_they_live(
    page: Page, ledger: Sandbox, place: Place, javascript: bool, size: tuple[int, int]
) -> None:
    page.goto("/")
    journey.choose_market(page, place.market, place.language)
    expect(page.locator("html")).to_have_attribute("lang", place.spoken)
    page.goto("/products/alder-pitcher")
    journey.choose_buyable(page)
    expect(page.locator(".product-price")).to_contain_text(place.currency)
    page.get_by_role("button", name=place.add, exact=True).click()
    if javascript:
        expect(page.locator("#buy-result .alert-good")).to_be_visible()
        page.goto("/cart")
    page.get_by_label(place.code).fill("WELCOME10")
    page.get_by_role("button", name=place.apply, exact=True).click()
    expect(page.locator(".coupon strong")).to_have_text("WELCOME10")
    page.get_by_role("link", name=place.check_out, exact=True).click()
    page.locator("[name=email]").fill(f"ann-{place.market}-{javascript}@example.com".lower())
    for name, value in place.address.items():
        field = page.locator(f"[name={name}]")
        field.select_option(value) if name == "state" else field.fill(value)
    expect(page.locator(f"input[name=gateway][value={place.gateway}]")).to_be_checked()
    page.get_by_role("button", name=place.order, exact=True).click()
    if place.gateway == "razorpay":
        page.locator("main form button").click()
    page.get_by_test_id("approve").click()
    if place.gateway == "razorpay" and not javascript:
        page.get_by_test_id("continue").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(place.thanks)
    expect(page.locator(".sums .grand dd")).to_contain_text(place.currency)
    _fits(page)
    number = journey.order_number(page)
    (taken,) = [amount for order, amount in ledger.captures() if order == number]
    shown = re.sub(r"\D", "", page.locator(".sums .grand dd").inner_text())
    assert str(taken) == shown


@PLACES
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_no_page_is_wider_than_the_screen(page: Page, place: Place, size: tuple[int, int]) -> None:
    page.goto("/")
    journey.choose_market(page, place.market, place.language)
    for path in (
        "/", "/products", "/products/dune-mug", "/search?q=lamp", "/search?q=zzzz", "/cart",
        "/wishlist", "/orders/lookup", "/account/login", "/account/register", "/nowhere",
    ):  # fmt: skip
        page.goto(path)
        _fits(page)


def _fits(page: Page) -> None:
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wide, f"{page.url} scrolls sideways"
