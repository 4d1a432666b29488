"""From an empty shop to the first refund: an owner with the pages of the panel alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from dev.stack import EMBEDDED, Stack
from tests.browser import journey
from tests.browser.conftest import DESKTOP
from tests.browser.owner import Owner
from tests.support.gateways import Sandbox
from tests.support.pictures import encoded, two_halves
from tests.support.processes import run_flask

pytestmark = pytest.mark.browser
EMAIL = "owner@heath.example"
HOME = {
    "email": "ann@example.com",
    "phone": "+44 20 7946 0000",
    "name": "Ann Shopper",
    "line1": "1 High Street",
    "postal_code": "SW1A 1AA",
    "city": "London",
}
STEPS = {
    "Markets: create, United Kingdom": ["tax.rates.standard\t–\t2000", ".name\t–\tRoyal Mail"],
    "Products: create, Heath Mug": ["title\t–\tHeath Mug", "status\t–\tdraft"],
    "Variants: save, Heath Mug": ["options.1.values.1\t–\tLarge", "GB.amount\t–\t3000"],
    "Pictures: upload, Heath Mug": ["images.1.width\t–\t900"],
    "Pictures: save, Heath Mug": ["images.0.alt\t\tA mug from the front"],
    "Product: save, Heath Mug": ["status\tdraft\tpublished"],
    "Inventory: count, HEATH-MUG-CLAY-SMALL (main)": ["on_hand\t0\t20"],
    "Bundles: create, Heath Pair": ["components.0.quantity\t–\t2", "basis_points\t–\t1000"],
    "Product: save, Heath Pair": ["status\tdraft\tpublished"],
    "Collections: create, At Table": ["rule.conditions.0.values.0\t–\tMugs"],
    "Home: change, Home page": ["collections.0\t–\tat-table", "title.en\t–\tMade on the heath"],
    "Promotions: make, Heath welcome": ["basis_points\t–\t1500", "codes.0\t–\tHEATH15"],
    "Order goods: ship, {number}": ["units.0.open\t4\t2", "tracking\t–\tRM123456785GB"],
    "Order money: refund, {number}": ["refunded\t0.00\t73.44"],
    "Money: start, Comparison with the gateways": [f"by\t–\t{EMAIL}"],
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Stack]:
    """A shop with nothing in it."""
    stack = Stack(tmp_path / "shop", environment={})
    try:
        stack.start(EMBEDDED)
        run_flask(stack.environment, "db", "upgrade")
        stack.start()
        yield stack
    finally:
        stack.stop()


@pytest.fixture
def shopper(browser: Browser, shop: Stack, javascript: bool) -> Iterator[Page]:
    """Somebody else, at another browser."""
    context = browser.new_context(
        base_url=shop.environment["BASE_URL"],
        java_script_enabled=javascript,
        viewport={"width": DESKTOP[0], "height": DESKTOP[1]},
    )
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(
    ("javascript", "size"),
    [(True, (1280, 900)), (False, (390, 844))],
    ids=["desktop", "no-js-phone"],
)
def test_an_owner_opens_shop_and_sells(
    page: Page, shopper: Page, shop: Stack, javascript: bool, size: tuple[int, int]
) -> None:
    made = re.search(
        r"^Password: (\S+)",
        run_flask(shop.environment, "users", "create-admin", EMAIL),
        re.MULTILINE,
    )
    assert made is not None
    owner = Owner(page, javascript=javascript, phone=size[0] < 600)
    owner.log_in(EMAIL, made[1])
    expect(page.locator("main")).to_contain_text("Nothing was ordered in these days")
    _stock_up(owner)
    _invite(owner)
    owner.open("Dashboard")
    number = _buy(shopper, javascript)
    owner.reads_figures({"Revenue": "£159.54", "Orders": "1", "Refunds": "£0.00", "Net": "£159.54"})
    owner.open_order(number)
    owner.ship({"Heath Mug, Clay / Small": "2", "Heath Pair": "1"}, "RM123456785GB")
    _refund(owner, shop, number)
    owner.compare_money(["Stripe", "£0.00", "1", "£159.54", "£159.54", "£73.44", "£73.44"])
    _read_dashboard(owner)
    _read_log(owner, number)


def _stock_up(owner: Owner) -> None:
    """A market, six variants with pictures and stock, and a set of them."""
    owner.open_market(
        "United Kingdom",
        {"Name": "Royal Mail", "Price in GBP": "4.50"},
        {
            "Name": "Courier",
            "Code": "courier",
            "Working days, at least": "1",
            "Working days, at most": "1",
            "Price in GBP": "9.90",
        },
    )
    owner.add_product("Heath Mug", {"Type": "Mugs", "Vendor": "Heath Pottery"})
    options = {"Colour": ["Moss", "Clay", "Slate"], "Size": ["Small", "Large"]}
    owner.give_options(options, "United Kingdom", "24")
    expect(owner.page.locator(".matrix tbody tr")).to_have_count(6)
    owner.price([1, 3, 5], "United Kingdom", "30")
    owner.is_told("Saved.")
    owner.add_pictures(
        [picture("front", 800), picture("back", 900)],
        ["A mug from the front", "The same mug from behind"],
    )
    owner.publish()
    owner.stock("Heath", ["20"] * 6)
    owner.add_bundle("Heath Pair", "Heath Mug", "2", "10")
    expect(owner.page.locator("#outlook")).to_contain_text("£43.20")
    owner.open("Products")
    owner.follow("Heath Pair")
    owner.publish()


def picture(name: str, width: int) -> dict[str, object]:
    """A file to be uploaded."""
    content = encoded(two_halves(width, 1000))
    return {"name": f"{name}.png", "mimeType": "image/png", "buffer": content}


def _invite(owner: Owner) -> None:
    """A collection on the home page, and a coupon."""
    owner.add_collection("At Table", "at-table", "Mugs")
    owner.put_on_home_page("At Table", "Made on the heath")
    owner.promise("Heath welcome", "HEATH15", "15", "United Kingdom")


def _buy(page: Page, javascript: bool) -> str:
    """Four mugs and two pairs with the coupon; the order's number."""
    page.goto("/")
    journey.choose_market(page, "GB", "auto")
    expect(page.get_by_role("heading", level=1)).to_have_text("Made on the heath")
    page.locator("main").get_by_role("link", name="At Table").first.click()
    page.locator(".card-link", has_text="Heath Mug").click()
    page.locator(".option", has_text="Clay").click()
    expect(page).to_have_url(re.compile("Clay"))
    expect(page.locator(".gallery img")).to_have_count(2)
    page.locator(".buy [name=quantity]").fill("4")
    journey.add_to_cart(page, javascript, "4")
    page.goto("/products/heath-pair")
    page.locator(".buy [name=quantity]").fill("2")
    journey.add_to_cart(page, javascript, "6")
    page.get_by_label("Discount code").fill("heath15")
    page.get_by_role("button", name="Apply", exact=True).click()
    expect(page.locator(".sums")).to_contain_text("−£27.36")
    page.get_by_role("link", name="Check out").click()
    for name, text in HOME.items():
        page.locator(f"[name={name}]").fill(text)
    page.locator("input[name=gateway][value=stripe]").check()
    page.get_by_role("button", name="Continue to payment").click()
    journey.pay(page, "stripe", javascript)
    sums = page.locator(".sums")
    expect(sums).to_contain_text("Shipping, Royal Mail")
    expect(sums.locator(".grand dd")).to_have_text("£159.54")
    return journey.order_number(page)


def _refund(owner: Owner, shop: Stack, number: str) -> None:
    """Both pairs, one of which is on its way; two presses pay back once."""
    owner.refund({"Heath Pair: Heath Mug, Moss / Small": "4"}, "£73.44")
    payments = owner.page.locator("#payments")
    expect(payments.get_by_text("Refund", exact=True)).to_have_count(1)
    owner.until(payments, re.compile(r"£73\.44\s+succeeded"))
    expect(payments).to_contain_text("£73.44 succeeded Chipped in the post")
    kept = Sandbox(shop.environment["SANDBOX_URL"]).captures()
    assert kept == [(number, 15954 - 7344)]


def _read_dashboard(owner: Owner) -> None:
    owner.open("Dashboard")
    owner.reads_figures({"Revenue": "£159.54", "Orders": "1", "Refunds": "£73.44", "Net": "£86.10"})
    main = owner.page.locator("main")
    expect(main.get_by_role("region", name="Top promotions and coupons")).to_contain_text("£27.36")
    products = main.get_by_role("region", name="Top products").locator("li")
    expect(products).to_have_text(
        [re.compile("Heath Mug.*£81.60"), re.compile("Heath Pair.*£73.44")]
    )


def _read_log(owner: Owner, number: str) -> None:
    """Every step is there, with what it changed."""
    log = owner.reads_log()
    for words, differences in STEPS.items():
        assert words.format(number=number) in log, sorted(log)
        page = log[words.format(number=number)]
        for difference in differences:
            assert difference in page, page
